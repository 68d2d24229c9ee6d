"""Which recordings the holds in force bind: those that they name, and what standing ones match."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct, field

from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId
from archiver.errors import UsageError
from archiver.filters.filters import Filters
from archiver.filters.hold_filter import filters_in
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.records.holds import HoldChange, OpenHold, open_holds
from archiver.open_archive import OpenArchive

Bound = Mapping[RecordingId, tuple[int, ...]]
"""The numbers of the holds that bind each recording; what none binds is left out."""


class HoldsInForce(Struct, frozen=True):
    """The holds in force of an archive, whose documents have the filters of standing ones.

    Its catalog has followed the chain as far as the holds were read, or further. What a filter
    matches is asked once.
    """

    holds: Sequence[OpenHold]
    archive: OpenArchive
    _matches: dict[int, frozenset[RecordingId] | None] = field(default_factory=dict)

    @classmethod
    def by(cls, changes: Iterable[HoldChange], archive: OpenArchive) -> "HoldsInForce":
        """Return those in force by all changes of a chain."""
        return cls([*open_holds(changes).values()], archive)

    def binding(self, ids: Collection[RecordingId]) -> Bound:
        """Return which of these recordings are bound, and by which holds."""
        bound: dict[RecordingId, tuple[int, ...]] = {}
        for hold in sorted(self.holds, key=lambda each: each.number):
            for id_ in self.bound_by(hold, ids):
                bound[id_] = (*bound.get(id_, ()), hold.number)
        return bound

    def bound_by(self, hold: OpenHold, ids: Collection[RecordingId]) -> frozenset[RecordingId]:
        """Return which of these recordings a hold binds.

        Where nothing tells whether its filter matches, it binds. It can't be told of a recording
        that is erased, or unknown, nor of any where the filter itself can't be read.
        """
        wanted = frozenset(ids)
        if hold.future is None:
            return hold.recordings & wanted
        matching = self._matching(hold.number, hold.future)
        if matching is None:
            return wanted - hold.released
        matching |= self._unknown(wanted)
        return (hold.recordings | (matching - hold.released)) & wanted

    def everything_bound_by(self, hold: OpenHold) -> frozenset[RecordingId]:
        """Return all recordings that a hold binds by now: all there are, if nothing tells which."""
        if hold.future is None:
            return hold.recordings
        matching = self._matching(hold.number, hold.future)
        if matching is None:
            matching = self.archive.catalog.filtered.fitting(Filters())
        return hold.recordings | (matching - hold.released)

    def everything_bound(self) -> frozenset[RecordingId]:
        """Return all recordings that any of the holds binds by now."""
        return frozenset[RecordingId]().union(*map(self.everything_bound_by, self.holds))

    def _matching(self, hold: int, file: ArchivedFile) -> frozenset[RecordingId] | None:
        """Return what a filter matches, or may, or did since its hold was added.

        A number counts that any row of a recording told, be it that of a refused version.

        ``None`` where it can't be told of anything.
        """
        if hold not in self._matches:
            catalog, filters = self.archive.catalog, filters_in(self.archive.documents, file)
            try:
                fitting = None if filters is None else catalog.filtered.ever_told().fitting(filters)
            except UsageError:  # an id in it is the beginning of several by now
                fitting = None
            once = catalog.holds.once_matched(hold)
            self._matches[hold] = None if fitting is None else fitting | once
        return self._matches[hold]

    def _unknown(self, ids: frozenset[RecordingId]) -> frozenset[RecordingId]:
        """Return those of which the archive tells nothing any more."""
        known = self.archive.catalog.recordings.many(ids)
        return ids - {id_ for id_, each in known.items() if each.outcome is not Outcome.ERASED}
