"""Days settle when two runs have listed the same, proven, and nothing of them is open or waits."""

import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing, nullcontext
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from archiver.catalog.questions.asker import Asker
from archiver.catalog.questions.days.known_days import KnownDays
from archiver.catalog.schema import create
from archiver.domain.outcomes import Outcome, Verdict
from archiver.domain.recordings import Report
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry, Manifest, ManifestKind, Run
from archiver.manifest.records.decisions import Decision
from archiver.manifest.records.files import Head
from archiver.manifest.records.listings import AskedWindow, ListedDay
from archiver.overview.archive_figures import DayOfReport
from tests.archives import MORNING, PORTAL, entry, manifest_of, row, store_one
from tests.catalogs import opened
from tests.conftest import Figure
from tests.store.memory import MemoryStore

DAY = MORNING.date()
LATER = date(2026, 1, 1)
ONE, OTHER = "1" * 64, "2" * 64


class Chain:
    """An archive to which runs add what they saw."""

    def __init__(self, path: Path) -> None:
        self.store = MemoryStore()
        self.journal = Journal(self.store)
        self.archive = self.journal.create_or_open(PORTAL).archive
        self.catalog = opened(path)
        self._runs = 0

    def night(
        self,
        sha256: str = ONE,
        *entries: Entry,
        proven: bool = True,
        report: Report = Report.RECORDINGS,
        total: int | None = None,
        missing: int = 0,
    ) -> None:
        self.listed(ListedDay(report, DAY, 3, sha256, proven, total, missing), *entries)

    def listed(self, listed: ListedDay, *entries: Entry) -> None:
        """Let the next run list a day so."""
        self._runs += 1
        self.write(entries, f"run-{self._runs}", days=(listed,))

    def write(
        self,
        entries: Iterable[Entry] = (),
        run: str | Run = "r",
        kind: ManifestKind = ManifestKind.RUN,
        **more: object,
    ) -> None:
        name = run.id if isinstance(run, Run) else run
        build: Callable[[Head | None], Manifest] = manifest_of(self.archive, entries, kind, name)
        more |= {"run": run} if isinstance(run, Run) else {}
        self.append(lambda below: replace(build(below), **more))

    def append(self, build: Callable[[Head | None], Manifest]) -> None:
        self.journal.append(build)
        self.catalog.follow(self.journal)

    def accepts(self, sha256: str) -> bool:
        return self.catalog.days.accepts(ListedDay(Report.RECORDINGS, DAY, 3, sha256, proven=False))

    def accept(self, *listed: ListedDay) -> None:
        decision = Decision("ann", "the portal lost it", (DAY,), listed)
        self.write(kind=ManifestKind.ACCEPT, decision=decision)

    def settled(self, *reports: Report) -> bool:
        return DAY in self.catalog.days.settled(reports or (Report.RECORDINGS,), LATER)


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return Chain(tmp_path)


def test_two_runs_that_agree_settle_a_day(chain: Chain) -> None:
    assert not chain.settled()
    chain.night()
    assert not chain.settled()
    chain.night()
    assert chain.settled()
    assert chain.catalog.days.settled([Report.RECORDINGS], DAY) == set(), "asked for days before it"


def test_one_run_that_says_it_twice_does_not(chain: Chain) -> None:
    chain.night()
    chain.write(run="run-1", days=(ListedDay(Report.RECORDINGS, DAY, 3, ONE, proven=True),))
    assert not chain.settled()


@pytest.mark.parametrize("is_closed", [False, True])
@pytest.mark.parametrize(("first", "last"), [(1, 0), (0, 1)])
def test_what_a_run_says_of_a_day_last_replaces_what_it_said_before(
    chain: Chain, first: int, last: int, *, is_closed: bool
) -> None:
    """What a day lacks may be found on a later day of the run; then it lacks nothing."""
    for number in range(2):
        run = on_day(5, f"run-{number}")
        for missing, closed in ((first, is_closed), (last, True)):
            listed = ListedDay(Report.RECORDINGS, DAY, 3, ONE, proven=True, missing=missing)
            chain.write(run=replace(run, closed=closed), days=(listed,))
    assert chain.settled() is (last == 0)


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
        kind=ManifestKind.ACCEPT,
        decision=Decision("ann", "listened to it"),
    )
    assert chain.settled(), "accepted"


def test_a_person_may_accept_a_listing(chain: Chain) -> None:
    chain.night(proven=False)
    chain.night(report=Report.CALLS)
    chain.write(kind=ManifestKind.ACCEPT, decision=Decision("ann", "the portal lost it", (DAY,)))
    assert chain.settled()
    assert not chain.settled(Report.CALLS), "that one was proven, and needs its second run"
    assert chain.accepts(ONE)
    assert not chain.accepts(OTHER)


