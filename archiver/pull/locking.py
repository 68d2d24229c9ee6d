"""Locking what is held once the time for screening it has passed (``lock_after``)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from archiver.catalog import Catalog
from archiver.concurrency.stop import StopRequested
from archiver.concurrency.threads import some_at_once
from archiver.domain.layout import calls_over
from archiver.domain.retention import Retention
from archiver.errors import Missing
from archiver.manifest.counting import ListedVersion
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.state import RecordingState
from archiver.open_archive import OpenArchive
from archiver.pull.job.task import OffsetOf
from archiver.pull.stored.copies import found
from archiver.store.base import Store

NOTED_TOGETHER = 500
LOCKED_AT_ONCE = 16
"""Each is a question or two, as long as the way to the server."""
MOST_AHEAD = timedelta(days=1)
"""How far portal time may be ahead of UTC, rounded up: candidates are chosen with it."""


class LockCount(Struct, frozen=True):
    """How many recordings got a lock, and how many files of what is held are ``missing``.

    Of a recording, audio and sidecar count as one.
    """

    count: int = 0
    missing: int = 0


def lock_due(
    archive: OpenArchive,
    retention: Retention,
    offset_of: OffsetOf,
    now: datetime,
    stop_requested: StopRequested,
) -> LockCount:
    """Lock all that is held and whose time for screening is over, until asked to stop.

    What has no date is locked at once, as when it is stored: nothing tells when that time is over.
    Manifests that have no lock get one as well: in a bucket that the archive was copied into, none
    has.
    """
    catalog = archive.catalog
    if not archive.store.capabilities.locks or retention.lock_after is None or not retention.locks:
        return LockCount()
    _lock_manifests(archive, stop_requested)

    def since(known: RecordingState) -> datetime | None:
        offset = timedelta(minutes=offset_of(known.at, known.id).minutes)
        return known.at and (known.at - offset).replace(tzinfo=UTC)

    latest = (now + MOST_AHEAD).replace(tzinfo=None)
    recordings = (_due(known, since(known)) for known in catalog.recordings.unlocked(latest))
    calls = (_Due((each,), calls_over(each.path)) for each in catalog.recordings.unlocked_calls())

    def lock_all(every: Iterable[_Due]) -> LockCount:
        due = [each for each in every if not retention.waits(each.since, now)]
        return _lock_all(archive, due, stop_requested)

    locked, also = lock_all(recordings), lock_all(calls)
    return LockCount(locked.count, locked.missing + also.missing)


class _Due(Struct, frozen=True):
    """Files that are locked together; their lock counts from ``since`` (UTC), or from now."""

    files: tuple[ArchivedFile, ...]
    since: datetime | None


def _due(known: RecordingState, since: datetime | None) -> _Due:
    return _Due(tuple(file for file in (known.audio, known.sidecar) if file), since)


def _lock_all(
    archive: OpenArchive, due: Sequence[_Due], stop_requested: StopRequested
) -> LockCount:
    """Lock what is due, and note its first file; what is missing is due again next time."""

    def lock(each: _Due) -> bool | None:
        with suppress(Missing):
            return all(_lock_file(archive.store, file, each.since) for file in each.files)
        return None

    locked = missing = 0
    with _noting(archive.catalog) as note:
        for each, has_lock in some_at_once(due, lock, LOCKED_AT_ONCE, stop_requested):
            locked += has_lock is True
            missing += has_lock is None
            if has_lock is not None:
                note(each.files[0].path)
    return LockCount(locked, missing)


def _lock_file(store: Store, file: ArchivedFile, since: datetime | None) -> bool:
    """Lock the version that the chain names, or the one that has its bytes in a copy."""
    with suppress(Missing):
        return store.locking.lock(file.path, file.version, since)
    there = found(store, file)
    if there is None:
        raise Missing(f"The archive has no {file.path}.")
    return store.locking.lock(there.path, there.version, since)


def _lock_manifests(archive: OpenArchive, stop_requested: StopRequested) -> None:
    """Lock every manifest that has no lock and is not noted as locked."""
    catalog, every = archive.catalog, archive.journal.counted().values()
    due = [each for each in every if not catalog.recordings.is_locked(each.key)]

    def hold(each: ListedVersion) -> None:
        archive.store.locking.hold(each.key, each.version)

    with _noting(catalog) as note:
        for each, _ in some_at_once(due, hold, LOCKED_AT_ONCE, stop_requested):
            note(each.key)


@contextmanager
def _noting(catalog: Catalog) -> Iterator[Callable[[str], None]]:
    """Yield what notes a key as locked in the catalog: some together, and the rest at the end."""
    dealt_with: list[str] = []

    def note(key: str) -> None:
        dealt_with.append(key)
        if len(dealt_with) == NOTED_TOGETHER:
            catalog.note_locked(dealt_with)
            dealt_with.clear()

    try:
        yield note
    finally:
        catalog.note_locked(dealt_with)
