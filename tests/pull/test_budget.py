"""A budget that is spent lets nothing more begin, and what it leaves must become less."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from archiver.domain.times.window import DAY, SECOND, Window
from archiver.manifest.journal import Journal
from archiver.manifest.records.listings import Backlog
from archiver.overview.due_days import LAST_CHANCE
from archiver.portal.proving.slicing import drive
from archiver.portal.wire.answers import AnswerShape
from archiver.pull.budget.backlog import (
    MOST_ROWS,
    STALLED,
    Counting,
    Lag,
    compared,
    count_all,
    count_rows,
    expiring,
    joined,
)
from archiver.pull.budget.run_budget import RunBudget
from archiver.sandbox import Encoding, Faults, Trouble, Troubled
from archiver.sandbox.world.tones import Tone
from archiver.store.local import LocalStore
from tests.conftest import Figure
from tests.hurry import time_for
from tests.nights import AT_NIGHT, EACH, Month
from tests.portal.memory import NOW as PORTAL_NOW
from tests.portal.memory import Moods, filled

FIRST = date(2026, 3, 1)
BYTES = 1_500
"""What a recording of :meth:`Month.live` takes, more or less."""


def test_time_and_bytes_each_end_it() -> None:
    now = [5.0]
    timed = RunBudget(seconds=60, clock=lambda: now[0])
    sized, endless = RunBudget(bytes=100), RunBudget()
    seen = []
    for second, count in ((64.0, 99), (65.0, 1)):
        now[0] = second
        for budget in (timed, sized, endless):
            budget.spend(count)
        seen.append((timed.is_spent, sized.is_spent, endless.is_spent))
    assert seen == [(False, False, False), (True, True, False)]


@pytest.mark.parametrize("reported_ms", [None, 0, 50_000])
def test_what_is_in_hand_is_counted(reported_ms: int | None, figure: Figure) -> None:
    size, budget = 700_000, RunBudget(bytes=2_000_000)
    sizes: list[int] = []

    def work() -> None:
        with budget.begun(reported_ms) as has_begun:
            if has_begun:
                sizes.append(size)
                budget.spend(size, reported_ms)

    with ThreadPoolExecutor(16) as workers:
        for _ in range(16):
            workers.submit(work)
    assert sum(sizes) == 2_100_000
    figure("R13", f"--max-bytes 2M, 16 workers, 0.7 MB each: {sum(sizes) / 1e6} MB fetched")


def test_one_alone_is_begun_however_long_it_is() -> None:
    budget = RunBudget(bytes=1)
    with budget.begun(3_600_000) as has_begun:
        assert has_begun
        budget.spend(9, 3_600_000)
    with budget.begun(1) as has_begun:
        assert not has_begun


def left(recordings: int | None, days: int = 0, oldest: int | None = 1, since: int = 1) -> Backlog:
    """Return a backlog of a run ``since`` so many days after the first."""
    day = None if oldest is None else FIRST + oldest * DAY
    return Backlog(FIRST + since * DAY, recordings, days, day, stalled=0)


def nights(*each: Backlog) -> list[Lag]:
    """Return how far behind the runs of nights that follow each other are."""
    lags: list[Lag] = []
    for now in each:
        lags.append(compared(now, lags[-1].now if lags else None))
    return lags


def behind(*each: Backlog) -> list[bool]:
    return [lag.is_behind for lag in nights(*each)]


NOTHING = left(0, oldest=None)


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        ((left(900), left(800), left(10), NOTHING), [False, False, False, False]),
        ((left(900), left(901), left(900), left(950)), [False, True, False, True]),
        ((NOTHING, left(5), NOTHING), [False, True, False]),
        ((left(9),) * 5, [False, False, False, True, True]),
        ([left(9, oldest=n) for n in range(1, 9)], [False] * 8),
        ((left(None, 5), left(None, 6), left(None, 5), left(40, 4)), [False, True, False, False]),
        ((left(9, 4), left(9, 5), left(8, 6)), [False, True, False]),
        ((left(9), left(99, oldest=0, since=0), left(99, oldest=1)), [False, False, False]),
    ],
    ids=["shrinks", "grows", "once", "never less", "moves on", "no totals", "days", "anew"],
)
def test_a_backlog_must_become_less(each: Iterable[Backlog], expected: list[bool]) -> None:
    assert behind(*each) == expected


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20))
def test_no_night_that_leaves_more_is_green(amounts: list[int]) -> None:
    each = [left(count) if count else NOTHING for count in amounts]
    for before, lag in zip([None, *amounts], nights(*each), strict=False):
        assert lag.is_growing is (before is not None and lag.now.recordings > before)  # type: ignore[operator]  # never None here
        assert not lag.is_stalled or lag.now.stalled >= STALLED


def test_what_is_deleted_before_the_next_night_is_told() -> None:
    kept_from = FIRST + 10 * DAY
    days = [FIRST + number * DAY for number in range(40)]
    assert expiring(days, None) is None
    assert expiring(days, kept_from) == kept_from
    assert expiring(days[11:], kept_from) == days[11]
    assert expiring(days[10 + LAST_CHANCE.days :], kept_from) is None
    assert expiring(days[:10], kept_from) is None, "it is deleted already"
    assert compared(left(9, oldest=10), None, expiring=kept_from).is_behind


@pytest.mark.parametrize(
    "moods",
    [Moods(), Moods(no_total=True), Moods(shape=AnswerShape.FLAT)],
    ids=["total", "none", "flat"],
)
def test_what_is_left_is_counted_whether_or_not_totals_tell(moods: Moods) -> None:
    end = PORTAL_NOW - DAY
    portal = filled([end - n * timedelta(hours=1) for n in range(70)], moods)
    areas = (Window.day(end.date() - 2 * DAY), Window.day(end.date()))
    counted = drive(count_rows(areas, portal.behaviour()), portal.fetch)
    assert counted == [len(portal.within(area)) for area in areas] != [0, 0]
    assert (
        drive(count_rows((Window.day(date(2001, 1, 1)),), portal.behaviour()), portal.fetch) is None
    )


def test_a_limit_on_totals_hides_nothing_that_is_left() -> None:
    """Days stay under it, and what is left of all of them does not."""
    last = PORTAL_NOW.date() - DAY
    times = [
        Window.day(last - n * DAY).first + hour * SECOND for n in range(8) for hour in range(4)
    ]
    portal = filled(times, Moods(limit=9))
    client, catalog = mock.Mock(fetch=portal.fetch), mock.Mock()
    catalog.recordings.count_in = lambda area: sum(3 for day in area.by_day() if day.seconds > 1)
    counting = Counting(client, catalog, portal.behaviour())
    assert counting._counted((Window.days(last - 7 * DAY, last),)) == 8  # noqa: SLF001 - what it asks


@pytest.mark.parametrize("shape", AnswerShape)
def test_where_the_filter_is_ignored_everything_is_counted(shape: AnswerShape) -> None:
    end = PORTAL_NOW - DAY
    portal = filled(
        [end - n * timedelta(hours=1) for n in range(70)], Moods(shape=shape, unfiltered=True)
    )
    spans = (Window.day(end.date() - 2 * DAY), Window.day(end.date()))
    counted = drive(count_all(spans, portal.behaviour()), portal.fetch)
    assert counted == [len(portal.within(span)) for span in spans] != [0, 0]
    assert drive(count_all(spans, filled([]).behaviour()), filled([]).fetch) is None


def test_what_would_take_too_long_to_count_is_not_counted() -> None:
    moods = Moods(unfiltered=True)
    portal = filled([PORTAL_NOW - n * SECOND for n in range(2 * MOST_ROWS)], moods)
    first = (Window(PORTAL_NOW - DAY, PORTAL_NOW),)
    assert drive(count_all(first, portal.behaviour()), portal.fetch) is None
    portal = filled([PORTAL_NOW - n * SECOND for n in range(2 * MOST_ROWS)], Moods(no_total=True))
    areas = (Window(PORTAL_NOW - DAY, PORTAL_NOW),)
    assert drive(count_rows(areas, portal.behaviour()), portal.fetch) is None
    assert len(portal.asks) < MOST_ROWS / 15 + 40


@given(st.sets(st.integers(0, 30), max_size=20))
def test_days_that_follow_each_other_are_asked_for_at_once(numbers: set[int]) -> None:
    spans = joined(Window.day(FIRST + number * DAY) for number in numbers)
    days = [day for span in spans for day in span.each_day()]
    assert days == sorted(FIRST + number * DAY for number in numbers)
    assert len(spans) == sum(number - 1 not in numbers for number in numbers)


def outstanding(month: Month, number: int) -> int:
    """Return how many recordings of the days up to one the archive has not."""
    journal = Journal(LocalStore(month.archive))
    entries = (each for _, manifest in journal.manifests() for each in manifest.recordings)
    held = {each.id for each in entries if each.outcome == "archived"}
    end = month.day(number + 1)
    return sum(each.at < end and each.id not in held for each in month.sandbox.world.recordings)


class Night(Struct, frozen=True):
    """How a night ended, and how many recordings the archive has not after it.

    ``stands`` is the code of ``status`` behind it.
    """

    code: int
    stands: int
    left: int
    told: dict[str, Any]
    err: str


def budgeted(month: Month, number: int, recordings: float, **environ: str) -> Night:
    """Do a night with a budget of about so many recordings; return what came of it."""
    words = () if month.archive.exists() else ("--since", f"{FIRST}")
    budget = ("--max-bytes", f"{max(1, int(BYTES * recordings))}", "--workers", "1")
    with month.now(number):
        ran = month.pull("--no-calls", *words, *budget, **environ)
        stands = month.type("status", **environ).code
    assert stands in {3, ran.code}, "status is never green behind a night that was not"
    return Night(ran.code, stands, outstanding(month, number), json.loads(ran.out), ran.err)


def test_a_budget_below_the_daily_volume_is_not_green(month: Month, figure: Figure) -> None:
    each = []
    metrics = month.home / "archiver.prom"
    for number in range(1, 5):
        month.live(number)
        each.append(budgeted(month, number, 1, ARCHIVER_METRICS=str(metrics)))
    counts = [night.left for night in each]
    assert all(one < other for one, other in pairwise(counts))
    assert [night.code for night in each] == [0] + [3] * 3
    assert [night.stands for night in each] == [0] + [3] * 3
    assert month.check.kinds[1::2] == ["0"] + ["3"] * 3, "pinged as it ended"
    last, before = each[-1], each[-2]
    assert [night.told["backlog"]["recordings"] for night in (last, before)] == counts[:-3:-1]
    assert f"The backlog grows: {last.left} recordings (" in last.err
    assert f" now, {before.left} recordings (" in last.err
    assert "Raise --max-time or --max-bytes" in last.err
    written = metrics.read_text()
    assert "archiver_last_run_exit_code{} 3\n" in written
    assert f"archiver_backlog_recordings{{}} {last.left}\n" in written
    clean_at = (month.day(2) + AT_NIGHT).timestamp()
    assert f"archiver_last_clean_run_timestamp_seconds{{}} {clean_at:.0f}\n" in written
    grown = sum(one.left < other.left for one, other in pairwise(each))
    figure(
        "G17", f"{grown} nights with a growing backlog, {counts[-1]} left of {4 * EACH}: green 0"
    )


def test_a_first_run_over_many_days_is_green_while_it_catches_up(
    month: Month, figure: Figure
) -> None:
    for number in range(1, 7):
        month.live(number)
    each = []
    for number in range(7, 11):
        month.live(number)
        each.append(budgeted(month, number, 3 * EACH))
    counts = [night.left for night in each]
    assert all(one > other or not other for one, other in pairwise(counts))
    assert [night.code for night in each] == [0] * 4
    assert [night.stands for night in each] == [0] * 4
    assert counts[0] > 0 == counts[-1]
    assert not any(night.told["backlog"]["behind"] for night in each)
    figure(
        "G17", f"a first run over 7 days, {3 * EACH} recordings a night: left {counts}, alarms 0"
    )


def test_exactly_the_nights_that_leave_more_are_told(month: Month, figure: Figure) -> None:
    """Whatever comes in a day and however much a night may take: the truth is what counts."""
    chance = Random(17)
    alarms = grown = 0
    before: Night | None = None
    for number in range(1, 9):
        for _ in range(chance.choice((0, 0, 2, 5, 9))):
            hours = timedelta(hours=chance.uniform(1, 23))
            recording = month.sandbox.world.arrive(month.day(number) + hours)
            take = len(month.sandbox.world.recordings)  # two of one length are two conversations
            tone = Tone(Encoding.BARE, recording.seconds, take)
            month.sandbox.world.objects[recording.key or ""] = tone
        night = budgeted(month, number, chance.choice((1, 30, 90)))
        has_grown = before is not None and night.left > before.left
        if before is None or night.left != before.left:
            assert night.code == (3 if has_grown else 0), (number, night.left, before)
        grown, alarms, before = grown + has_grown, alarms + (has_grown and night.code == 3), night
    assert 0 < grown < 7
    figure("G17", f"8 nights of any volume and budget: {grown} leave more, told {alarms}")


def test_a_backlog_that_never_becomes_less_is_told(month: Month) -> None:
    for number in range(1, 3):
        month.live(number)
    codes = [budgeted(month, 2, 1).code]
    with mock.patch.object(RunBudget, "is_spent", new=True):
        codes += [budgeted(month, 2, 1).code for _ in range(4)]
    assert codes == [0, 0, 0, 3, 3]


def test_what_falls_behind_begins_with_the_oldest(month: Month, figure: Figure) -> None:
    for number in range(1, 8):
        month.live(number)
    first = budgeted(month, 7, 1)
    month.live(8)
    second = budgeted(month, 8, 1)
    assert (first.code, second.code) == (0, 3)
    month.live(9)
    third = budgeted(month, 9, 1)
    begun = [begins(night) for night in (first, second, third)]
    assert begun == ["2026-03-05", "2026-03-06", "2026-03-01"]
    figure("G17", "the night after one that fell behind begins with the oldest day")


def begins(night: Night) -> str:
    """Return the first day that a night listed."""
    return str(night.told["windows"][0]["from"])[:10]


def test_what_is_about_to_be_deleted_comes_first_and_is_told(month: Month, figure: Figure) -> None:
    for number in range(1, 8):
        month.live(number)
    keeps = {"ARCHIVER_PROVIDER_KEEPS": "6d"}
    night = budgeted(month, 7, 1, **keeps)
    assert begins(night) == "2026-03-02", "the day before that is deleted already"
    assert (night.code, night.told["backlog"]["expiring"]) == (3, "2026-03-02")
    assert "about to delete what is left of 2026-03-02" in night.err
    night = budgeted(month, 7, 4 * EACH, **keeps)
    assert (night.code, night.told["backlog"]["expiring"]) == (0, None)
    figure("G17", "what the provider deletes within 2 days: first, and told 1 of 1")


def test_a_window_of_the_past_is_held_against_nothing(month: Month) -> None:
    month.live(1)
    assert budgeted(month, 1, 99).code == 0
    month.live(2)
    budget = ("--max-bytes", "1", "--workers", "1")
    with month.now(2):
        ran = month.pull("--day", f"{FIRST + DAY}", *budget)
        told = json.loads(ran.out)
        assert (ran.code, told["left"]["recordings"] > 0, told["backlog"]) == (0, True, None)
        assert month.pull(*budget).code == 3, "the night before left nothing"


def test_what_yesterday_leaves_is_not_green(month: Month, figure: Figure) -> None:
    """Typed again tomorrow it means another day, and nothing looks at what is left of this one."""
    ends = []
    for number in range(1, 5):
        month.live(number)
        with month.now(number):
            budget = ("--max-bytes", "1", "--workers", "1")
            ends.append(month.pull("--no-calls", "--day", "yesterday", *budget))
    assert month.missing() > 0
    assert [ran.code for ran in ends] == [3] * 4
    figure("G17", "4 nights of --day yesterday, each left something: green 0")


def test_what_yesterday_left_is_told_by_each_later_night(month: Month) -> None:
    """Until a run takes it up: no night that names a day does."""
    codes = []
    for number in range(1, 4):
        month.live(number)
        with month.now(number):
            budget = ("--max-bytes", "1", "--workers", "1") if number == 1 else ()
            codes.append(month.pull("--no-calls", "--day", "yesterday", *budget).code)
    with month.now(3):
        assert month.pull("--no-calls", "--day", f"{FIRST}").code == 0
        codes.append(month.pull("--no-calls", "--day", "yesterday").code)
    assert codes == [3, 3, 3, 0]


def test_what_a_date_that_moves_on_passes_over_is_not_green_for_long(month: Month) -> None:
    """A script that works its date out passes over days that the archive answers for."""
    for number in range(1, 5):
        month.live(number)
    with month.now(1):
        assert month.pull("--no-calls", "--since", f"{FIRST}").code == 0
    codes = []
    for number in range(5, 5 + 2 * STALLED):
        month.live(number)
        with month.now(number):
            codes.append(month.pull("--no-calls", "--since", f"{month.day(number):%F}").code)
    assert month.missing() > 0
    assert codes[: STALLED + 1].count(3) >= 1, codes
    assert codes[-1] == 3, codes


def test_what_a_window_that_moves_on_leaves_is_not_green(month: Month, figure: Figure) -> None:
    ends = []
    for number in range(1, 5):
        month.live(number)
        with month.now(number):
            ends.append(month.pull("--since", "2d", "--max-bytes", "1", "--workers", "1"))
    assert [ran.code for ran in ends] == [3] * 4
    assert all("The same window, named again, leaves it out" in ran.err for ran in ends)
    assert all("whatever is due, of every day from 2026-02-28 on." in ran.err for ran in ends)
    with month.now(4):
        assert month.pull("--since", "2d").code == 3, "what is left of the days before stays left"
        ran = month.type("status")
        assert (ran.code, "earlier days were left" in ran.out) == (3, True)
        assert month.pull("--since", f"{FIRST}").code == 0, "it begins anew"
        assert month.type("status").code == 0
    figure("G17", "4 nights over the last 2 days, each left something: green 0")


@pytest.mark.parametrize(
    ("what", "totals"),
    [("failed", False), ("had no audio", True)],
    ids=["failed, days alone", "had no audio, totals"],
)
def test_what_waits_on_a_day_that_no_budget_reaches_is_told(
    what: str,
    totals: bool,  # noqa: FBT001 - a case
    month: Month,
    monkeypatch: pytest.MonkeyPatch,
    figure: Figure,
) -> None:
    """The archive knows of it, and has it not; only a run that reaches its day could fetch it."""
    if not totals:
        monkeypatch.setattr(Counting, "_counted", lambda _, windows: None if windows else 0)
    one = month.live(1)[0]
    if what == "failed":
        broken = Troubled(Trouble.SERVER_ERROR, keys=frozenset({str(one.key)}))
        month.sandbox.faults = Faults(media=(broken,))
    else:
        month.sandbox.world.edit(one.id, audio=None)
    for number in range(2, 5):
        month.live(number)
    month.night(3, "--no-calls")
    month.sandbox.faults = Faults()
    month.sandbox.world.recordings.put(one)
    codes = []
    for number in range(5, 9):
        month.live(number)
        with time_for(4):
            codes.append(month.night(number, "--no-calls").code)
        if one.id not in month.held() and number > 5:
            assert codes[-1] == 3
    is_held = one.id in month.held()
    assert (codes[0], codes[-1], is_held) == (3, 0, True), "told, and then its day comes first"
    figure(
        "G20", f"{what} once, then on a day that no budget reaches: told, and fetched in the end"
    )


def test_where_no_totals_tell_days_are_counted(
    month: Month, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Counting, "_counted", lambda _, windows: None if windows else 0)
    nights = []
    for number in range(1, 6):
        month.live(number, 5)
        nights.append(budgeted(month, number, 1))
    days = [night.told["backlog"]["days"] for night in nights]
    grown = [one < other for one, other in pairwise(days)]
    assert sum(grown) > 1
    assert all(night.code for night, more in zip(nights[1:], grown, strict=True) if more)
    assert f"{days[-1]} days not listed to the end now" in nights[-1].err
    assert nights[0].code == 0


def test_nothing_is_called_silent_where_the_newest_days_are_left(month: Month) -> None:
    for number in range(1, 13):
        month.live(number)
    assert budgeted(month, 12, 999).code == 0
    for number in range(13, 20):
        month.live(number)
    with mock.patch.object(RunBudget, "is_spent", new=True):
        night = budgeted(month, 19, 1)
    assert night.told["left"]["windows"] > 4
    assert "Nothing new for" not in night.err


def test_a_window_of_the_past_that_no_budget_suffices_for_is_told(
    month: Month, figure: Figure
) -> None:
    """Nothing came of the run, and the next one over the same window will come no further."""
    for number in range(1, 6):
        month.live(number)
    words = ("--since", "2026-03-01", "--until", "2026-03-05", "--workers", "1")
    with month.now(6):
        with time_for(0):
            ends = [month.pull(*words, "--max-time", "1h") for _ in range(2)]
        assert [ran.code for ran in ends] == [3] * 2
        assert json.loads(ends[0].out)["backlog"]["recordings"] == 5 * EACH
        assert "Nothing came of this run" in ends[0].err
        assert "name a shorter window" in ends[0].err
        codes = [month.pull(*words, "--max-bytes", f"{8 * BYTES}").code for _ in range(4)]
    assert (set(codes), month.missing()) == ({0}, 0), "less is left each time"
    assert all(manifest.backlog is None for manifest in month.manifests())
    figure("G37", "2 runs over a window that the budget lets nothing of through: green 0")


def test_days_of_the_past_that_no_budget_reaches_are_told(month: Month) -> None:
    """Quiet days that are listed for the first time are progress; the same ones again are none."""
    month.live(1)
    words = ("--no-calls", "--since", "2026-01-20", "--until", "2026-03-01")
    with month.now(6), time_for(20):
        codes = [month.pull(*words, "--max-time", "1h").code for _ in range(2)]
    assert (codes, month.missing()) == ([0, 3], EACH)
