"""Locking what is held once the time for screening it has passed (``lock_after``)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from archiver.catalog import Catalog
from archiver.retention import Retention
from archiver.zone import Offset

MOST_AHEAD = timedelta(days=1)
"""How far portal time may be ahead of UTC, rounded up: candidates are chosen with it."""


class Lockable(Protocol):
    """A store that can lock what is there."""

    def lock(self, key: str, version: str | None, since: datetime | None) -> bool:
        """Lock a version, counted from ``since``; return whether it has a lock now."""
        ...


def lock_due(
    store: Lockable,
    catalog: Catalog,
    retention: Retention,
    offset_of: Callable[[datetime | None, str], Offset],
    now: datetime,
) -> int:
    """Lock every held recording whose time for screening is over; return how many have a lock."""
    if retention.lock_after is None or not retention.locks:
        return 0
    latest = (now + MOST_AHEAD).replace(tzinfo=None)
    locked = 0
    for known in [*catalog.unlocked(before=latest)]:
        offset = timedelta(minutes=offset_of(known.at, known.id).minutes)
        since = known.at and (known.at - offset).replace(tzinfo=UTC)
        if known.audio is None or retention.waits(since, now):
            continue
        has_lock = store.lock(known.audio.path, known.audio.version, since)
        if known.sidecar is not None:
            store.lock(known.sidecar.path, known.sidecar.version, since)
        catalog.note_locked(known.audio.path)
        locked += has_lock
    return locked
