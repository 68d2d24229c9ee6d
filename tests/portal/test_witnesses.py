"""An empty answer is believed only beside a row that must be there, and at the cost of few asks."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.window import SECOND, Window
from archiver.portal.proving.page_query import FilterForm
from archiver.portal.proving.portal_behaviour import Honoured, PortalBehaviour
from archiver.portal.proving.proof import prove
from archiver.portal.proving.slicing import drive
from archiver.portal.proving.window_listing import Listing
from archiver.portal.proving.witnesses import Witness, Witnesses
from archiver.portal.wire.answers import AnswerShape
from tests.portal.memory import NOW, STANDING, Moods, Portal, filled

FIRST = datetime(2021, 4, 10, 9)  # noqa: DTZ001 - the portal's own clock has no zone
DAY = timedelta(days=1)
EMPTY_DAY = Window.day(NOW.date() - DAY)
EMPTY_HOUR = Window(NOW - timedelta(hours=6), NOW - timedelta(hours=5))
ROWS = [FIRST + n * 3_600 * SECOND for n in range(5)]


def held(portal: Portal) -> tuple[Witness, ...]:
    """Return what an archive has of a portal, newest first."""
    rows = sorted(portal.rows.items(), key=lambda each: each[1], reverse=True)
    return tuple(Witness(*each) for each in rows)


def listed(portal: Portal, behaviour: PortalBehaviour, window: Window) -> tuple[Listing, int]:
    """List a window; return that, and how many requests it took."""
    before = len(portal.asks)
    listing = drive(prove(Report.RECORDINGS, window, behaviour), portal.fetch)
    return listing, len(portal.asks) - before


@pytest.mark.parametrize("shape", AnswerShape)
@pytest.mark.parametrize("window", [EMPTY_DAY, EMPTY_HOUR])
@pytest.mark.parametrize("is_new", [False, True])
def test_one_row_that_is_held_is_proof_enough(
    shape: AnswerShape,
    window: Window,
    is_new: bool,  # noqa: FBT001 - a case
) -> None:
    portal = filled(ROWS, Moods(shape=shape))
    behaviour = portal.behaviour(() if is_new else held(portal))
    listing, requests = listed(portal, behaviour, window)
    assert (listing.proven, requests) == (True, 3)
    assert listed(portal, behaviour, window)[1] == 2, "the row is asked for once a run"


@pytest.mark.parametrize("window", [EMPTY_DAY, EMPTY_HOUR])
def test_what_is_held_and_shown_no_more_makes_every_empty_answer_doubtful(window: Window) -> None:
    portal = filled(ROWS)
    known = held(portal)
    portal.rows.clear()
    behaviour = portal.behaviour(known)
    listing, requests = listed(portal, behaviour, window)
    assert (listing.proven, behaviour.witnesses.are_contradicted) == (False, True)
    assert "nothing of what the archive holds" in listing.note
    assert requests == 1 + len(known)
    assert listed(portal, behaviour, window)[1] == 1, "they are asked for once"
    assert behaviour.filter_support is Honoured.TIMES, "the filter is not to blame"


def test_rows_that_are_not_held_vouch_for_nothing() -> None:
    portal = filled(ROWS)
    known = held(portal)
    portal.rows.clear()
    portal.rows[RecordingId("new")] = FIRST + 5 * DAY
    behaviour = portal.behaviour(known)
    listing, _ = listed(portal, behaviour, EMPTY_DAY)
    assert (listing.proven, behaviour.witnesses.are_contradicted) == (False, True)
    assert behaviour.filter_support is Honoured.TIMES


def test_any_one_that_is_left_is_witness_enough() -> None:
    portal = filled(ROWS)
    known = held(portal)
    for witness in known[:4]:
        del portal.rows[witness.id]
    portal.rows[RecordingId("new")] = FIRST + 5 * DAY
    for number in range(20):
        portal.rows[RecordingId(f"newer-{number}")] = FIRST + 6 * DAY + number * SECOND
    behaviour = portal.behaviour(known)
    listing, _ = listed(portal, behaviour, EMPTY_DAY)
    assert listing.proven
    assert not behaviour.witnesses.are_contradicted


@pytest.mark.parametrize(
    ("filter_support", "apart", "cost"),
    [
        (Honoured.TIMES, SECOND, 3),
        (Honoured.TIMES, 0 * SECOND, 6),
        (Honoured.DAYS, SECOND, 10),
    ],
    ids=["of its day", "of its second", "of its day, dates only"],
)
def test_a_witness_behind_newer_rows_is_found(
    filter_support: Honoured, apart: timedelta, cost: int
) -> None:
    """By its second, where that can be asked for; else on the fourth page of its day."""
    portal = filled(ROWS, Moods(blind_to_times=filter_support is Honoured.DAYS))
    known = held(portal)
    for number in range(40):
        portal.rows[RecordingId(f"newer-{number}")] = ROWS[-1] + (number + 1) * apart
    behaviour = portal.behaviour(known[:1])
    behaviour.filter_support = filter_support
    listing, requests = listed(portal, behaviour, EMPTY_DAY)
    assert (listing.proven, requests) == (True, cost)
    assert behaviour.filter_support is filter_support


@pytest.mark.parametrize(
    ("second", "cost"), [(EMPTY_DAY.first - SECOND, 4), (EMPTY_DAY.last + SECOND, 3)]
)
@pytest.mark.parametrize("is_new", [False, True])
def test_a_row_beside_an_empty_day_says_nothing_of_the_filter(
    second: datetime,
    cost: int,
    is_new: bool,  # noqa: FBT001 - a case
) -> None:
    """A day is asked for from the second before it up to the one behind it."""
    portal = filled([*ROWS, second + timedelta(milliseconds=400)])
    known = tuple(replace(each, at=each.at.replace(microsecond=0)) for each in held(portal))
    behaviour = PortalBehaviour(NOW - STANDING, witnesses=Witnesses(() if is_new else known, known))
    listing, requests = listed(portal, behaviour, EMPTY_DAY)
    assert (listing.proven, listing.listed, requests) == (True, (), cost)
    assert behaviour.filter_support is Honoured.TIMES


@pytest.mark.parametrize(
    ("moods", "filter_support", "most"),
    [
        (Moods(blind_to_times=True), Honoured.DAYS, 6),
        (Moods(times_as_now=True), Honoured.DAYS, 6),
        (Moods(dates_as_now=True), Honoured.NOTHING, 12),
        (Moods(unfiltered=True), Honoured.NOTHING, 8),
    ],
)
@pytest.mark.parametrize("is_busy", [False, True], ids=["shown", "behind newer rows"])
def test_a_filter_that_does_not_work_is_told_from_a_right_that_is_lost(
    moods: Moods,
    filter_support: Honoured,
    most: int,
    is_busy: bool,  # noqa: FBT001 - a case
) -> None:
    portal = filled(ROWS, moods)
    known = held(portal)
    for number in range(30 if is_busy else 0):
        portal.rows[RecordingId(f"new-{number}")] = FIRST + 5 * DAY + number * SECOND
    behaviour = portal.behaviour(known)
    listing, requests = listed(portal, behaviour, EMPTY_HOUR)
    assert (listing.proven, listing.listed) == (True, ())
    assert behaviour.filter_support is filter_support
    assert requests <= most + 6 * is_busy


def test_where_everything_is_walked_what_is_held_must_be_there() -> None:
    portal = filled(ROWS, Moods(unfiltered=True))
    known = held(portal)
    portal.rows = {RecordingId("new"): FIRST + 5 * DAY}
    behaviour = portal.behaviour(known)
    listing, _ = listed(portal, behaviour, EMPTY_DAY)
    assert (listing.proven, behaviour.witnesses.are_contradicted) == (False, True)


@pytest.mark.parametrize("is_by_dates", [False, True], ids=["times first", "dates first"])
def test_nothing_vouches_for_another_form(
    is_by_dates: bool,  # noqa: FBT001 - a case
) -> None:
    """A day is asked for by times, or by dates alone where nothing of it lies behind its end."""
    portal = filled(ROWS)
    behaviour = portal.behaviour(held(portal))

    def cost(day: Window, *, by_dates: bool) -> int:
        before = len(portal.asks)
        asked = day if by_dates else None
        assert drive(prove(Report.RECORDINGS, day, behaviour, asked), portal.fetch).proven
        assert portal.asks[before].form is (FilterForm.DAYS if by_dates else FilterForm.TIMES)
        return len(portal.asks) - before

    cost(Window.day(FIRST.date()), by_dates=is_by_dates)
    assert behaviour.believed == {FilterForm.DAYS if is_by_dates else FilterForm.TIMES}
    assert cost(EMPTY_DAY, by_dates=is_by_dates) == 2
    assert cost(EMPTY_DAY, by_dates=not is_by_dates) == 3
    assert behaviour.believed == {FilterForm.DAYS, FilterForm.TIMES}


def test_a_row_of_now_is_no_witness() -> None:
    behaviour = PortalBehaviour(NOW - STANDING, witnesses=Witnesses((), ()))
    listing, _ = listed(filled([NOW]), behaviour, EMPTY_DAY)
    assert not listing.proven
    assert "no known row" in listing.note


@pytest.mark.parametrize("hours", [-24, -6, -1, 1, 6, 24])
@pytest.mark.parametrize("shape", AnswerShape)
def test_a_filter_that_lists_other_times_than_it_is_asked_for_proves_nothing(
    shape: AnswerShape, hours: int
) -> None:
    """Nothing lies where it looks instead, but what the portal shows without it is missing."""
    day = EMPTY_DAY.first
    edge = day + timedelta(hours=23, minutes=30) if hours < 0 else day + timedelta(minutes=30)
    portal = filled([day - 9 * DAY, day + 12 * 3_600 * SECOND, edge], Moods(shape=shape))
    portal.moods = replace(portal.moods, shift=timedelta(hours=hours))
    listing, _ = listed(portal, portal.behaviour(), EMPTY_DAY)
    assert len(listing.listed) == 2
    assert not listing.proven or "ignores the filter" in listing.note


def test_a_row_that_was_deleted_since_it_was_shown_is_not_missed() -> None:
    day = EMPTY_DAY.first
    portal = filled([day - 9 * DAY, day + 3_600 * SECOND, day + 7_200 * SECOND])
    behaviour = portal.behaviour()
    del portal.rows[RecordingId("row-0002")]
    listing, requests = listed(portal, behaviour, EMPTY_DAY)
    assert (listing.proven, len(listing.listed)) == (True, 1)
    assert behaviour.filter_support is Honoured.TIMES
    assert requests == 5, (
        "the day, the month around, twice, what is shown by now, a row's own second"
    )


@pytest.mark.parametrize("hours", [-6, -3, -1, 1, 3, 6])
def test_a_filter_that_is_moved_is_found_out_where_the_newest_rows_do_not_reach(hours: int) -> None:
    """The day has nothing where the filter looks instead, and is no longer among what is shown."""
    day = EMPTY_DAY.first - 8 * DAY
    edge = day + timedelta(hours=22 if hours < 0 else 1)
    noons = [day + 12 * 3_600 * SECOND + n * 600 * SECOND for n in range(3)]
    later = [each + n * DAY for n in range(1, 9) for each in noons]
    portal = filled([*noons, edge, *later], Moods(shift=timedelta(hours=hours)))
    behaviour = portal.behaviour()
    listing, _ = listed(portal, behaviour, Window.day(day.date()))
    assert portal.within(Window.day(day.date())) == {each.row.id for each in listing.listed}
    assert behaviour.filter_support is Honoured.NOTHING


def test_of_whole_days_the_row_nearest_to_midnight_is_asked_for() -> None:
    """At a portal that takes no times of day, and looks three hours too early."""
    day = EMPTY_DAY.first
    hours = (9, 12, 22)
    portal = filled([day + n * 3_600 * SECOND for n in hours])
    known = portal.behaviour().witnesses
    assert known.nearest_to_midnight == Witness(RecordingId("row-0002"), day + timedelta(hours=22))
    assert Witnesses().nearest_to_midnight is None


def test_a_row_that_is_deleted_before_its_day_is_listed_makes_no_filter_distrusted() -> None:
    day = EMPTY_DAY.first
    portal = filled([day - 9 * DAY, day + 3_600 * SECOND])
    behaviour = portal.behaviour()
    del portal.rows[RecordingId("row-0001")]
    listing, _ = listed(portal, behaviour, EMPTY_DAY)
    assert (listing.proven, listing.listed, behaviour.filter_support) == (True, (), Honoured.TIMES)


def test_silence_at_the_end_is_told_from_silence_that_was_broken() -> None:
    """Whoever ends in silence asks whether the portal lists anything at all any more."""
    portal = filled(ROWS)
    behaviour = portal.behaviour(held(portal))
    heard = []
    for window in (Window.day(FIRST.date()), EMPTY_DAY, Window.day(FIRST.date())):
        listed(portal, behaviour, window)
        heard.append(behaviour.is_silent)
    assert heard == [False, True, False]


def test_what_is_pushed_off_the_first_page_is_not_taken_for_deleted() -> None:
    """A date that the portal can't read means now, and rows of now fill the page."""
    day = EMPTY_DAY.first - DAY
    portal = filled([day], Moods(dates_as_now=True, arrivals=3, per_page=3))
    listing, _ = listed(portal, portal.behaviour(), Window.days(day.date(), EMPTY_DAY.first.date()))
    assert not listing.proven or len(listing.listed) == 1
    shown = portal.behaviour().witnesses
    shown.show([], are_all=True)
    assert shown.shown, "a page without any row tells of no deletion"


def test_rows_and_then_none_are_a_silence() -> None:
    """A right may end while a window is listed: after rows that were handed on, nothing comes."""
    behaviour = PortalBehaviour(datetime(2026, 3, 1))  # noqa: DTZ001 - portal time
    silent = []
    for ids in ({RecordingId("one")}, set[RecordingId](), {RecordingId("one")}):
        behaviour.believe(FilterForm.DAYS, ids)
        silent.append(behaviour.is_silent)
    assert silent == [False, True, False]