def test_an_acceptance_is_of_what_was_listed_then(chain: Chain) -> None:
    chain.night(proven=False, total=4)
    (listed,) = chain.catalog.days.doubtful_listings(DAY)
    assert (listed.count, listed.sha256, listed.total) == (3, ONE, 4)
    chain.accept(listed)
    assert chain.settled()
    assert chain.catalog.days.doubtful_listings(DAY) == ()
    for worse in (
        {"sha256": OTHER, "total": 4},
        {"sha256": ONE, "total": 5},
        {"sha256": ONE, "total": None},
    ):
        chain.night(proven=False, **worse)
        assert not chain.settled(), worse
        assert len(chain.catalog.days.doubtful_listings(DAY)) == 1
    chain.night(proven=False, total=4)
    assert chain.settled(), "it is again what was accepted"
    chain.night(OTHER, proven=False, total=4)
    chain.accept(*chain.catalog.days.doubtful_listings(DAY))
    assert chain.settled(), "and so is what was accepted later"


@pytest.mark.parametrize("proven", [True, False])
def test_an_acceptance_is_of_what_the_listing_lacked(chain: Chain, *, proven: bool) -> None:
    """The same rows are listed again, and more that came meanwhile is gone, or something else."""

    def night(lacks: str, missing: int = 1) -> bool:
        missing = missing if proven else 0
        chain.listed(ListedDay(Report.RECORDINGS, DAY, 3, ONE, proven, None, missing, lacks))
        return chain.settled()

    assert not night(ONE)
    chain.accept(*chain.catalog.days.doubtful_listings(DAY))
    assert chain.settled()
    assert [night(OTHER), night(OTHER, 2), night(ONE)] == [False, False, True]
    listed = ListedDay(Report.RECORDINGS, DAY, 3, ONE, proven, missing=1, lacks=ONE)
    accepts = chain.catalog.days.accepts
    assert (accepts(listed), accepts(replace(listed, lacks=OTHER))) == (True, False)


@pytest.mark.parametrize("names_only", [True, False])
def test_an_acceptance_of_before_it_said_what_is_lacking_goes_by_how_much(
    chain: Chain, *, names_only: bool
) -> None:
    chain.night(missing=2)
    chain.accept(*(() if names_only else chain.catalog.days.doubtful_listings(DAY)))
    settled = [chain.settled()]
    for missing, lacks in ((2, ONE), (3, ONE), (1, OTHER)):
        chain.listed(ListedDay(Report.RECORDINGS, DAY, 3, ONE, True, None, missing, lacks))  # noqa: FBT003 - proven
        settled.append(chain.settled())
    assert settled == [True, True, False, True]


def test_an_acceptance_of_old_is_of_what_was_known_then(chain: Chain) -> None:
    chain.night(proven=False)
    chain.write(kind=ManifestKind.ACCEPT, decision=Decision("ann", "the portal lost it", (DAY,)))
    assert chain.settled()
    chain.night(OTHER, proven=False)
    assert not chain.settled()


def test_what_was_accepted_without_a_total_is_no_other_with_one(chain: Chain) -> None:
    """Of a day that could not be listed nothing was known; pages that claim rows are news of it."""
    chain.night(proven=False)
    chain.accept(*chain.catalog.days.doubtful_listings(DAY))
    assert chain.settled()
    chain.night(proven=False, total=5)
    assert not chain.settled()
    assert len(chain.catalog.days.doubtful_listings(DAY)) == 1


def test_where_rows_are_missing_a_day_does_not_settle_by_being_listed_again(chain: Chain) -> None:
    chain.night()
    for _ in range(3):
        chain.night(OTHER, missing=1)
    assert not chain.settled()
    (listed,) = chain.catalog.days.doubtful_listings(DAY)
    assert (listed.proven, listed.missing) == (True, 1)
    chain.accept(listed)
    assert chain.settled()
    chain.night(ONE)
    assert chain.settled(), "they are there again"
    chain.night(OTHER, missing=2)
    assert chain.settled(), "on a settled day, rows go when they are kept no longer"


def on_day(number: int, run: str, *, closed: bool = True) -> Run:
    """Return a run that began so many days after the beginning of the day in question."""
    began = datetime.combine(DAY, clock_time(2), UTC) + timedelta(days=number)
    return Run(run, began, began, closed, "host", "archiver", False, {})  # noqa: FBT003 - not filtered


