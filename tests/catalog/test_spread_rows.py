"""Rows of an archive that are spread over its time."""

import sqlite3
from contextlib import nullcontext
from datetime import datetime, timedelta

from archiver.catalog.questions.asker import Asker
from archiver.catalog.questions.known_rows import KnownRows
from archiver.domain.recordings import RecordingId, Report, id_bytes
from archiver.domain.row.identity import alias

DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 1, 9)  # noqa: DTZ001 - portal time
LAST = datetime(9999, 12, 31, 23, 59, 59, 500_000)  # noqa: DTZ001 - portal time


def asked(*moments: datetime, ids: tuple[str, ...] = ()) -> list[tuple[RecordingId, datetime]]:
    """Return the rows that are picked of an archive which holds these, from the second day on."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE recordings (id BLOB, at TEXT, held INTEGER, source TEXT)")
    named = ids or tuple(map(str, range(len(moments))))
    rows = [(id_bytes(id_), at.isoformat()) for id_, at in zip(named, moments, strict=True)]
    database.executemany("INSERT INTO recordings VALUES (?, ?, TRUE, 'recordings')", rows)
    known = KnownRows(Asker(lambda: database, nullcontext))
    picked = [*known.spread(Report.RECORDINGS, FIRST + DAY, 5 * DAY)]
    database.close()
    return picked


def test_each_is_so_far_from_the_one_before() -> None:
    picked = asked(*(FIRST + n * DAY for n in range(14)))
    assert [at - FIRST for _, at in picked] == [1 * DAY, 6 * DAY, 11 * DAY]


def test_the_last_moment_that_there_is_ends_it() -> None:
    assert [at for _, at in asked(FIRST + DAY, LAST)] == [FIRST + DAY, LAST]


def test_what_goes_by_an_alias_is_passed_over() -> None:
    picked = asked(FIRST + 2 * DAY, FIRST + 2 * DAY, ids=(alias(RecordingId("one"), "x"), "two"))
    assert [id_ for id_, _ in picked] == ["two"]
