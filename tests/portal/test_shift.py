"""A filter that goes by another clock than the rows: found out in a few requests, and told from."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from archiver.domain.recordings import RecordingId, Report, Row
from archiver.domain.times.window import DAY, SECOND, Window
from archiver.portal.proving.shift import HOUR, UNMOVED, Shift, shift
from archiver.portal.proving.slicing import drive
from archiver.portal.proving.walk import FilterForm, PageQuery
from archiver.portal.wire.answers import AnswerShape, Page
from tests.conftest import Figure

NEWEST = datetime(2026, 11, 25, 0, 30)  # noqa: DTZ001 - as the row has it
MOST_ASKS = 11
EACH_HOUR = tuple(NEWEST - n * timedelta(hours=1) for n in range(24 * 30))


class Portal:
    """Lists rows by a clock that is ``ahead`` of the one that they are dated by."""

    def __init__(
        self,
        ahead: timedelta,
        written: str,
        *,
        is_deaf: bool = False,
        times: Sequence[datetime] = EACH_HOUR,
        change: tuple[datetime, timedelta] | None = None,
    ) -> None:
        self.ahead = ahead
        self.change = change
        self.is_deaf = is_deaf
        self.written = written
        self.times = times
        self.asks: list[PageQuery] = []
        self.listed = sorted((at + self.at(at), n) for n, at in enumerate(times))
        """By the filter's clock, each with its place among the rows."""

    def at(self, moment: datetime) -> timedelta:
        """How far the filter is ahead at a moment of the rows' clock."""
        return self.change[1] if self.change and moment < self.change[0] else self.ahead

    @property
    def page(self) -> Page:
        return self._page(range(len(self.times)))

    def fetch(self, asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        self.asks += asks
        return tuple(self._answer(ask) for ask in asks)

    def _answer(self, ask: PageQuery) -> Page:
        assert ask.form is FilterForm.TIMES
        assert ask.window is not None
        first = bisect_left(self.listed, (ask.window.first, 0))
        behind = bisect_left(self.listed, (ask.window.last + SECOND, 0))
        found = self._page(sorted(n for _, n in self.listed[first:behind]))
        return replace(found, rows=()) if self.is_deaf else found

    def _page(self, found: Sequence[int]) -> Page:
        """Return the first page of these rows, newest first."""
        return Page(tuple(map(self._row, found[:15])), AnswerShape.NESTED, total=len(found))

    def _row(self, n: int) -> Row:
        written = {"created_at": f"{self.times[n].isoformat()}{self.written}"}
        return Row(RecordingId(str(n)), self.times[n], None, None, written)


@pytest.mark.parametrize("minutes", [-12 * 60, -3 * 60 - 30, -60, 15, 330, 345, 14 * 60])
def test_how_far_the_filter_is_ahead_is_found_out(minutes: int, figure: Figure) -> None:
    portal = Portal(timedelta(minutes=minutes), "Z")
    moved = drive(shift(Report.RECORDINGS, portal.page), portal.fetch)
    assert moved == Shift(portal.ahead, portal.ahead)
    assert len(portal.asks) <= MOST_ASKS
    figure("R3", f"rows in UTC, the filter {minutes} min ahead: found in {len(portal.asks)} asks")


@pytest.mark.parametrize(("written", "asks"), [("", 0), ("Z", 3), ("+05:30", 3), ("-03:00", 3)])
def test_a_filter_by_the_rows_own_clock_costs_three_requests(
    written: str, asks: int, figure: Figure
) -> None:
    portal = Portal(timedelta(), written)
    assert drive(shift(Report.RECORDINGS, portal.page), portal.fetch) == UNMOVED
    assert len(portal.asks) == asks
    figure("R3", f"created_at …{written}: the filter goes by it, {asks} requests")


def test_a_filter_that_lists_nothing_is_not_moved() -> None:
    portal = Portal(timedelta(), "Z", is_deaf=True)
    assert drive(shift(Report.RECORDINGS, portal.page), portal.fetch) == UNMOVED
    assert len(portal.asks) <= MOST_ASKS


def at(*moment: int) -> datetime:
    return datetime(*moment)  # type: ignore[arg-type]  # noqa: DTZ001 - as the row has it


BERLIN = (at(2026, 3, 29, 1), HOUR, 2 * HOUR), (at(2026, 10, 25, 1), 2 * HOUR, HOUR)
LONDON = (at(2026, 3, 29, 1), 0 * HOUR, HOUR), (at(2026, 10, 25, 1), HOUR, 0 * HOUR)
BOSTON = (at(2026, 3, 8, 7), -5 * HOUR, -4 * HOUR), (at(2026, 11, 1, 6), -4 * HOUR, -5 * HOUR)


@pytest.mark.parametrize(("change", "before", "now"), [*BERLIN, *LONDON, *BOSTON])
@pytest.mark.parametrize("days", [0.1, 3, 20])
@pytest.mark.parametrize("minutes", [7, 61, 500])
def test_the_moment_when_a_filters_clock_changed_is_found_out(  # noqa: PLR0913, PLR0917 - cases
    change: datetime, before: timedelta, now: timedelta, days: float, minutes: int, figure: Figure
) -> None:
    newest = change + days * DAY
    times = [newest - n * timedelta(minutes=minutes) for n in range(45 * 1440 // minutes)]
    portal = Portal(now, "Z", times=times, change=(change, before))
    moved = drive(shift(Report.RECORDINGS, portal.page), portal.fetch)
    assert (moved.before, moved.now) == (before, now)
    last, first = max(t for t in times if t < change), min(t for t in times if t >= change)
    assert last < moved.since <= first
    whole = Window.day(change.date())
    asked = moved.moved(whole)
    listed = {t for t in times if t + portal.at(t) in asked}
    assert listed == {t for t in times if t in whole}
    assert len(portal.asks) <= MOST_ASKS + 24
    figure("R3", f"clocks changed {days} days ago: found in {len(portal.asks)} asks")