def test_an_accepted_listing_settles_when_nothing_comes_any_more(chain: Chain) -> None:
    listed = ListedDay(Report.RECORDINGS, DAY, 3, ONE, proven=False, total=4)

    def night(number: int, *doubts: str, **other: str) -> bool:
        run = on_day(number, f"run-{number}-{bool(doubts)}")
        days = (replace(listed, **other),)
        build = manifest_of(chain.archive, ())
        chain.append(lambda below: replace(build(below), run=run, days=days, doubts=doubts))
        return chain.settled()

    assert not night(1)
    chain.accept(listed)
    assert not chain.settled(), "accepted on the day after"
    assert [night(number) for number in (2, 3)] == [False, False]
    assert not night(4, "the clocks disagree"), "a doubtful run settles nothing"
    assert not night(5, sha256=OTHER), "a row has come"
    assert night(6)
    assert night(7, "the clocks disagree"), "nor does it unsettle anything"
    assert not night(8, "the clocks disagree", sha256=OTHER)
    chain.accept(replace(listed, sha256=OTHER))
    assert not chain.settled(), "only a doubtful run has seen it"
    assert night(9, sha256=OTHER)


@pytest.mark.parametrize("accepted", [False, True])
def test_a_run_that_has_not_ended_settles_nothing(
    accepted: bool,  # noqa: FBT001 - a case
    chain: Chain,
) -> None:
    """It was killed before what its end would have shown, or it goes on."""
    listed = ListedDay(Report.RECORDINGS, DAY, 3, ONE, proven=not accepted)

    def night(name: str, *, closed: bool, sha256: str = ONE) -> bool:
        run = on_day(5, name, closed=closed)
        build = manifest_of(chain.archive, ())
        days = (replace(listed, sha256=sha256),)
        chain.append(lambda below: replace(build(below), run=run, days=days))
        return chain.settled()

    if accepted:
        chain.accept(listed)
    assert [night(name, closed=False) for name in "abc"] == [False] * 3
    assert not chain.catalog.days.is_whole(Report.RECORDINGS, DAY)
    assert night("d", closed=True) is accepted, "those before it have not counted"
    assert night("e", closed=True)
    assert chain.catalog.days.is_whole(Report.RECORDINGS, DAY)
    assert not night("f", closed=False), "nor is it settled while another looks at it"
    assert night("f", closed=True)
    assert not night("g", closed=False, sha256=OTHER)
    assert night("h", closed=True), "what a killed one said does not count against it either"


def test_a_doubtful_run_settles_nothing(chain: Chain) -> None:
    chain.night()
    listed = ListedDay(Report.RECORDINGS, DAY, 3, ONE, proven=True)
    for number in range(3):
        chain.write(run=f"doubtful-{number}", days=(listed,))
        chain.write(run=f"doubtful-{number}", doubts=("rows are missing",))
        chain.write(run=f"more-{number}", days=(listed,), doubts=("rows are missing",))
    assert not chain.settled()
    chain.night()
    assert chain.settled()
    chain.write(run="later", days=(replace(listed, sha256=OTHER),), doubts=("rows are missing",))
    assert chain.settled(), "nor does it unsettle anything"
    assert chain.catalog.days.whole_in(Report.RECORDINGS, DAY, DAY, so_far=True) == {DAY}


@pytest.mark.parametrize(
    ("first", "last", "is_left"), [(0, 0, False), (-1, 1, False), (1, 0, True), (0, -1, True)]
)
def test_a_window_that_was_named_is_left_until_a_run_has_done_all_of_it(
    chain: Chain, first: int, last: int, *, is_left: bool
) -> None:
    """It may begin and end in the middle of days, of which no listing says all there was."""
    hour = timedelta(hours=1)
    chain.write(run="cut", asked=AskedWindow(MORNING, MORNING + 20 * hour), accounted=False)
    left = [*chain.catalog.days.unfinished((Report.RECORDINGS,))]
    assert [each.day for each in left] == [DAY, DAY + timedelta(days=1)]
    done = AskedWindow(MORNING + first * hour, MORNING + (20 + last) * hour)
    chain.write(run="later", asked=done, accounted=True)
    assert ([*chain.catalog.days.unfinished((Report.RECORDINGS,))] == left) is is_left


def test_a_run_without_the_call_log_has_not_done_what_one_with_it_was_to_do(chain: Chain) -> None:
    asked = AskedWindow(MORNING, MORNING + timedelta(hours=1))

    def write(*, calls: bool, accounted: bool) -> list[DayOfReport]:
        run = replace(on_day(0, "r"), settings={"calls": calls})
        chain.write(run=run, asked=asked, accounted=accounted)
        return [*chain.catalog.days.unfinished((Report.RECORDINGS,))]

    left = [DayOfReport(Report.RECORDINGS, DAY)]
    assert write(calls=True, accounted=False) == left
    assert write(calls=False, accounted=True) == left
    assert write(calls=True, accounted=True) == []


