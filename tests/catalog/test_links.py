"""Which call a recording is of is worked out from the archived calls, and anew when they change."""

import hashlib
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.calls.linking import DAYS_AT_ONCE, link_calls
from archiver.catalog import Catalog
from archiver.domain.layout import calls_key
from archiver.domain.recordings import RecordingId, Row
from archiver.domain.times.window import EARLIEST, LATEST
from archiver.filters.filters import Filters
from archiver.json_documents import Json
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry, Manifest
from archiver.manifest.named_files.call_files import call_file
from archiver.manifest.records.files import ArchivedFile, CallFile, Head
from tests.archives import CALLED, CALLER, MORNING, PORTAL, manifest_of, row, store_one
from tests.store.memory import MemoryStore

SECOND = timedelta(seconds=1)
MIDNIGHT = MORNING.replace(hour=0, minute=0, second=0)


def call(id_: str, end: datetime, status: str = "ANSWERED", **more: Json) -> Row:
    """Return a row of five seconds of the call log."""
    numbers = {"call_from": CALLER, "call_to": CALLED, "duration": "00:00:05", "end_at": f"{end}"}
    return Row(RecordingId(id_), end, 5_000, None, {"id": id_, **numbers, "status": status, **more})


def append(store: MemoryStore, entries: Iterable[Entry] = (), calls: Iterable[Row] = ()) -> None:
    """Append a manifest that names these recordings, and a file of these calls of one day."""
    journal, rows = Journal(store), [*calls]
    build = manifest_of(journal.create_or_open(PORTAL).archive, entries)
    files: tuple[CallFile, ...] = ()
    if rows:
        text = call_file(rows)
        day = rows[0].at.date() if rows[0].at else None
        stored = store.put(calls_key(day, hashlib.sha256(text).hexdigest()), text)
        files = (CallFile(day, len(rows), ArchivedFile(stored.key, stored.bytes, stored.sha256)),)

    def with_calls(below: Head | None) -> Manifest:
        return replace(build(below), calls=files)

    journal.append(with_calls)


def linked(path: Path, store: MemoryStore) -> dict[str, tuple[str | None, str | None]]:
    """Return the call of each recording, and its status, once all of it is worked out."""
    with closing(Catalog(path)) as catalog:
        catalog.follow(Journal(store))
        link_calls(catalog, EARLIEST.date(), LATEST.date(), bool)
        assert catalog.links.unlinked(EARLIEST.date(), LATEST.date()) == ()
        rows = catalog.filtered.matching(Filters())
        return {each.id: (each.call, each.words.status) for each in rows}


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_a_call_that_comes_later_or_is_told_anew_is_taken_up(
    tmp_path: Path, store: MemoryStore
) -> None:
    append(store, [store_one(store, row("1"))])
    assert linked(tmp_path, store) == {"1": (None, None)}
    append(store, calls=[call("c1", MORNING)])
    assert linked(tmp_path, store) == {"1": ("c1", "ANSWERED")}
    append(store, calls=[call("c1", MORNING, "MISSED")])
    assert linked(tmp_path, store) == {"1": ("c1", "MISSED")}
    append(store, calls=[call("c1", MORNING + timedelta(days=9), "MISSED")])
    assert linked(tmp_path, store) == {"1": (None, None)}, "its former end is none any more"
    assert linked(tmp_path / "anew", store) == {"1": (None, None)}


def test_what_a_call_says_in_no_text_may_be_what_is_asked_for(
    tmp_path: Path, store: MemoryStore
) -> None:
    append(store, [store_one(store, row("1"))], [call("c1", MORNING, notes=["back"])])
    assert linked(tmp_path, store) == {"1": ("c1", "ANSWERED")}
    with closing(Catalog(tmp_path)) as catalog:
        for filters, is_known in (
            (Filters(notes=("back",)), False),
            (Filters(regions=("x",)), True),
        ):
            assert catalog.filtered.count(filters) == 0
            assert catalog.filtered.count_untold(filters) == (not is_known)


def test_of_two_calls_of_the_same_people_it_is_the_nearer(
    tmp_path: Path, store: MemoryStore
) -> None:
    recordings = (row("1"), row("2", MORNING + 30 * SECOND))
    append(
        store,
        [store_one(store, each) for each in recordings],
        [call("c2", MORNING + 31 * SECOND, "BUSY"), call("c1", MORNING + SECOND)],
    )
    assert linked(tmp_path, store) == {"1": ("c1", "ANSWERED"), "2": ("c2", "BUSY")}


def test_a_call_beyond_midnight_is_a_recordings_all_the_same(
    tmp_path: Path, store: MemoryStore
) -> None:
    append(store, [store_one(store, row("1", MIDNIGHT))])
    append(store, calls=[call("c1", MIDNIGHT - SECOND)])
    assert linked(tmp_path, store) == {"1": ("c1", "ANSWERED")}
    append(store, calls=[call("c1", MIDNIGHT - SECOND, "BUSY")])
    assert linked(tmp_path, store) == {"1": ("c1", "BUSY")}, "the day before touches this one"


def test_only_the_days_that_are_asked_for_are_worked_out(
    tmp_path: Path, store: MemoryStore
) -> None:
    days = [MORNING + timedelta(days=4 * number) for number in range(3)]
    append(store, [store_one(store, row(str(number), at)) for number, at in enumerate(days)])
    with closing(Catalog(tmp_path)) as catalog:
        catalog.follow(Journal(store))
        heard: list[int] = []
        link_calls(catalog, days[0].date(), days[0].date(), heard.append)
        left = catalog.links.unlinked(EARLIEST.date(), LATEST.date())
        assert (heard, len(left)) == ([1], 8)
        link_calls(catalog, EARLIEST.date(), LATEST.date(), heard.append)
        assert heard == [1, 8]
        assert DAYS_AT_ONCE > 8
