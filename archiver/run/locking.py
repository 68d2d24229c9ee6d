"""Locking what is held once the time for screening it has passed (``lock_after``)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from archiver.catalog import Catalog
from archiver.errors import Missing
from archiver.manifest.book import Known
from archiver.retention import Retention
from archiver.run.waiting import Asked
from archiver.zone import Offset

NOTED_TOGETHER = 500
MOST_AHEAD = timedelta(days=1)
"""How far portal time may be ahead of UTC, rounded up: candidates are chosen with it."""


class Lockable(Protocol):
    """A store that can lock what is there."""

    def lock(self, key: str, version: str | None, since: datetime | None) -> bool:
        """Lock a version, counted from ``since``; return whether it has a lock now."""
        ...


def lock_due(  # noqa: PLR0913, PLR0917 - one argument for each thing that decides
    store: Lockable,
    catalog: Catalog,
    retention: Retention,
    offset_of: Callable[[datetime | None, str], Offset],
    now: datetime,
    asked: Asked,
) -> tuple[int, int]:
    """Lock every held recording whose time for screening is over, until asked to stop.

    Return how many have a lock now, and how many are not there to be locked.
    """
    if retention.lock_after is None or not retention.locks:
        return 0, 0
    latest = (now + MOST_AHEAD).replace(tzinfo=None)
    locked = missing = 0
    dealt_with: list[str] = []
    try:
        for known in [*catalog.unlocked(before=latest)]:
            if asked():
                break
            offset = timedelta(minutes=offset_of(known.at, known.id).minutes)
            since = known.at and (known.at - offset).replace(tzinfo=UTC)
            if known.audio is None or retention.waits(since, now):
                continue
            try:
                locked += _lock(store, known, since)
            except Missing:
                missing += 1
                continue
            dealt_with.append(known.audio.path)
            if len(dealt_with) == NOTED_TOGETHER:
                catalog.note_locked(dealt_with)
                dealt_with.clear()
    finally:
        catalog.note_locked(dealt_with)
    return locked, missing


def _lock(store: Lockable, known: Known, since: datetime | None) -> bool:
    """Lock a recording's files; return whether they all have a lock now."""
    files = [file for file in (known.audio, known.sidecar) if file]
    return all(store.lock(each.path, each.version, since) for each in files)
