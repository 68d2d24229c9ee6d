"""What is due to be locked is locked some at once, and no more is begun once asked to stop."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest

from archiver.catalog import Catalog
from archiver.domain.portal_zone import Offset
from archiver.domain.retention import LockMode, Period, Retention
from archiver.manifest.journal import Journal
from archiver.pull.locking import LOCKED_AT_ONCE, LockCount, lock_due
from archiver.store.base import Capabilities
from tests.archives import MORNING, PORTAL, manifest_of, row, store_one
from tests.conftest import Figure
from tests.store.memory import MemoryStore

SCREENED = Retention(LockMode.GOVERNANCE, Period(years=5), lock_after=Period(days=30))
LATER = MORNING.replace(tzinfo=UTC) + timedelta(days=90)
FILES = 2
"""Audio and sidecar."""


class Slow(MemoryStore):
    """A store that answers when so many ask at once: one after the other would wait for ever."""

    capabilities = Capabilities(locks=True)

    def __init__(self) -> None:
        super().__init__()
        self.met = Barrier(LOCKED_AT_ONCE)
        self.locked: list[str] = []

    def lock(self, key: str, _version: str | None, _since: datetime | None) -> bool:
        self.met.wait(timeout=60)
        self.locked.append(key)
        return True


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
        asked = (store, catalog, SCREENED, lambda *_: Offset(0, "set"), LATER, bool)
        assert lock_due(*asked) == LockCount(count)
        assert len({*store.locked}) == FILES * count
        assert lock_due(*asked) == LockCount(), "it is noted"
    figure("S8", f"{count} recordings locked after screening: {LOCKED_AT_ONCE} at once")


@pytest.mark.parametrize("after", [0, 1])
def test_none_is_begun_once_asked_to_stop(tmp_path: Path, after: int) -> None:
    store = Slow()
    turns = iter([False] * (1 + after))
    with closing(due(store, tmp_path, 3 * LOCKED_AT_ONCE)) as catalog:
        done = lock_due(
            store, catalog, SCREENED, lambda *_: Offset(0, "set"), LATER, lambda: next(turns, True)
        )
    assert done.count == after * LOCKED_AT_ONCE
