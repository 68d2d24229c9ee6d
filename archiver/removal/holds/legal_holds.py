"""The legal holds of a bucket's own versions: set by a hold, ended when the last one goes.

They are a second guard. What forbids an erasure is the chain, in a bucket as in a folder. One that
may be another's than a hold's is never ended.
"""

from collections.abc import Collection
from contextlib import suppress

from msgspec import Struct

from archiver.concurrency.threads import some_at_once
from archiver.domain.layout import recording_of, safe_id
from archiver.domain.recordings import RecordingId
from archiver.errors import DestinationError, Missing
from archiver.manifest.records.holds import OpenHold, open_holds
from archiver.open_archive import OpenArchive
from archiver.removal.belongings import lying_there, named_by_chain, unlisted
from archiver.removal.holds.in_force import HoldsInForce
from archiver.removal.holds.others_legal_holds import may_be_others
from archiver.store.base import Item

HELD_AT_ONCE = 16
"""Each is a question or two, as long as the way to the server."""


class EndedLegalHolds(Struct, frozen=True):
    """How many ``versions`` lost their legal hold, and how many ``left`` have one of others."""

    versions: int = 0
    left: int = 0


class LegalHolds(Struct, frozen=True):
    """Sets and ends the legal holds of one archive's versions."""

    archive: OpenArchive

    @property
    def may_be_set(self) -> bool:
        """Whether the place may have any."""
        store = self.archive.store
        return store.capabilities.locks and store.locking.may_lock

    def had_before(
        self, ids: Collection[RecordingId], asked: dict[RecordingId, bool]
    ) -> tuple[RecordingId, ...] | None:
        """Return those of which a version has a legal hold already, by nobody's hold here.

        What ``asked`` has is not asked again. ``None`` where the place can't lock.
        """
        if not self.may_be_set:
            return None
        self.archive.journal.extract.want(ids)
        asked |= self._found(frozenset(ids) - asked.keys())
        bound = self._bound(ids)
        others = may_be_others(self.archive.journal, bound)
        return tuple(id_ for id_ in ids if (id_ in others if id_ in bound else asked[id_]))

    def set(self, ids: Collection[RecordingId]) -> int:
        """Set the bucket's legal hold on every version of these; return how many have it now.

        A place that can't lock has none.
        """
        if not (ids and self.may_be_set):
            return 0
        locking = self.archive.store.locking
        return sum(locking.set_legal_hold(each.key, each.version) for each in self._versions(ids))

    def end(self, ids: Collection[RecordingId]) -> EndedLegalHolds:
        """End the legal holds of those that no hold binds, but for what may be another's.

        Where another machine adds a hold meanwhile, it is seen afterwards, and they are set again.
        """
        if not self.may_be_set:
            return EndedLegalHolds()
        self.archive.journal.extract.want(ids)
        locking = self.archive.store.locking
        free = frozenset(ids) - self._bound(ids)
        others = may_be_others(self.archive.journal, free)
        own = self._versions(free - others)
        ended = sum(locking.end_legal_hold(item.key, item.version) for item in own)
        self.set(self._bound(free))
        return EndedLegalHolds(ended, sum(map(self._has, self._versions(others))))

    def by_chain(self) -> dict[int, OpenHold]:
        """Return the holds in force by their numbers, as the chain is now; the catalog follows."""
        holds = open_holds(named_by_chain(self.archive.journal, ()).holds)
        self.archive.follow()
        return holds

    def _versions(self, ids: Collection[RecordingId]) -> list[Item]:
        """Return every version of these, also what the chain names and no listing has."""
        if not ids:
            return []
        store, named = self.archive.store, named_by_chain(self.archive.journal, ids).files
        listed = [item for item in lying_there(store, ids) if not item.is_marker]
        files = (file for some in named.values() for file in some)
        return [*listed, *unlisted(store, files, listed)]

    def _bound(self, ids: Collection[RecordingId]) -> frozenset[RecordingId]:
        holds = [*self.by_chain().values()]
        return frozenset(HoldsInForce(holds, self.archive).binding(ids))

    def _found(self, ids: Collection[RecordingId]) -> dict[RecordingId, bool]:
        """Return of each of these whether a version has a legal hold."""
        told = some_at_once(self._versions(ids), self._has, HELD_AT_ONCE)
        found = {recording_of(item.key) for item, has in told if has}
        return {id_: safe_id(id_) in found for id_ in ids}

    def _has(self, item: Item) -> bool:
        """Whether a version has a legal hold; what can't be asked may have one."""
        with suppress(Missing):
            try:
                return self.archive.store.locking.has_legal_hold(item.key, item.version)
            except DestinationError:
                return True
        return False
