"""A filter that goes by another clock than the rows: found out in a few requests, and told from."""

from datetime import datetime, timedelta

import pytest

from archiver.domain.recordings import RecordingId, Report, Row
from archiver.portal.proving.shift import shift
from archiver.portal.proving.slicing import drive
from archiver.portal.proving.walk import FilterForm, PageQuery
from archiver.portal.wire.answers import AnswerShape, Page
from tests.conftest import Figure

NEWEST = datetime(2026, 11, 25, 0, 30)  # noqa: DTZ001 - as the row has it
MOST_ASKS = 9


class Portal:
    """Lists rows by a clock that is ``ahead`` of the one that they are dated by."""

    def __init__(self, ahead: timedelta, written: str, *, is_deaf: bool = False) -> None:
        self.ahead = ahead
        self.is_deaf = is_deaf
        self.asks: list[PageQuery] = []
        self.rows = [
            Row(RecordingId(str(n)), at, None, None, {"created_at": f"{at.isoformat()}{written}"})
            for n in range(40)
            for at in [NEWEST - n * timedelta(hours=1)]
        ]

    @property
    def page(self) -> Page:
        return Page(tuple(self.rows[:15]), AnswerShape.NESTED, total=len(self.rows))

    def fetch(self, asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        self.asks += asks
        return tuple(self._answer(ask) for ask in asks)

    def _answer(self, ask: PageQuery) -> Page:
        assert ask.form is FilterForm.TIMES
        found = [
            row for row in self.rows if row.at and ask.window and row.at + self.ahead in ask.window
        ]
        return Page(() if self.is_deaf else tuple(found[:15]), AnswerShape.NESTED, total=len(found))


@pytest.mark.parametrize("minutes", [-12 * 60, -3 * 60 - 30, -60, 15, 330, 345, 14 * 60])
def test_how_far_the_filter_is_ahead_is_found_out(minutes: int, figure: Figure) -> None:
    portal = Portal(timedelta(minutes=minutes), "Z")
    assert drive(shift(Report.RECORDINGS, portal.page), portal.fetch) == portal.ahead
    assert len(portal.asks) <= MOST_ASKS
    figure("R3", f"rows in UTC, the filter {minutes} min ahead: found in {len(portal.asks)} asks")


@pytest.mark.parametrize(("written", "asks"), [("", 0), ("Z", 1), ("+05:30", 1), ("-03:00", 1)])
def test_a_filter_by_the_rows_own_clock_costs_one_request(
    written: str, asks: int, figure: Figure
) -> None:
    portal = Portal(timedelta(), written)
    assert drive(shift(Report.RECORDINGS, portal.page), portal.fetch) == timedelta()
    assert len(portal.asks) == asks
    figure("R3", f"created_at …{written}: the filter goes by it, {asks} requests")


def test_a_filter_that_lists_nothing_is_not_moved() -> None:
    portal = Portal(timedelta(), "Z", is_deaf=True)
    assert drive(shift(Report.RECORDINGS, portal.page), portal.fetch) == timedelta()
    assert len(portal.asks) <= MOST_ASKS
