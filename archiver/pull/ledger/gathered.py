"""What a run has gathered for its next manifest, and how much of it is enough."""

from collections import defaultdict
from datetime import date, datetime

from msgspec import Struct, field

from archiver.catalog.recording_rows import SearchFields
from archiver.domain.recordings import RecordingId
from archiver.manifest.model import Entry
from archiver.manifest.records.files import ArchivedFile, CallFile
from archiver.manifest.records.listings import HeldDay, WindowProof
from archiver.manifest.state import ids_digest

ENTRIES_A_MANIFEST = 500
HELD_AN_ENTRY = 100
"""So many held ids count as one entry: they are kept only until they are written."""


class Gathered(Struct):
    """Proofs, entries, files of calls and held ids that no manifest has yet.

    ``fresh`` is what the sidecars tell that were written for it, ``counted`` whose entries are
    outcomes of this run: what was adopted is none.
    """

    windows: list[WindowProof] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    call_files: list[CallFile] = field(default_factory=list)
    fresh: dict[ArchivedFile, SearchFields] = field(default_factory=dict)
    counted: set[RecordingId] = field(default_factory=set)
    _held: defaultdict[date | None, list[str]] = field(default_factory=lambda: defaultdict(list))

    def hold(self, id_: RecordingId, at: datetime | None) -> None:
        """Note that a row is held."""
        self._held[at.date() if at else None].append(id_)

    @property
    def held(self) -> tuple[HeldDay, ...]:
        """How many are held of each day, and the digest of their ids."""
        days = sorted(self._held.items(), key=lambda item: item[0] or date.min)
        return tuple(HeldDay(day, *ids_digest(ids)) for day, ids in days)

    @property
    def is_anything(self) -> bool:
        """Whether there is something that nothing else would tell."""
        return bool(self.entries or self.call_files)

    @property
    def is_enough(self) -> bool:
        """Whether memory asks for a manifest."""
        held = sum(map(len, self._held.values()))
        return len(self.entries) + held // HELD_AN_ENTRY >= ENTRIES_A_MANIFEST
