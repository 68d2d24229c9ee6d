"""What is due to be locked is locked some at once, and no more is begun once asked to stop."""

import hashlib
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from msgspec.structs import replace

from archiver.catalog import Catalog
from archiver.domain.layout import calls_key
from archiver.domain.retention import LockMode, Period, Retention
from archiver.domain.times.portal_zone import Offset
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest
from archiver.manifest.named_files.call_files import call_file
from archiver.manifest.records.files import ArchivedFile, CallFile, Head
from archiver.open_archive import OpenArchive
from archiver.pull.locking import LOCKED_AT_ONCE, LockCount, lock_due
from archiver.store.base import Capabilities, NoLocking
from tests.archives import MORNING, PORTAL, manifest_of, row, store_one
from tests.conftest import Figure
from tests.store.memory import MemoryStore

SCREENED = Retention(LockMode.GOVERNANCE, Period(years=5), lock_after=Period(days=30))
LATER = MORNING.replace(tzinfo=UTC) + timedelta(days=90)
Build = Callable[[Head | None], Manifest]
FILES = 2
"""Audio and sidecar."""


class SlowLocking(NoLocking):
    """Answers when so many ask at once: one after the other would wait for ever."""

    def __init__(self) -> None:
        self.met = Barrier(LOCKED_AT_ONCE)
        self.locked: list[str] = []

    def lock(self, key: str, _version: str | None, _since: datetime | None) -> bool:
        self.met.wait(timeout=60)
        self.locked.append(key)
        return True


class Slow(MemoryStore):
    """A store that takes its time to lock."""

    capabilities = Capabilities(has_one_writer=True, locks=True)

    def __init__(self) -> None:
        super().__init__()
        self.locking: SlowLocking = SlowLocking()


class NotedLocking(NoLocking):
    """Notes what is to be locked in a store, and since when."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.locked: dict[str, datetime | None] = {}

    def lock(self, key: str, _version: str | None, since: datetime | None) -> bool:
        self.store.stat(key)
        self.locked[key] = since
        return True


class Noting(MemoryStore):
    """A store that notes what it is told to lock."""

    capabilities = Capabilities(has_one_writer=True, locks=True)

    def __init__(self) -> None:
        super().__init__()
        self.locking: NotedLocking = NotedLocking(self)


def calls_of(store: MemoryStore, day: date | None) -> CallFile:
    """Store a file of one call of a day, or of none."""
    text = call_file([row("call", None if day is None else datetime.combine(day, time(12)))])
    stored = store.put(calls_key(day, hashlib.sha256(text).hexdigest()), text)
    return CallFile(day, 1, ArchivedFile(stored.key, stored.bytes, stored.sha256))


def naming(build: Build, *calls: CallFile) -> Build:
    """Return what builds that manifest with these files of calls."""
    return lambda below: replace(build(below), calls=calls)


def due(store: Slow, folder: Path, count: int) -> Catalog:
    """Store so many recordings, and return a catalog that knows them."""
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    entries = [store_one(store, row(f"{n:03}"), f"audio {n}".encode()) for n in range(count)]
    journal.append(manifest_of(archive, entries))
    catalog = Catalog(folder)
    catalog.follow(journal)
    return catalog


def test_some_are_locked_at_once(tmp_path: Path, figure: Figure) -> None:
    store, count = Slow(), 2 * LOCKED_AT_ONCE
    with closing(due(store, tmp_path, count)) as catalog:
        archive = OpenArchive(store, Journal(store), catalog)
        asked = (archive, SCREENED, lambda *_: Offset(0, "set"), LATER, bool)
        assert lock_due(*asked) == LockCount(count)
        assert len({*store.locking.locked}) == FILES * count
        assert lock_due(*asked) == LockCount(), "it is noted"
    figure("S8", f"{count} recordings locked after screening: {LOCKED_AT_ONCE} at once")


def test_undated_recordings_and_files_of_calls_are_due(tmp_path: Path, figure: Figure) -> None:
    store, today = Noting(), LATER.date()
    locked = store.locking.locked
    journal = Journal(store)
    undated_one = store_one(store, row("undated", None))
    entries = [undated_one, store_one(store, row("dated"))]
    calls = tuple(calls_of(store, day) for day in (MORNING.date(), today, None))
    archive = journal.create_or_open(PORTAL).archive
    journal.append(naming(manifest_of(archive, entries), *calls))
    asked = (SCREENED, lambda *_: Offset(0, "set"), LATER, bool)
    with closing(Catalog(tmp_path)) as catalog:
        opened = OpenArchive(store, journal, catalog)
        opened.follow()
        assert lock_due(opened, *asked) == LockCount(2)
        past, waiting, undated = (each.file.path for each in calls)
        assert waiting not in locked, "of the last 30 days"
        assert locked[past] == datetime(2019, 6, 12, 12, tzinfo=UTC), "over in every zone"
        bare = {key for key, since in locked.items() if since is None}
        assert bare == {
            undated,
            *(each.path for each in (undated_one.audio, undated_one.sidecar) if each),
        }, "from when they are locked"
        assert lock_due(opened, *asked) == LockCount(), "it is noted"
    figure(
        "G41",
        f"due: {len(locked)} files, undated {len(bare)}; still to be screened 1",
    )


def test_a_file_of_calls_that_is_gone_is_told(tmp_path: Path, figure: Figure) -> None:
    store = Noting()
    journal = Journal(store)
    archive = journal.create_or_open(PORTAL).archive
    calls = calls_of(MemoryStore(), MORNING.date())
    journal.append(naming(manifest_of(archive, []), calls))
    with closing(Catalog(tmp_path)) as catalog:
        opened = OpenArchive(store, journal, catalog)
        opened.follow()
        asked = (SCREENED, lambda *_: Offset(0, "set"), LATER, bool)
        assert [lock_due(opened, *asked) for _ in range(2)] == [LockCount(0, 1)] * 2
    figure("G41", "a file of calls deleted in the bucket: told 2 of 2 times")


@pytest.mark.parametrize("after", [0, 1])
def test_none_is_begun_once_asked_to_stop(tmp_path: Path, after: int) -> None:
    store = Slow()
    turns = iter([False] * (1 + after))
    with closing(due(store, tmp_path, 3 * LOCKED_AT_ONCE)) as catalog:
        archive = OpenArchive(store, Journal(store), catalog)
        offset = Offset(0, "set")
        done = lock_due(archive, SCREENED, lambda *_: offset, LATER, lambda: next(turns, True))
    assert done.count == after * LOCKED_AT_ONCE
