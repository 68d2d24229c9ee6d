"""The legal holds of a bucket's own versions: set by a hold, ended when the last one goes.

They are a second guard. What forbids an erasure is the chain, in a bucket as in a folder.
"""

from collections.abc import Collection

from msgspec import Struct

from archiver.domain.recordings import RecordingId
from archiver.manifest.records.holds import OpenHold, open_holds
from archiver.open_archive import OpenArchive
from archiver.removal.belongings import lying_there, named_by_chain
from archiver.removal.in_force import HoldsInForce


class LegalHolds(Struct, frozen=True):
    """Sets and ends the legal holds of one archive's versions."""

    archive: OpenArchive

    @property
    def may_be_set(self) -> bool:
        """Whether the place may have any."""
        store = self.archive.store
        return store.capabilities.locks and store.locking.may_lock

    def set(self, ids: Collection[RecordingId]) -> int:
        """Set the bucket's legal hold on every version of these; return how many have it now.

        A place that can't lock has none.
        """
        if not (ids and self.may_be_set):
            return 0
        store = self.archive.store
        items = [item for item in lying_there(store, ids) if not item.is_marker]
        return sum(store.locking.set_legal_hold(item.key, item.version) for item in items)

    def end(self, ids: Collection[RecordingId]) -> int:
        """End the legal holds of those that no hold binds; return how many versions it were.

        Where another machine adds a hold meanwhile, it is seen afterwards, and they are set again.
        """
        if not self.may_be_set:
            return 0
        store = self.archive.store
        free = frozenset(ids) - self._bound(ids)
        items = [item for item in lying_there(store, free) if not item.is_marker] if free else []
        ended = sum(store.locking.end_legal_hold(item.key, item.version) for item in items)
        self.set(self._bound(free))
        return ended

    def by_chain(self) -> dict[int, OpenHold]:
        """Return the holds in force by their numbers, as the chain is now; the catalog follows."""
        holds = open_holds(named_by_chain(self.archive.journal, ()).holds)
        self.archive.follow()
        return holds

    def _bound(self, ids: Collection[RecordingId]) -> frozenset[RecordingId]:
        holds = [*self.by_chain().values()]
        return frozenset(HoldsInForce(holds, self.archive).binding(ids))
