"""What the first day of all costs: no row from before it shows by which clock the filter goes."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import pytest

from archiver.domain.recordings import Report
from archiver.domain.times.window import Window
from archiver.listing.slices import list_slices
from archiver.portal.session import open_session
from archiver.sandbox import Sandbox
from archiver.sandbox.portal import reports
from tests.bench.portal_process import PortalPlan, world_of
from tests.conftest import Figure
from tests.portal.quick import TOKEN, quick
from tests.portal.test_shift import HOUR, Portal, asked_of, at, each
from tests.pulls import DAY

COUNT, A_PAGE = 800, 15
MINUTE = timedelta(minutes=1)
FIRST = at(2026, 11, 24)
BUSY = [FIRST + 2 * n * MINUTE for n in range(1, 720)]
"""A day of which the first two hours fill five pages."""


@pytest.mark.parametrize(("link_life", "more"), [(3_600, 10), (None, 13)])
def test_a_busy_first_day_costs_few_requests_beside_its_pages(
    link_life: int | None, more: int, figure: Figure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of links that don't tell how old they are, each slice's first page is asked for again."""
    if link_life is None:
        monkeypatch.setattr(reports, "sign", lambda *_: "https://host/key")
    with (
        Sandbox(world_of(PortalPlan(COUNT, 1)), token=TOKEN) as sandbox,
        quick(sandbox.endpoint) as client,
    ):
        session = open_session(client, Report.RECORDINGS, None)
        window = Window.day(DAY.date())
        listings = [*list_slices(client, Report.RECORDINGS, window, session.behaviour())]
        spent = client.requests
    assert all(listing.proven for listing in listings)
    assert len({each.row.id for listing in listings for each in listing.listed}) == COUNT
    pages = -(-COUNT // A_PAGE)
    assert spent == pages + more
    figure("R3", f"the first day of all, {COUNT} rows: {spent} requests, {pages} are the least")


class Cut(Portal):
    """Serves the newest 40 rows of whatever is asked for, and counts no more."""

    def found(self, asked: Window) -> list[int]:
        return super().found(asked)[:40]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
@pytest.mark.parametrize(
    ("times", "spent"), [(BUSY, 6), ([FIRST + n * HOUR for n in range(1, 24)], 5)]
)
def test_the_oldest_row_of_all_shows_the_clock_at_the_beginning(
    zone: str, times: list[datetime], spent: int, figure: Figure
) -> None:
    portal = Portal(zone, times)
    learned = portal.opened()
    before = len(portal.asks)
    day = Window.day(FIRST.date())
    assert not portal.missed(learned, day)
    assert not learned.shift.doubt(asked_of(day))
    assert len(portal.asks) - before <= spent
    figure("R3", f"{zone}, {len(times)} rows and none before: sure in {spent} asks")


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_what_a_limit_cuts_from_every_page_begins_no_history(zone: str) -> None:
    portal = Cut(zone, BUSY)
    learned = portal.opened()
    assert not portal.missed(learned, Window(FIRST, FIRST + HOUR))


class TwoHours(Portal):
    """Its filter's clock is set back by two hours."""

    def by_filter(self, moment: datetime) -> datetime:
        return moment + (2 * HOUR if moment < SET_BACK else timedelta())


SET_BACK = at(2026, 10, 25, 1)
LAST_BEFORE = SET_BACK - 10 * MINUTE
"""An hour later by the filter's clock than what follows at once."""


def dense(since: datetime) -> Iterable[datetime]:
    return (since + 4 * n * MINUTE for n in range(60))


def sparse(since: datetime) -> Iterable[datetime]:
    return (since + n * HOUR for n in range(9))


@pytest.mark.parametrize("follow", [dense, sparse])
def test_one_answer_that_lacks_the_oldest_row_of_all_hides_it_from_no_day(
    follow: Callable[[datetime], Iterable[datetime]], figure: Figure
) -> None:
    """Clocks are set back behind it, so it lies in the filter's next day."""
    times = {LAST_BEFORE, *follow(SET_BACK + 35 * MINUTE), *each(600, 28)[:-1]}
    times -= {one for one in times if one < LAST_BEFORE}
    window, number, sure = Window(SET_BACK - HOUR, SET_BACK - MINUTE), 0, 0
    while True:
        number += 1
        portal = Portal(
            "Europe/Berlin", times, wrong_once=number, hides=lambda one: one == LAST_BEFORE
        )
        learned = portal.opened()
        assert portal.missed(learned, window) == set(), f"answer {number}"
        sure += not learned.shift.doubt(asked_of(window))
        if number > len(portal.asks):
            break
    assert sure
    figure("R3", f"the oldest of all, before a change: no answer of {number} hides it")


def test_what_lies_an_hour_behind_the_oldest_by_the_filter_alone_is_missed_by_no_window() -> None:
    """Clocks are set back two hours: so late by the filter's are rows from before the oldest."""
    times = {*dense(SET_BACK - 30 * MINUTE), *each(600, 25)[:-1]}
    portal = TwoHours(timedelta(), {one for one in times if one >= SET_BACK - 30 * MINUTE})
    learned = portal.opened()
    for minutes in (-100, -45, 10, 45, 70):
        moment = SET_BACK + minutes * MINUTE
        assert not portal.missed(learned, Window(moment, moment + 24 * HOUR))
        assert not portal.missed(learned, Window(moment - 24 * HOUR, moment))


def test_one_answer_without_rows_makes_no_beginning_quiet(figure: Figure) -> None:
    """Told in summer of the winter before, of which one page has all that is near."""
    first = at(2026, 1, 10)
    times = {*(first + n * HOUR + 10 * MINUTE for n in range(8)), *each(600, 150, at(2026, 6, 30))}
    times -= {one for one in times if one < first}
    windows = [Window.day(first.date()), Window(first - HOUR / 2, first + 5 * HOUR)]
    number, sure = 0, 0
    while True:
        number += 1
        portal = Portal("Europe/Berlin", times, wrong_once=number)
        learned = portal.opened()
        assert [one for one in windows if portal.missed(learned, one)] == [], f"answer {number}"
        quiet = [each for each in learned.shift.quiet if portal.found(each)]
        assert quiet == [], f"rows lie where none is said to be by answer {number}"
        sure += all(not learned.shift.doubt(asked_of(one)) for one in windows)
        if number > len(portal.asks):
            break
    assert sure
    figure("R3", f"a sparse beginning, one of {number} answers without rows: none lost")
