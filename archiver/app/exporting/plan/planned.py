"""What an export is going to do, as values: fixed when it begins, so that it can be taken up again.

A plan outlives the process that made it. Whatever is written later follows from it alone: neither
the clock nor manifests that came meanwhile change a byte.
"""

from collections.abc import Mapping

from msgspec import Struct

from archiver.domain.times.window import Window
from archiver.filters.filters import Filters
from archiver.handover.handed_over import Handover, LeftOut
from archiver.json_documents import Json, Later
from archiver.manifest.model import Entry


class PlannedRecording(Struct, frozen=True):
    """A recording to hand over, as the ``manifest`` of that number says of it in its ``entry``.

    ``finding`` says why a person had to look at it, if that is so. ``holds`` bound it then.
    """

    entry: Entry
    manifest: int
    finding: str = ""
    holds: Later[tuple[int, ...]] = ()


Planned = PlannedRecording | LeftOut


class PlannedDocument(Struct, frozen=True):
    """A document of the archive that goes with the recordings: its name and its SHA-256.

    ``version`` is how to ask for it where a place keeps several. Of a manifest, no one says in
    ``bytes`` how large it is.
    """

    path: str
    sha256: str
    version: str | None = None
    bytes: int = 0


class PlanFacts(Handover, frozen=True):
    """What is true of an export as a whole, beside what the documents of its hand-over tell.

    ``asked`` is what was asked for, as JSON has it, and ``meant`` is what that meant then;
    ``lists`` are the lists that were asked for by name. ``bytes`` are those of audio and sidecars
    of the ``recordings``, ``ids_sha256`` is over their sorted ids, a newline after each, and
    ``salt`` is that of the file that says what was asked for. The documents of a part take up to
    ``reserved`` of its ``part_bytes``.
    """

    lists: tuple[str, ...]
    reserved: int
    asked: Mapping[str, Json]
    meant: Filters
    recordings: int
    bytes: int
    ids_sha256: str
    salt: str

    @property
    def window(self) -> Window | None:
        """The portal time that was asked for."""
        return self.meant.window


class WrittenPart(Struct, frozen=True):
    """A part that is whole: the SHA-256 of its list of hashes, and what it holds.

    ``left_out`` counts what is not in it, by what it is, ``without_sidecar`` the recordings in it
    that have none. ``open`` counts findings, in it or left out, that no person has accepted.
    ``bytes`` are those of all its files.
    """

    seal: str
    recordings: int
    left_out: Mapping[str, int]
    without_sidecar: int
    open: int
    bytes: int


class WrittenParts(Struct, frozen=True):
    """All parts, once each of them is whole."""

    parts: tuple[WrittenPart, ...]
