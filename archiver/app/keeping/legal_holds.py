"""The legal holds of a bucket's own versions: set by a hold, ended when the last one goes.

They are a second guard. What forbids an erasure is the chain, in a bucket as in a folder.
"""

from collections.abc import Collection, Iterable

from archiver.domain.recordings import RecordingId
from archiver.manifest.records.holds import OpenHold, open_holds
from archiver.removal.belongings import lying_there, named_by_chain
from archiver.removal.in_force import HoldsInForce
from archiver.removal.taking import Removal


def set_legal_holds(removal: Removal, ids: Collection[RecordingId]) -> int:
    """Set the bucket's legal hold on every version of these; return how many have it now.

    A place that can't lock has none.
    """
    store = removal.store
    if not (ids and store.capabilities.locks):
        return 0
    items = [item for item in lying_there(store, ids) if not item.is_marker]
    return sum(store.locking.set_legal_hold(item.key, item.version) for item in items)


def end_legal_holds(removal: Removal, ids: Collection[RecordingId]) -> int:
    """End the legal holds of those of these that no hold binds; return how many versions it were.

    Where another machine adds a hold meanwhile, it is seen afterwards, and they are set again.
    """
    store = removal.store
    if not store.capabilities.locks:
        return 0
    free = frozenset(ids) - _bound(removal, ids)
    items = [item for item in lying_there(store, free) if not item.is_marker] if free else []
    ended = sum(store.locking.end_legal_hold(item.key, item.version) for item in items)
    set_legal_holds(removal, _bound(removal, free))
    return ended


def holds_by_chain(removal: Removal) -> dict[int, OpenHold]:
    """Return the holds in force by their numbers, as the chain is now; the catalog follows it."""
    holds = open_holds(named_by_chain(removal.journal, ()).holds)
    removal.catalog.follow(removal.journal)
    return holds


def in_force(removal: Removal, holds: Iterable[OpenHold]) -> HoldsInForce:
    """Return what tells which recordings these holds bind."""
    return HoldsInForce([*holds], removal.journal.documents, removal.catalog)


def _bound(removal: Removal, ids: Collection[RecordingId]) -> frozenset[RecordingId]:
    holds = holds_by_chain(removal).values()
    return frozenset(in_force(removal, holds).binding(ids))
