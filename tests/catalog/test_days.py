"""Days settle when two runs have listed the same, proven, and nothing of them is open or waits."""

import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from archiver.catalog import Catalog, days
from archiver.catalog.schema import create
from archiver.manifest.entry import Decision, Entry, Head, Kind, ListedDay, Manifest
from archiver.manifest.journal import Journal
from archiver.outcomes import Outcome, Verdict
from archiver.recordings import Report
from archiver.store.memory import MemoryStore
from tests.archives import MORNING, PORTAL, entry, manifest_of, row, store_one
from tests.conftest import Figure

DAY = MORNING.date()
LATER = date(2026, 1, 1)
ONE, OTHER = "1" * 64, "2" * 64


class Chain:
    """An archive to which runs add what they saw."""

    def __init__(self, path: Path) -> None:
        self.store = MemoryStore()
        self.journal = Journal(self.store)
        self.archive = self.journal.create_or_open(PORTAL).archive
        self.catalog = Catalog(path)
        self._runs = 0

    def night(
        self,
        sha256: str = ONE,
        *entries: Entry,
        proven: bool = True,
        report: Report = Report.RECORDINGS,
    ) -> None:
        self._runs += 1
        listed = ListedDay(report, DAY, 3, sha256, proven)
        self.write(entries, f"run-{self._runs}", days=(listed,))

    def write(
        self, entries: Iterable[Entry] = (), run: str = "r", kind: Kind = Kind.RUN, **more: object
    ) -> None:
        build: Callable[[Head | None], Manifest] = manifest_of(self.archive, entries, kind, run)
        self.journal.append(lambda below: replace(build(below), **more))  # type: ignore[arg-type]  # a test names any fields
        self.catalog.follow(self.journal)

    def settled(self, *reports: Report) -> bool:
        return DAY in self.catalog.settled(reports or (Report.RECORDINGS,), LATER)


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return Chain(tmp_path)


def test_two_runs_that_agree_settle_a_day(chain: Chain) -> None:
    assert not chain.settled()
    chain.night()
    assert not chain.settled()
    chain.night()
    assert chain.settled()
    assert chain.catalog.settled([Report.RECORDINGS], DAY) == set(), "asked for days before it"


def test_one_run_that_says_it_twice_does_not(chain: Chain) -> None:
    chain.night()
    chain.write(run="run-1", days=(ListedDay(Report.RECORDINGS, DAY, 3, ONE, proven=True),))
    assert not chain.settled()


def test_what_comes_late_begins_it_anew(chain: Chain) -> None:
    chain.night()
    chain.night(OTHER)
    assert not chain.settled()
    chain.night(OTHER)
    assert chain.settled()
    chain.night(ONE)
    assert not chain.settled()


def test_what_is_not_proven_counts_for_nothing(chain: Chain) -> None:
    chain.night()
    chain.night(proven=False)
    chain.night(OTHER, proven=False)
    assert not chain.settled()
    chain.night()
    assert chain.settled()


def test_each_report_settles_by_itself(chain: Chain) -> None:
    for _ in range(2):
        chain.night()
    assert not chain.settled(*Report)
    for _ in range(2):
        chain.night(report=Report.CALLS)
    assert chain.settled(*Report)


BAD = store_one(MemoryStore(), row("7"), b"cut", Verdict.TRUNCATED)
HELD = store_one(MemoryStore(), row("7"))


@pytest.mark.parametrize(
    "open_",
    [
        BAD,
        *(
            entry("7", outcome, created_at=MORNING)
            for outcome in (Outcome.GONE, Outcome.NO_AUDIO, Outcome.FAILED)
        ),
    ],
)
def test_nothing_of_it_may_be_open_or_wait(chain: Chain, open_: Entry) -> None:
    chain.night(ONE, open_)
    chain.night()
    assert not chain.settled()
    chain.write([HELD])
    assert chain.settled(), "it came good"
    chain.write([BAD])
    assert not chain.settled(), "held, and its newer version is a finding"
    chain.write(
        [replace(BAD, reasons=("listened to it",))],
        kind=Kind.ACCEPT,
        decision=Decision("ann", "listened to it"),
    )
    assert chain.settled(), "accepted"


def test_a_person_may_accept_a_listing(chain: Chain) -> None:
    chain.night(proven=False)
    chain.night(report=Report.CALLS)
    chain.write(kind=Kind.ACCEPT, decision=Decision("ann", "the portal lost it", (DAY,)))
    assert chain.settled()
    assert not chain.settled(Report.CALLS), "that one was proven, and needs its second run"
    assert chain.catalog.accepted_listings(Report.RECORDINGS) == {DAY}
    assert chain.catalog.accepted_listings(Report.CALLS) == set()


def test_the_archive_answers_for_everything_from_its_first_day_on(chain: Chain) -> None:
    assert chain.catalog.since() is None
    for since, first in (
        (DAY, DAY),
        (LATER, DAY),
        (None, DAY),
        (date(2018, 1, 1), date(2018, 1, 1)),
    ):
        chain.write(since=since)
        assert chain.catalog.since() == first


def test_a_year_is_planned_in_no_time(figure: Figure) -> None:
    first, each = date(2025, 1, 1), 1_000
    database = sqlite3.connect(":memory:", isolation_level=None)
    create(database)
    _fill(database, first, 365, each)
    began = time.perf_counter()
    settled = days.settled(database, [Report.RECORDINGS], LATER)
    seconds = time.perf_counter() - began
    assert settled == {first + timedelta(days=number) for number in range(365) if number % 50}
    assert seconds < 2
    figure("due", f"a year of {each} recordings a day: settled days in {seconds * 1000:.1f} ms")


def _fill(database: sqlite3.Connection, first: date, count: int, each: int) -> None:
    """Write days of so many recordings, one of every 50th day waiting."""
    day_of = {day: str(first + timedelta(days=day)) for day in range(count)}
    database.execute("BEGIN")
    columns = (
        "id, day, outcome, attempts, reasons, held, accepted, tries, source, concerns, kind, open"
    )
    values = "?, ?, 'archived', 1, '[]', ?, FALSE, 0, 'recordings', '[]', 'archived', FALSE"
    database.executemany(
        f"INSERT INTO recordings ({columns}) VALUES ({values})",  # noqa: S608 - constants only
        (
            (b"%d" % number, day_of[number // each], number % (50 * each) > 0)
            for number in range(count * each)
        ),
    )
    database.executemany(
        "INSERT INTO days VALUES ('recordings', ?, 'x', 2, 'r', TRUE, FALSE, TRUE)",
        ((day,) for day in day_of.values()),
    )
    database.execute("COMMIT")
