"""An empty answer is believed only beside a row that must be there, and at the cost of few asks."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from archiver.portal.paging import Form, Honoured, Manners
from archiver.portal.proof import Listing, prove
from archiver.portal.survey import drive
from archiver.portal.wire import Shape
from archiver.portal.witnesses import Witness, Witnesses
from archiver.recordings import RecordingId, Report
from archiver.windows import SECOND, Window
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


def listed(portal: Portal, manners: Manners, window: Window) -> tuple[Listing, int]:
    """List a window; return that, and how many requests it took."""
    before = len(portal.asks)
    listing = drive(prove(Report.RECORDINGS, window, manners), portal.fetch)
    return listing, len(portal.asks) - before


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize("window", [EMPTY_DAY, EMPTY_HOUR])
@pytest.mark.parametrize("is_new", [False, True])
def test_one_row_that_is_held_is_proof_enough(
    shape: Shape,
    window: Window,
    is_new: bool,  # noqa: FBT001 - a case
) -> None:
    portal = filled(ROWS, Moods(shape=shape))
    manners = portal.manners(() if is_new else held(portal))
    listing, requests = listed(portal, manners, window)
    assert (listing.proven, requests) == (True, 3)
    assert listed(portal, manners, window)[1] == 2, "the row is asked for once a run"


@pytest.mark.parametrize("window", [EMPTY_DAY, EMPTY_HOUR])
def test_what_is_held_and_shown_no_more_makes_every_empty_answer_doubtful(window: Window) -> None:
    portal = filled(ROWS)
    known = held(portal)
    portal.rows.clear()
    manners = portal.manners(known)
    listing, requests = listed(portal, manners, window)
    assert (listing.proven, manners.witnesses.are_contradicted) == (False, True)
    assert "nothing of what the archive holds" in listing.note
    assert requests == 1 + len(known)
    assert listed(portal, manners, window)[1] == 1, "they are asked for once"
    assert manners.honoured is Honoured.TIMES, "the filter is not to blame"


def test_rows_that_are_not_held_vouch_for_nothing() -> None:
    portal = filled(ROWS)
    known = held(portal)
    portal.rows.clear()
    portal.rows[RecordingId("new")] = FIRST + 5 * DAY
    manners = portal.manners(known)
    listing, _ = listed(portal, manners, EMPTY_DAY)
    assert (listing.proven, manners.witnesses.are_contradicted) == (False, True)
    assert manners.honoured is Honoured.TIMES


def test_any_one_that_is_left_is_witness_enough() -> None:
    portal = filled(ROWS)
    known = held(portal)
    for witness in known[:4]:
        del portal.rows[witness.id]
    portal.rows[RecordingId("new")] = FIRST + 5 * DAY
    for number in range(20):
        portal.rows[RecordingId(f"newer-{number}")] = FIRST + 6 * DAY + number * SECOND
    manners = portal.manners(known)
    listing, _ = listed(portal, manners, EMPTY_DAY)
    assert listing.proven
    assert not manners.witnesses.are_contradicted


@pytest.mark.parametrize(
    ("honoured", "apart", "cost"),
    [
        (Honoured.TIMES, SECOND, 3),
        (Honoured.TIMES, 0 * SECOND, 6),
        (Honoured.DAYS, SECOND, 9),
    ],
    ids=["of its day", "of its second", "of its day, dates only"],
)
def test_a_witness_behind_newer_rows_is_found(
    honoured: Honoured, apart: timedelta, cost: int
) -> None:
    """By its second, where that can be asked for; else on the fourth page of its day."""
    portal = filled(ROWS, Moods(blind_to_times=honoured is Honoured.DAYS))
    known = held(portal)
    for number in range(40):
        portal.rows[RecordingId(f"newer-{number}")] = ROWS[-1] + (number + 1) * apart
    manners = portal.manners(known[:1])
    manners.honoured = honoured
    listing, requests = listed(portal, manners, EMPTY_DAY)
    assert (listing.proven, requests) == (True, cost)
    assert manners.honoured is honoured


@pytest.mark.parametrize("second", [EMPTY_DAY.first - SECOND, EMPTY_DAY.last + SECOND])
@pytest.mark.parametrize("is_new", [False, True])
def test_a_row_beside_an_empty_day_says_nothing_of_the_filter(
    second: datetime,
    is_new: bool,  # noqa: FBT001 - a case
) -> None:
    """A day is asked for up to the second behind it, in whose fractions a row is not listed."""
    portal = filled([*ROWS, second + timedelta(milliseconds=400)])
    known = tuple(replace(each, at=each.at.replace(microsecond=0)) for each in held(portal))
    manners = Manners(NOW - STANDING, witnesses=Witnesses(() if is_new else known, known))
    listing, requests = listed(portal, manners, EMPTY_DAY)
    assert (listing.proven, listing.listed, requests) == (True, (), 3)
    assert manners.honoured is Honoured.TIMES


@pytest.mark.parametrize(
    ("moods", "honoured", "most"),
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
    honoured: Honoured,
    most: int,
    is_busy: bool,  # noqa: FBT001 - a case
) -> None:
    portal = filled(ROWS, moods)
    known = held(portal)
    for number in range(30 if is_busy else 0):
        portal.rows[RecordingId(f"new-{number}")] = FIRST + 5 * DAY + number * SECOND
    manners = portal.manners(known)
    listing, requests = listed(portal, manners, EMPTY_HOUR)
    assert (listing.proven, listing.listed) == (True, ())
    assert manners.honoured is honoured
    assert requests <= most + 6 * is_busy


def test_where_everything_is_walked_what_is_held_must_be_there() -> None:
    portal = filled(ROWS, Moods(unfiltered=True))
    known = held(portal)
    portal.rows = {RecordingId("new"): FIRST + 5 * DAY}
    manners = portal.manners(known)
    listing, _ = listed(portal, manners, EMPTY_DAY)
    assert (listing.proven, manners.witnesses.are_contradicted) == (False, True)


@pytest.mark.parametrize("is_by_dates", [False, True], ids=["times first", "dates first"])
def test_nothing_vouches_for_another_form(
    is_by_dates: bool,  # noqa: FBT001 - a case
) -> None:
    """A day is asked for by times, or by dates alone where nothing of it lies behind its end."""
    portal = filled(ROWS)
    manners = portal.manners(held(portal))

    def cost(day: Window, *, by_dates: bool) -> int:
        before = len(portal.asks)
        asked = day if by_dates else None
        assert drive(prove(Report.RECORDINGS, day, manners, asked), portal.fetch).proven
        assert portal.asks[before].form is (Form.DAYS if by_dates else Form.TIMES)
        return len(portal.asks) - before

    cost(Window.day(FIRST.date()), by_dates=is_by_dates)
    assert manners.believed == {Form.DAYS if is_by_dates else Form.TIMES}
    assert cost(EMPTY_DAY, by_dates=is_by_dates) == 2
    assert cost(EMPTY_DAY, by_dates=not is_by_dates) == 3
    assert manners.believed == {Form.DAYS, Form.TIMES}


def test_a_row_of_now_is_no_witness() -> None:
    manners = Manners(NOW - STANDING, witnesses=Witnesses((), ()))
    listing, _ = listed(filled([NOW]), manners, EMPTY_DAY)
    assert not listing.proven
    assert "no known row" in listing.note


@pytest.mark.parametrize("hours", [-24, -6, -1, 1, 6, 24])
@pytest.mark.parametrize("shape", Shape)
def test_a_filter_that_lists_other_times_than_it_is_asked_for_proves_nothing(
    shape: Shape, hours: int
) -> None:
    """Nothing lies where it looks instead, but what the portal shows without it is missing."""
    day = EMPTY_DAY.first
    edge = day + timedelta(hours=23, minutes=30) if hours < 0 else day + timedelta(minutes=30)
    portal = filled([day - 9 * DAY, day + 12 * 3_600 * SECOND, edge], Moods(shape=shape))
    portal.moods = replace(portal.moods, shift=timedelta(hours=hours))
    listing, _ = listed(portal, portal.manners(), EMPTY_DAY)
    assert len(listing.listed) == 2
    assert not listing.proven or "ignores the filter" in listing.note


def test_a_row_that_was_deleted_since_it_was_shown_is_not_missed() -> None:
    day = EMPTY_DAY.first
    portal = filled([day - 9 * DAY, day + 3_600 * SECOND, day + 7_200 * SECOND])
    manners = portal.manners()
    del portal.rows[RecordingId("row-0002")]
    listing, requests = listed(portal, manners, EMPTY_DAY)
    assert (listing.proven, len(listing.listed)) == (True, 1)
    assert manners.honoured is Honoured.TIMES
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
    manners = portal.manners()
    listing, _ = listed(portal, manners, Window.day(day.date()))
    assert portal.within(Window.day(day.date())) == {each.row.id for each in listing.listed}
    assert manners.honoured is Honoured.NOTHING


def test_of_whole_days_the_row_nearest_to_midnight_is_asked_for() -> None:
    """At a portal that takes no times of day, and looks three hours too early."""
    day = EMPTY_DAY.first
    hours = (9, 12, 22)
    portal = filled([day + n * 3_600 * SECOND for n in hours])
    known = portal.manners().witnesses
    assert known.nearest_to_midnight == Witness(RecordingId("row-0002"), day + timedelta(hours=22))
    assert Witnesses().nearest_to_midnight is None


def test_a_row_that_is_deleted_before_its_day_is_listed_makes_no_filter_distrusted() -> None:
    day = EMPTY_DAY.first
    portal = filled([day - 9 * DAY, day + 3_600 * SECOND])
    manners = portal.manners()
    del portal.rows[RecordingId("row-0001")]
    listing, _ = listed(portal, manners, EMPTY_DAY)
    assert (listing.proven, listing.listed, manners.honoured) == (True, (), Honoured.TIMES)


def test_silence_at_the_end_is_told_from_silence_that_was_broken() -> None:
    """Whoever ends in silence asks whether the portal lists anything at all any more."""
    portal = filled(ROWS)
    manners = portal.manners(held(portal))
    heard = []
    for window in (Window.day(FIRST.date()), EMPTY_DAY, Window.day(FIRST.date())):
        listed(portal, manners, window)
        heard.append(manners.is_silent)
    assert heard == [False, True, False]


def test_what_is_pushed_off_the_first_page_is_not_taken_for_deleted() -> None:
    """A date that the portal can't read means now, and rows of now fill the page."""
    day = EMPTY_DAY.first - DAY
    portal = filled([day], Moods(dates_as_now=True, arrivals=3, per_page=3))
    listing, _ = listed(portal, portal.manners(), Window.days(day.date(), EMPTY_DAY.first.date()))
    assert not listing.proven or len(listing.listed) == 1
    shown = portal.manners().witnesses
    shown.show([], are_all=True)
    assert shown.shown, "a page without any row tells of no deletion"
