"""Finding a row again, on portals that honour times of day and on those that don't."""

from datetime import datetime, timedelta

import pytest

from archiver.domain.recordings import Report
from archiver.domain.times.window import SECOND, Window
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.portal_behaviour import Honoured
from archiver.portal.proving.proof import prove
from archiver.portal.proving.slicing import drive
from archiver.portal.proving.walk import Listed
from archiver.portal.renewal import MAX_STEPS, find_again, list_again
from tests.portal.memory import Moods, Portal, filled

FIRST = datetime(2021, 4, 17)  # noqa: DTZ001 - the portal's own clock has no zone
DAY = Window.day(FIRST.date())


def listed_on(portal: Portal) -> tuple[Listed, ...]:
    return drive(prove(Report.RECORDINGS, DAY, portal.behaviour()), portal.fetch).listed


@pytest.mark.parametrize(
    "moods",
    [
        Moods(),
        Moods(blind_to_times=True),
        Moods(times_as_now=True),
        Moods(unfiltered=True),
        Moods(unfiltered=True, arrivals=200),
        Moods(shuffled_ties=True),
    ],
)
def test_every_row_is_found_again(moods: Moods) -> None:
    portal = filled([FIRST + n * 1_000 * SECOND for n in range(80)], moods)
    behaviour = portal.behaviour()
    for listed in listed_on(portal):
        before = len(portal.asks)
        again = drive(find_again(Report.RECORDINGS, listed, behaviour), portal.fetch)
        assert again is not None
        assert again.row.id == listed.row.id
        assert len(portal.asks) - before <= 2 * MAX_STEPS
    honours_times = not (moods.blind_to_times or moods.times_as_now or moods.unfiltered)
    assert (behaviour.filter_support is Honoured.TIMES) is honours_times


def test_one_request_where_times_are_honoured() -> None:
    portal = filled([FIRST + n * 1_000 * SECOND for n in range(80)])
    listed = listed_on(portal)[40]
    before = len(portal.asks)
    assert drive(find_again(Report.RECORDINGS, listed, portal.behaviour()), portal.fetch)
    assert len(portal.asks) - before == 1


def test_a_row_is_found_within_its_second() -> None:
    times = [FIRST + n * 1_000 * SECOND + timedelta(milliseconds=600) for n in range(80)]
    portal = filled(times)
    listed, behaviour = listed_on(portal), portal.behaviour()
    before = len(portal.asks)
    assert drive(find_again(Report.RECORDINGS, listed[40], behaviour), portal.fetch)
    assert len(portal.asks) - before == 1
    assert behaviour.filter_support is Honoured.TIMES
    again = drive(list_again(Report.RECORDINGS, listed[20:50], behaviour), portal.fetch)
    assert {*again} == {each.row.id for each in listed[20:50]}


def test_a_row_that_vanished_is_not_found() -> None:
    portal = filled([FIRST + n * 1_000 * SECOND for n in range(80)])
    listed = listed_on(portal)[40]
    del portal.rows[listed.row.id]
    behaviour = portal.behaviour()
    assert drive(find_again(Report.RECORDINGS, listed, behaviour), portal.fetch) is None
    assert behaviour.filter_support is Honoured.TIMES


@pytest.mark.parametrize("moods", [Moods(), Moods(unfiltered=True)])
def test_the_rest_of_a_slice_comes_in_its_pages(moods: Moods) -> None:
    portal = filled([FIRST + n * 1_000 * SECOND for n in range(80)], moods)
    behaviour = portal.behaviour()
    if moods.unfiltered:
        behaviour.filter_support = Honoured.NOTHING
    rest = listed_on(portal)[20:50]
    before = len(portal.asks)
    found = drive(list_again(Report.RECORDINGS, rest, behaviour), portal.fetch)
    assert {*found} == {listed.row.id for listed in rest}
    assert len(portal.asks) - before <= 3
    assert all(isinstance(listed.ask, PageQuery) for listed in found.values())
