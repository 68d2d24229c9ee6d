"""What finding out the filter's clock costs, and what need not be asked for it."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.window import DAY, SECOND, Window
from archiver.portal.filter_clock.opening import opening_shift
from archiver.portal.filter_clock.row_clock import RowClock
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.slicing import drive
from archiver.portal.proving.witnesses import Witness
from tests.conftest import Figure
from tests.portal.test_shift import NEWEST, Portal, each

HOUR = timedelta(hours=1)
LOOK_BACK = [Window.day((NEWEST - n * DAY).date()) for n in (3, 2, 1)]
"""The days of a usual night."""
WEEKS_AGO = Window.days((NEWEST - 28 * DAY).date(), (NEWEST - 5 * DAY).date())
"""The days of which it is asked whether more has come."""

BY_DAY = each(200, 40, NEWEST + 12 * HOUR)


def opened(portal: Portal, *held: Witness) -> RowClock:
    shift = drive(opening_shift(Report.RECORDINGS, portal.page), portal.fetch)
    assert shift is not None
    clock = RowClock({Report.RECORDINGS: held})
    clock.open(shift)
    return clock


def asks(portal: Portal, clock: RowClock, *windows: Window, roughly: bool = False) -> list[str]:
    """Ask for windows; return what keeps their answers from being believed."""
    found = [PageQuery.first(Report.RECORDINGS, each, begins_roughly=roughly) for each in windows]
    return [page.doubt for ask in found for page in clock.fetch((ask,), portal.fetch) if page.doubt]


def known(portal: Portal, apart: timedelta = 5 * DAY) -> tuple[Witness, ...]:
    """Return rows of an archive of the portal, oldest first, some days apart."""
    held: list[Witness] = []
    for n, at in reversed([*enumerate(portal.times)]):
        if not held or at - held[-1].at >= apart:
            held.append(Witness(RecordingId(str(n)), at))
    return tuple(held)


def test_a_night_costs_four_questions_where_the_archive_has_rows(figure: Figure) -> None:
    portal = Portal(timedelta(), each(61, 90), written="")
    clock = opened(portal, *known(portal))
    assert asks(portal, clock, *LOOK_BACK, WEEKS_AGO) == []
    spent = len(portal.asks) - len(LOOK_BACK) - 1
    assert spent == 4, "the newest row's own second, two that are held, the first page once more"
    figure("R3", f"a night's {len(LOOK_BACK)} days and the four weeks before: {spent} asks more")


def test_what_the_archive_has_and_the_portal_has_no_more_is_looked_for() -> None:
    portal = Portal("Europe/Berlin", each(61, 60))
    deleted = tuple(Witness(RecordingId("gone"), one.at) for one in known(portal))
    assert asks(portal, opened(portal, *deleted), *LOOK_BACK, WEEKS_AGO) == []


def test_a_row_that_the_archive_dates_otherwise_shows_nothing() -> None:
    portal = Portal("Europe/Berlin", each(60, 60))
    wrong = tuple(Witness(one.id, one.at + HOUR) for one in known(portal))
    clock = opened(portal, *wrong)
    assert asks(portal, clock, *LOOK_BACK, WEEKS_AGO) == []
    shift = clock.shift(Report.RECORDINGS)
    assert shift is not None
    assert {point.ahead for point in shift.points if point.at >= NEWEST - 25 * DAY} == {HOUR}


@pytest.mark.parametrize(("n", "spent"), [(3, 1), (-3, 8)])
def test_a_plain_row_is_asked_for_by_what_holds_now_and_then_by_what_held(
    n: int, spent: int, figure: Figure
) -> None:
    """Its second is in winter, or in the summer before: a filter was an hour further ahead then."""
    portal = Portal("Europe/Berlin", each(61, 60), written="")
    clock = opened(portal)
    before, row = len(portal.asks), portal.times[n]
    second = Window.around(row).overlapping
    (page,) = clock.fetch((PageQuery.first(Report.RECORDINGS, second),), portal.fetch)
    assert [each.at for each in page.rows] == [row]
    assert not page.doubt
    assert len(portal.asks) - before == spent
    figure("R3", f"a plain row's own second, the filter changed since or not: {spent} asks")


def test_what_is_shown_to_find_out_is_told_once() -> None:
    portal = Portal("Europe/Berlin", each(61, 60))
    clock = opened(portal)
    asks(portal, clock, *LOOK_BACK)
    shown = clock.take_shown(Report.RECORDINGS)
    assert shown
    assert {each.at for each in shown} <= {*portal.times}
    assert not clock.take_shown(Report.RECORDINGS)


def test_what_is_shown_of_a_day_before_it_is_listed_must_be_listed() -> None:
    """What is shown of it later may have come since."""
    behaviour = PortalBehaviour(NEWEST)
    old, other = (Witness(RecordingId(f"{n}"), NEWEST - n * DAY) for n in (3, 2))
    behaviour.begin(LOOK_BACK[0], {old})
    behaviour.begin(LOOK_BACK[1], {other, replace(old, id=RecordingId("late"))})
    assert behaviour.strays == {old, other}


def test_a_row_that_is_there_no_more_is_looked_for_once() -> None:
    portal = Portal("Europe/Berlin", each(61, 60), written="")
    clock = opened(portal)
    ask = PageQuery.first(Report.RECORDINGS, Window.around(portal.times[-3] + SECOND))
    assert [page.rows for page in clock.fetch((ask, ask), portal.fetch)] == [(), ()]
    before = len(portal.asks)
    clock.fetch((ask,), portal.fetch)
    assert len(portal.asks) == before + 1


def test_where_a_window_begins_roughly_only_its_end_is_found_out() -> None:
    portal = Portal(timedelta(), each(61, 90), written="")
    clock = opened(portal)
    month = Window(NEWEST - 35 * DAY, NEWEST + 3 * HOUR)
    assert asks(portal, clock, month, roughly=True) == []
    assert len(portal.asks) == 3, "its own, beside the newest row's second and the first page"


@pytest.mark.parametrize(("by", "strays"), [(HOUR, False), (3 * HOUR, True), (-HOUR, False)])
def test_a_rough_beginning_bears_a_change_of_clocks(by: timedelta, *, strays: bool) -> None:
    first = datetime(2026, 3, 1)  # noqa: DTZ001 - as the row has it
    portal = Portal(timedelta(), [first - by])
    ask = PageQuery.first(Report.RECORDINGS, Window(first, first + 31 * DAY), begins_roughly=True)
    assert ask.is_strayed_from(portal.page) is strays
    assert ask.at(2).is_strayed_from(portal.page) is strays
    exactly = PageQuery.first(Report.RECORDINGS, ask.window)
    assert exactly.is_strayed_from(portal.page) is (by > timedelta())


def test_where_times_of_day_are_ignored_each_day_is_asked_for_once(figure: Figure) -> None:
    portal = Portal(timedelta(), BY_DAY, written="", only_days=True)
    clock = opened(portal)
    assert asks(portal, clock, *LOOK_BACK) == []
    assert len(portal.asks) == len(LOOK_BACK) + 3, "a day before, one behind, and a row's second"
    figure("R3", f"whole days only: {len(LOOK_BACK)} days listed in {len(portal.asks)} asks")


def test_a_page_is_handed_out_once_only() -> None:
    portal = Portal(timedelta(), BY_DAY, written="", only_days=True)
    clock = opened(portal)
    asks(portal, clock, LOOK_BACK[1])
    before = len(portal.asks)
    asks(portal, clock, LOOK_BACK[1])
    assert len(portal.asks) == before + 1


def test_of_a_day_before_the_windows_no_page_is_kept() -> None:
    """It may be listed much later in a run, when more has come for it."""
    portal = Portal(timedelta(), BY_DAY, written="", only_days=True)
    clock = opened(portal)
    asks(portal, clock, LOOK_BACK[1])
    before = len(portal.asks)
    asks(portal, clock, LOOK_BACK[0])
    assert PageQuery.first(Report.RECORDINGS, LOOK_BACK[0]) in portal.asks[before:]
