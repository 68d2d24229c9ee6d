"""The legal holds of a bucket's own versions: set by a hold, ended when the last one goes.

They are a second guard. What forbids an erasure is the chain, in a bucket as in a folder.
"""

from collections.abc import Collection

from msgspec import Struct

from archiver.domain.recordings import RecordingId
from archiver.manifest.records.holds import OpenHold, open_holds
from archiver.open_archive import OpenArchive
from archiver.removal.belongings import lying_there, named_by_chain, unlisted
from archiver.removal.in_force import HoldsInForce
from archiver.store.base import Item


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
        locking = self.archive.store.locking
        return sum(locking.set_legal_hold(each.key, each.version) for each in self._versions(ids))

    def end(self, ids: Collection[RecordingId]) -> int:
        """End the legal holds of those that no hold binds; return how many versions it were.

        Where another machine adds a hold meanwhile, it is seen afterwards, and they are set again.
        """
        if not self.may_be_set:
            return 0
        locking, free = self.archive.store.locking, frozenset(ids) - self._bound(ids)
        versions = self._versions(free) if free else []
        ended = sum(locking.end_legal_hold(each.key, each.version) for each in versions)
        self.set(self._bound(free))
        return ended

    def by_chain(self) -> dict[int, OpenHold]:
        """Return the holds in force by their numbers, as the chain is now; the catalog follows."""
        holds = open_holds(named_by_chain(self.archive.journal, ()).holds)
        self.archive.follow()
        return holds

    def _versions(self, ids: Collection[RecordingId]) -> list[Item]:
        """Return every version of these, also what the chain names and no listing has."""
        store, named = self.archive.store, named_by_chain(self.archive.journal, ids).files
        listed = [item for item in lying_there(store, ids) if not item.is_marker]
        files = (file for some in named.values() for file in some)
        return [*listed, *unlisted(store, files, listed)]

    def _bound(self, ids: Collection[RecordingId]) -> frozenset[RecordingId]:
        holds = [*self.by_chain().values()]
        return frozenset(HoldsInForce(holds, self.archive).binding(ids))
