"""What people decided or did, as the chain keeps it: who, when, why, and of which recordings."""

from datetime import date, datetime

from msgspec import Struct

from archiver.domain.expectation import GapKind
from archiver.domain.export_form import ExportForm
from archiver.domain.layout import export_key
from archiver.domain.recordings import RecordingId
from archiver.json_documents import Later
from archiver.manifest.records.files import ArchivedFile, Head, checked_sha256
from archiver.manifest.records.listings import ListedDay


class AcceptedGap(Struct, frozen=True):
    """What did not add up, and a person accepted.

    ``id`` is that of a call, or of a recording; which of them, ``gap`` says. ``day`` is the portal
    day, ``None`` for a call without a time.
    """

    gap: GapKind
    id: RecordingId
    day: date | None


class Decision(Struct, frozen=True):
    """What a person decided, and why.

    ``listings`` are days whose listing is accepted; ``listed`` are those listings as they stood:
    one that says something else is not accepted by it. ``gaps`` are calls without their recording,
    and recordings without a call.
    """

    by: str
    reason: str
    listings: tuple[date, ...] = ()
    listed: Later[tuple[ListedDay, ...]] = ()
    gaps: Later[tuple[AcceptedGap, ...]] = ()


class Export(Struct, frozen=True):
    """Recordings that were handed over to somebody.

    ``by`` names who did. It was ``started`` at that moment. ``recordings`` are in it; those that
    were ``left_out`` are named in it. ``bytes`` are those of all its files. ``parts`` are the
    SHA-256 of the list of hashes of each part, which fix every file of it. ``head`` is the one up
    to which the chain was handed over. ``file`` is private: it says what was asked for, and may
    hold numbers.
    """

    by: str
    started: datetime
    form: ExportForm
    recordings: int
    left_out: int
    bytes: int
    parts: tuple[str, ...]
    head: Head
    file: ArchivedFile

    def __post_init__(self) -> None:
        if self.started.tzinfo is None or export_key(self.file.sha256) != self.file.path:
            raise ValueError("not an export")
        for sha256 in self.parts:
            checked_sha256(sha256)