def test_a_doubtful_run_proves_nothing_that_no_other_has_listed(
    chain: Chain, figure: Figure
) -> None:
    listed = {
        each: ListedDay(Report.RECORDINGS, DAY, 3, each, proven=True) for each in (ONE, OTHER)
    }
    asked = AskedWindow(MORNING, MORNING + timedelta(hours=9))
    days, so_far = chain.catalog.days, partial(chain.catalog.days.whole_in, so_far=True)

    def is_proven() -> bool:
        unfinished = [*days.unfinished((Report.RECORDINGS,))]
        known = so_far(Report.RECORDINGS, DAY, DAY)
        assert unfinished == ([] if known else [DayOfReport(Report.RECORDINGS, DAY)])
        return bool(known)

    chain.write(run="a", days=(listed[ONE],), asked=asked, accounted=True, doubts=("the clock",))
    assert not is_proven()
    chain.write(run="b", days=(listed[ONE],))
    assert is_proven()
    chain.write(run="c", days=(listed[ONE],), doubts=("the clock",))
    assert is_proven(), "it is what another run has listed"
    chain.write(run="d", days=(listed[OTHER],), doubts=("the clock",))
    assert not is_proven()
    chain.accept(listed[OTHER])
    assert is_proven()
    figure("G50", "of 3 listings by doubtful runs, 1 is what another run has listed: proven 1")


@pytest.mark.parametrize(
    ("machine", "portal", "trust", "settles"),
    [
        (4, None, "auto", True),
        (4, 4, "auto", True),
        (3_650, 2, "auto", False),
        (4, 2, "auto", False),
        (2, 3_650, "auto", False),
        (2, 4, "portal", True),
        (4, 2, "machine", True),
        (4, 2, "a setting of later", False),
    ],
)
def test_no_clock_that_is_ahead_settles_a_day(
    machine: int,
    portal: int | None,
    trust: str,
    settles: bool,  # noqa: FBT001 - a case
    chain: Chain,
) -> None:
    midnight = datetime.combine(DAY, clock_time(), UTC)
    started = midnight + timedelta(days=machine)
    portal_clock = None if portal is None else midnight + timedelta(days=portal)
    for number in range(2):
        run = Run(
            f"run-{number}", started, started, True, "host", "archiver", False, {"clock": trust},  # noqa: FBT003 - closed, not filtered
            portal_clock,
        )  # fmt: skip
        listed = ListedDay(Report.RECORDINGS, DAY, 3, ONE, proven=True)
        build = manifest_of(chain.archive, ())
        chain.append(lambda below: replace(build(below), run=run, days=(listed,)))  # noqa: B023 - called at once
    assert chain.settled() is settles
    believed = min(started, portal_clock or started) if trust != "machine" else started
    assert chain.catalog.runs.last_at() == (portal_clock if trust == "portal" else believed)


def test_the_archive_answers_for_everything_from_its_first_day_on(chain: Chain) -> None:
    assert chain.catalog.days.since() is None
    for since, first in (
        (DAY, DAY),
        (LATER, DAY),
        (None, DAY),
        (date(2018, 1, 1), date(2018, 1, 1)),
    ):
        chain.write(since=since)
        assert chain.catalog.days.since() == first


def test_a_year_is_planned_in_no_time(figure: Figure) -> None:
    first, each = date(2025, 1, 1), 100
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        create(database)
        _fill(database, first, 365, each)
        days = KnownDays(Asker(lambda: database, nullcontext))
        began = time.perf_counter()
        settled = days.settled([Report.RECORDINGS], LATER)
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
        "INSERT INTO days VALUES ('recordings', ?, 1000, 'x', TRUE, 1000, 0, NULL, 'r', 'x', 2,"
        " TRUE, TRUE, NULL, 0, FALSE, FALSE)",
        ((day,) for day in day_of.values()),
    )
    database.execute("COMMIT")


def test_the_portals_zone_is_known_below_manifests_that_listed_nothing(chain: Chain) -> None:
    def offset() -> int:
        chain.catalog.follow(chain.journal)
        return chain.catalog.runs.utc_offset()

    def listed(below: Head | None) -> Manifest:
        manifest = manifest_of(chain.archive, [])(below)
        (window,) = manifest.windows
        return replace(manifest, windows=(replace(window, utc_offset_minutes=330),))

    assert offset() == 0
    chain.journal.append(listed)
    chain.journal.append(lambda below: replace(listed(below), kind=ManifestKind.ACCEPT, windows=()))
    assert offset() == 330
