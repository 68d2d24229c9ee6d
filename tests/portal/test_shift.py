"""A filter that goes by another clock than the rows: found out in a few requests, and told from."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from archiver.domain.recordings import RecordingId, Report, Row
from archiver.domain.times.window import DAY, SECOND, Window
from archiver.portal.filter_clock.learning import Learning
from archiver.portal.filter_clock.opening import opening_shift
from archiver.portal.filter_clock.row_points import RowPoints
from archiver.portal.filter_clock.shift import NONE
from archiver.portal.proving.page_query import CLOCKS_CHANGE_BY, PageQuery
from archiver.portal.proving.slicing import drive
from archiver.portal.wire.answers import AnswerShape, Page
from tests.conftest import Figure

HOUR = timedelta(hours=1)
MARGIN = CLOCKS_CHANGE_BY
MOST_TO_OPEN = 9
MOST_AROUND_A_CHANGE = 75
MOST_OF_ONE_ROW = 40
HOURLY = 61
"""Minutes between the rows of days that no window is near."""


def at(*moment: int) -> datetime:
    return datetime(*moment)  # type: ignore[arg-type]  # noqa: DTZ001 - as the row has it


CHANGES = {
    "Europe/Berlin": (at(2026, 3, 29), at(2026, 10, 25)),
    "Europe/London": (at(2026, 3, 29), at(2026, 10, 25)),
    "Europe/Chisinau": (at(2026, 3, 29), at(2026, 10, 25)),
    "Antarctica/Troll": (at(2026, 3, 29), at(2026, 10, 25)),
    "America/New_York": (at(2026, 3, 8), at(2026, 11, 1)),
    "America/St_Johns": (at(2026, 3, 8), at(2026, 11, 1)),
    "Africa/Casablanca": (at(2026, 2, 15), at(2026, 3, 22)),
    "America/Santiago": (at(2026, 4, 5), at(2026, 9, 6)),
    "Australia/Adelaide": (at(2026, 4, 4), at(2026, 10, 3)),
    "Australia/Lord_Howe": (at(2026, 4, 4), at(2026, 10, 3)),
    "Pacific/Chatham": (at(2026, 4, 4), at(2026, 9, 26)),
    "Asia/Kolkata": (at(2026, 3, 29), at(2026, 10, 25)),
}
"""Both directions, halves and quarters of hours, two hours, changes at midnight and in Ramadan."""
NEWEST = datetime(2026, 11, 25, 0, 30)  # noqa: DTZ001 - as the row has it


class Portal:
    """Dates rows in UTC, and lists them by the clock of a zone, or one that is ``ahead``.

    Every answer is cut to so many rows as the ``limit``, the newest, and its total with it.
    The answer of the number ``wrong_once``, from 1 on, lacks the rows that it ``hides``. Each row
    lies so large a ``fraction`` behind its second, and then the filter takes its ends as moments.
    """

    def __init__(  # noqa: PLR0913 - the kinds of portals, each by name
        self,
        zone: str | timedelta,
        times: Iterable[datetime],
        *,
        written: str = "Z",
        is_deaf: bool = False,
        only_days: bool = False,
        oldest_first: bool = False,
        wrong_once: int = 0,
        hides: Callable[[datetime], bool] = lambda _moment: True,
        fraction: timedelta = timedelta(),
        limit: int | None = None,
    ) -> None:
        self.zone = zone if isinstance(zone, timedelta) else ZoneInfo(zone)
        self.is_deaf, self.only_days, self.oldest_first = is_deaf, only_days, oldest_first
        self.fraction, self.limit = fraction, limit
        self.written, self.wrong_once, self.hides = written, wrong_once, hides
        self.times = sorted(times, reverse=True)
        self.asks: list[PageQuery] = []
        self.listed = sorted((self.by_filter(each), n) for n, each in enumerate(self.times))
        """By the filter's clock, each with its place among the rows."""

    def by_filter(self, moment: datetime) -> datetime:
        moment += self.fraction
        if isinstance(self.zone, timedelta):
            return moment + self.zone
        return moment.replace(tzinfo=UTC).astimezone(self.zone).replace(tzinfo=None)

    @property
    def page(self) -> Page:
        return self._page(range(len(self.times)), 1)

    def opened(self) -> Learning:
        shift = drive(opening_shift(Report.RECORDINGS, self.page), self.fetch)
        assert shift is not None
        return Learning(shift)

    def fetch(self, asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        self.asks += asks
        return tuple(self._answer(ask) for ask in asks)

    def found(self, asked: Window) -> list[int]:
        if self.only_days:
            asked = asked.widened
        first = bisect_left(self.listed, (asked.first, 0))
        ends = asked.last if self.fraction else asked.last + SECOND
        behind = bisect_right(self.listed, (ends, -1))
        return sorted(n for _, n in self.listed[first:behind])

    def _answer(self, ask: PageQuery) -> Page:
        found = [*range(len(self.times))] if ask.window is None else self.found(ask.window)
        if len(self.asks) == self.wrong_once:
            found = [n for n in found if not self.hides(self.times[n])]
        page = self._page(found, ask.page)
        return replace(page, rows=()) if self.is_deaf else page

    def _page(self, found: Sequence[int], number: int) -> Page:
        """Return a page of these rows."""
        found = found[: self.limit]
        found = found[::-1] if self.oldest_first else found
        shown = found[15 * (number - 1) : 15 * number]
        return Page(tuple(map(self._row, shown)), AnswerShape.NESTED, total=len(found))

    def _row(self, n: int) -> Row:
        written = {"created_at": f"{self.times[n].isoformat()}{self.written}"}
        return Row(RecordingId(str(n)), self.times[n], None, None, written)

    def missed(self, learned: Learning, window: Window) -> set[datetime]:
        """Return the rows of a window that are not listed when it is asked for, if it is sure."""
        drive(learned.learn(asked_of(window)), self.fetch)
        if learned.shift.doubt(asked_of(window)):
            return set()
        asked = learned.shift.moved(window)
        listed = {self.times[n] for n in self.found(asked)}
        rows = self.times[::-1]
        mean = {*rows[bisect_left(rows, window.first) : bisect_right(rows, window.last)]}
        strays = listed - mean
        assert all(self._is_blurred(each, window) for each in strays), (window, asked, strays)
        return mean - listed

    def _is_blurred(self, moment: datetime, window: Window) -> bool:
        """Whether an end of a window is in an hour that the filter's clock shows twice."""
        return any(
            self.by_filter(end + CLOCKS_CHANGE_BY) - self.by_filter(end - CLOCKS_CHANGE_BY)
            < 2 * CLOCKS_CHANGE_BY
            and abs(moment - end) <= CLOCKS_CHANGE_BY
            for end in (window.first, window.last)
        )


def asked_of(window: Window) -> PageQuery:
    return PageQuery.first(Report.RECORDINGS, window)


@cache
def each(minutes: int, days: int = 400, newest: datetime = NEWEST) -> Sequence[datetime]:
    """Return moments so many minutes apart, the newest first."""
    return [newest - n * timedelta(minutes=minutes) for n in range(days * 1440 // minutes)]


@cache
def few(minutes: int) -> Sequence[datetime]:
    """Return moments of every fifth day."""
    return [one for one in each(minutes) if one.day % 5 == 0]


def near(minutes: int, change: datetime) -> set[datetime]:
    """Return moments of some weeks around a change, and few of the rest of the year."""
    ages = (NEWEST - change + n * DAY for n in (-12, 12))
    newest, oldest = (max(0, -(-age // timedelta(minutes=minutes))) for age in ages)
    return {*each(minutes)[newest:oldest], *few(max(minutes, HOURLY))}


def some(random: Random, change: datetime) -> Window:
    """Return a window that begins near a change."""
    first = (change + (random.random() * 48 - 12) * HOUR).replace(microsecond=0)
    return Window(first, first + random.randrange(30 * 3_600) * SECOND)


EACH_HOUR = each(60, 30)


@pytest.mark.parametrize("minutes", [-12 * 60, -3 * 60 - 30, -60, 15, 330, 345, 14 * 60])
def test_how_far_the_filter_is_ahead_is_found_out(minutes: int, figure: Figure) -> None:
    portal = Portal(timedelta(minutes=minutes), EACH_HOUR)
    learned = portal.opened()
    assert learned.shift.now == portal.zone
    assert len(portal.asks) <= MOST_TO_OPEN
    assert not portal.missed(learned, Window.day(at(2026, 11, 3).date()))
    figure("R3", f"rows in UTC, the filter {minutes} min ahead: found in {len(portal.asks)} asks")


@pytest.mark.parametrize("written", ["", "Z", "+05:30", "-03:00"])
def test_a_filter_by_the_rows_own_clock_costs_one_request(written: str, figure: Figure) -> None:
    portal = Portal(timedelta(), EACH_HOUR, written=written)
    learned = portal.opened()
    assert learned.shift.now == NONE
    assert len(portal.asks) == 1
    figure("R3", f"created_at …{written}: the filter goes by it, 1 request")


def test_of_a_filter_that_lists_nothing_only_days_are_asked_for() -> None:
    portal = Portal(timedelta(), EACH_HOUR, is_deaf=True)
    learned = portal.opened()
    assert learned.shift.is_deaf
    assert len(portal.asks) <= 3 * MOST_TO_OPEN


@pytest.mark.parametrize("zone", CHANGES)
@pytest.mark.parametrize(("minutes", "oldest_first"), [(13, False), (61, True), (9_000, False)])
def test_no_row_is_missed_around_a_change_of_clocks(
    zone: str, minutes: int, figure: Figure, *, oldest_first: bool
) -> None:
    random, most = Random(minutes), 0
    for change in CHANGES[zone]:
        portal = Portal(zone, near(minutes, change), oldest_first=oldest_first)
        learned = portal.opened()
        windows = [Window.day((change + n * DAY).date()) for n in range(-3, 4)]
        windows += [some(random, change) for _ in range(8)]
        assert [each for each in windows if portal.missed(learned, each)] == []
        assert [each for each in windows if learned.shift.doubt(asked_of(each))] == []
        most = max(most, len(portal.asks))
    assert most <= MOST_AROUND_A_CHANGE
    figure("R3", f"{zone}, a row in {minutes} min: 15 windows at a change in {most} asks, all sure")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/London", "Pacific/Chatham", "UTC"])
@pytest.mark.parametrize("seed", range(3))
def test_one_day_of_any_time_is_sure_by_itself(zone: str, seed: int) -> None:
    random = Random(seed)
    times = [
        (one - random.random() * DAY).replace(microsecond=0)
        for one in each(random.choice((300, 3_000)), 400)
        if random.random() < 0.5
    ]
    portal = Portal(zone, times)
    for _ in range(12):
        portal.asks.clear()
        learned = portal.opened()
        day = (NEWEST - random.random() * 380 * DAY).date()
        window = random.choice((Window.day(day), Window.days(day, NEWEST.date())))
        assert not portal.missed(learned, window)
        assert not learned.shift.doubt(asked_of(window))
        assert len(portal.asks) <= MOST_AROUND_A_CHANGE


def test_an_old_day_alone_is_found_whole_and_in_few_asks(figure: Figure) -> None:
    hours = [at(2026, 7, 10, hour, 30) for hour in range(24)]
    portal = Portal("Europe/Berlin", [*hours, *each(360, 36)])
    learned = portal.opened()
    day = Window.day(hours[0].date())
    assert not portal.missed(learned, day)
    assert not learned.shift.doubt(asked_of(day))
    figure("R3", f"a day of July, told from November: all 24 rows, {len(portal.asks)} asks")


def test_one_answer_without_rows_hides_none_that_there_are() -> None:
    times = [at(2026, 10, 22, 23, 30), *(at(2026, 10, day, 12) for day in range(22, 27))]
    day = Window.day(at(2026, 10, 22).date())
    sure, most = 0, 0
    for number in range(1, MOST_AROUND_A_CHANGE):
        portal = Portal("Europe/Berlin", times, wrong_once=number)
        learned = portal.opened()
        assert not portal.missed(learned, day), f"answer {number} had no row"
        sure += not learned.shift.doubt(asked_of(day))
        most = max(most, len(portal.asks))
    assert sure > MOST_AROUND_A_CHANGE - most, "also where one of them is wrong"


HIDDEN: dict[str, Callable[[datetime], bool]] = {
    "all": lambda _moment: True,
    "every third hour": lambda moment: moment.hour % 3 == 0,
    "around midnight": lambda moment: moment.hour in {22, 23, 0, 1},
    "what is old": lambda moment: moment < at(2026, 3, 29, 1),
    "what is new": lambda moment: moment >= at(2026, 3, 29, 1),
}


@pytest.mark.parametrize("hidden", HIDDEN)
def test_one_answer_that_lacks_rows_moves_no_change_of_clocks(hidden: str, figure: Figure) -> None:
    """What is behind the change was taken for what is before it, and a day lost its last hour."""
    nights = {at(2026, 3, day, hour, 20) for day in range(26, 32) for hour in (0, 22, 23)}
    times = {*each(90, 12, at(2026, 4, 3)), *nights}
    days = [Window.day((at(2026, 3, 26) + n * DAY).date()) for n in range(7)]
    number, sure = 0, 0
    while True:
        number += 1
        portal = Portal("Europe/Berlin", times, wrong_once=number, hides=HIDDEN[hidden])
        learned = portal.opened()
        assert [day for day in days if portal.missed(learned, day)] == [], f"answer {number}"
        sure += all(not learned.shift.doubt(asked_of(day)) for day in days)
        if number > len(portal.asks):
            break
    figure("R3", f"one of {number} answers lacks {hidden}: no row lost, {sure} times all sure")


def test_the_last_row_before_a_gap_with_a_change_is_listed_with_its_fraction() -> None:
    last = at(2026, 10, 23, 23, 7, 14)
    times = [last, *(at(2026, 10, day, 12) for day in (21, 22, 23, 25, 26, 27))]
    portal = Portal("Europe/London", times, fraction=timedelta(milliseconds=51))
    learned = portal.opened()
    for ends in (Window.day(last.date()), Window.around(last)):
        assert not portal.missed(learned, ends.overlapping)
        assert not learned.shift.doubt(asked_of(ends.overlapping))


@pytest.mark.parametrize("limit", [3, 10, 15, 16])
def test_a_limit_of_a_page_hides_no_row_before_a_change(limit: int, figure: Figure) -> None:
    """All that is shown near the end of the window is of the time after the change."""
    change = at(2026, 10, 25, 1)
    before = [change - timedelta(minutes=minutes) for minutes in range(5, 60, 10)]
    behind = [change + timedelta(minutes=1 + 5 * n) for n in range(24)]
    portal = Portal("Europe/Berlin", [*before, *behind, *each(420, 28)[:80]], limit=limit)
    learned = portal.opened()
    window = Window(change - HOUR, change - SECOND)
    assert not portal.missed(learned, window)
    figure("R3", f"answers of {limit} rows at most, clocks set back within them: no row lost")


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Australia/Lord_Howe"])
def test_a_portal_of_one_row_is_known_in_few_asks(zone: str, figure: Figure) -> None:
    """It lies near the end of a day, and each answer has as many rows as any that a limit cut."""
    portal = Portal(zone, [at(2026, 10, 25, 23, 30)])
    learned = portal.opened()
    for day in range(5, 29):
        window = Window.day(at(2026, 10, day).date())
        assert not portal.missed(learned, window)
        assert not learned.shift.doubt(asked_of(window))
    assert len(portal.asks) <= MOST_OF_ONE_ROW
    figure("R3", f"24 days of a portal with one row, {zone}: {len(portal.asks)} asks")


@pytest.mark.parametrize("apart", [1, 2, 59, 600, 1_799, 3_600, 7_200])
def test_a_limit_of_one_row_hides_none_before_a_change(apart: int) -> None:
    change = at(2026, 10, 25, 1)
    for minutes in range(-90, 100, 15):
        newest = change + timedelta(minutes=minutes)
        portal = Portal("Europe/Berlin", [newest, newest - apart * SECOND], limit=1)
        learned = portal.opened()
        for first in (change - HOUR, change, newest - HOUR, newest):
            assert not portal.missed(learned, Window(first, first + 6 * HOUR)), (minutes, first)


@pytest.mark.parametrize(("of_half", "is_whole"), [(3, True), (4, False)])
def test_an_answer_is_not_whole_where_a_half_of_it_tells_of_more(
    of_half: int, figure: Figure, *, is_whole: bool
) -> None:
    portal = Portal("UTC", [at(2026, 10, 25, 12) - timedelta(minutes=n) for n in range(3)])
    points = RowPoints(portal.opened().shift)
    points.shift.most = 3
    rows = portal.page.rows
    page, half = (Page(rows, AnswerShape.NESTED, total=total) for total in (3, of_half))
    plan = points.is_whole(page, Window(at(2026, 10, 25, 11), at(2026, 10, 25, 13)))
    assert drive(plan, lambda asks: (half,) * len(asks)) is is_whole
    figure("R3", f"3 rows, of which a half tells {of_half}: whole {is_whole}")


@pytest.mark.parametrize("hidden", range(4))
def test_an_answer_is_not_whole_whichever_row_a_limit_cut_from_it(hidden: int) -> None:
    """Two of four rows are of one second, the newest, and beside each the others are shown."""
    noon = at(2026, 10, 25, 12)
    portal = Portal("Europe/Berlin", [noon, noon, noon - SECOND, noon - HOUR])
    points = RowPoints(portal.opened().shift)
    window = Window(noon - 2 * HOUR, noon + 3 * HOUR)
    whole = portal.page
    rows = tuple(row for n, row in enumerate(whole.rows) if n != hidden)
    cut = Page(rows, AnswerShape.NESTED, total=3)
    points.shift.most = 3
    assert not drive(points.is_whole(cut, window), portal.fetch)
    points.shift.most = 4
    assert drive(points.is_whole(whole, window), portal.fetch)


def test_a_first_page_that_lagged_behind_a_change_hides_no_row() -> None:
    """Rows since the change were not on it, so the filter seemed to go by winter time still."""
    change, late = at(2026, 3, 29, 1), at(2026, 3, 29, 23, 30)
    times = [*each(90, 20, change - DAY), late]
    portal = Portal("Europe/Berlin", times)
    lagging = replace(portal.page, rows=portal.page.rows[1:], total=len(times) - 1)
    shift = drive(opening_shift(Report.RECORDINGS, lagging), portal.fetch)
    assert shift is not None
    assert not portal.missed(Learning(shift), Window.day(late.date()))
    assert not shift.doubt(asked_of(Window.day(late.date())))


def test_a_date_at_which_the_filter_lists_nothing_is_in_doubt() -> None:
    portal = Portal("Europe/Berlin", each(61, 60))
    learned = portal.opened()
    portal.is_deaf = True
    day = Window.day(at(2026, 10, 3).date())
    drive(learned.learn(asked_of(day)), portal.fetch)
    assert (
        learned.shift.doubt(asked_of(day))
        == f"nothing shows by which clock the filter goes at {day.first}"
    )


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/London", "UTC", "Australia/Sydney"])
def test_where_times_of_day_are_ignored_a_day_is_sure_only_if_its_rows_are_its_own(
    zone: str, figure: Figure
) -> None:
    portal = Portal(zone, each(61), only_days=True)
    learned = portal.opened()
    days = [Window.day((NEWEST - n * DAY).date()) for n in range(1, 300, 9)]
    sure = []
    for day in days:
        assert not portal.missed(learned, day)
        sure += [day] if not learned.shift.doubt(asked_of(day)) else []
    assert (len(sure) == len(days)) == (zone == "UTC")
    figure("R3", f"{zone}, whole days only: {len(sure)} of {len(days)} days sure")
