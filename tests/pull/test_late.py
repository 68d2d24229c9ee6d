"""What arrives for days that are settled is found by the portal's totals: one question a night."""

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from unittest import mock

import pytest
from msgspec.structs import replace

from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.window import Window
from archiver.errors import TryAgain
from archiver.portal.client import Client
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.portal_behaviour import Honoured
from archiver.portal.proving.slicing import drive
from archiver.portal.wire.answers import AnswerShape, Page
from archiver.pull.arrivals.late import MOST_UNANSWERED, late_days
from archiver.pull.budget.backlog import count_rows
from archiver.sandbox import Faults, FilterFaults, ListingFaults
from tests.conftest import Figure
from tests.hurry import time_for
from tests.nights import EACH, FIRST, Month, month, shape
from tests.portal.memory import Moods, Portal, filled

__all__ = ["month", "shape"]

DAYS = tuple(date(2021, 4, 1) + timedelta(days=number) for number in range(16))
SECOND = timedelta(seconds=1)
LISTED = dict.fromkeys(DAYS, 3)


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour))


def portal(moods: Moods | None = None) -> Portal:
    """Return a portal with three rows on each day."""
    return filled([at(day, hour) for day in DAYS for hour in (8, 12, 23)], moods)


def asked(of: Portal, listed: dict[date, int] = LISTED) -> set[date]:
    late = drive(late_days(Report.RECORDINGS, listed, of.behaviour()), of.fetch)
    assert late.untold == []
    return late.days


def test_nothing_late_costs_one_question() -> None:
    quiet = portal()
    assert asked(quiet) == set()
    assert len(quiet.asks) == 1


def test_days_that_have_more_are_found_by_halves() -> None:
    late = portal()
    for number in (2, 11):
        late.rows[RecordingId(f"late-{number}")] = at(DAYS[number], 9)
    assert asked(late) == {DAYS[2], DAYS[11]}
    assert len(late.asks) <= 1 + 2 * 2 * 4


def test_days_apart_are_asked_for_apart() -> None:
    late = portal()
    late.rows[RecordingId("late")] = at(DAYS[14], 9)
    of_some = {day: LISTED[day] for day in (*DAYS[:4], *DAYS[14:])}
    assert asked(late, of_some) == {DAYS[14]}


def test_however_many_days_have_more_all_are_found() -> None:
    assert asked(portal(), dict.fromkeys(DAYS, 0)) == {*DAYS}
    apart = {day: 0 for number, day in enumerate(DAYS) if number % 2}
    assert asked(portal(), apart) == apart.keys()


def test_fewer_than_were_listed_tells_of_no_days_but_those_that_differ() -> None:
    """A limit that all days together exceed, and each alone does not; rows that are gone."""
    for limit in (10, 5):
        capped = portal(Moods(limit=limit))
        capped.rows[RecordingId("late")] = at(DAYS[2], 9)
        assert asked(capped) == {DAYS[2]}
    gone = portal()
    del gone.rows[RecordingId("row-0000")], gone.rows[RecordingId("row-0001")]
    gone.rows[RecordingId("late")] = at(DAYS[14], 9)
    assert asked(gone) == {DAYS[0], DAYS[14]}


def test_all_rows_on_one_page_tell_as_much_as_a_total() -> None:
    for moods in (Moods(shape=AnswerShape.FLAT), Moods(no_total=True)):
        of_few = dict.fromkeys(DAYS[:4], 3)
        assert asked(portal(moods), of_few) == set()
        late = portal(moods)
        late.rows[RecordingId("late")] = at(DAYS[2], 9)
        assert asked(late, of_few) == {DAYS[2]}
    assert asked(portal(Moods(no_total=True)), dict.fromkeys(DAYS, 0)) == set(), "nothing tells"


def test_rows_of_other_days_than_those_asked_for_have_all_of_them_listed_again() -> None:
    older = dict.fromkeys(DAYS[:4], 3)
    assert asked(portal(Moods(unfiltered=True)), older) == older.keys()


def test_where_the_filter_is_ignored_what_was_walked_tells() -> None:
    deaf = portal()
    behaviour = deaf.behaviour()
    behaviour.filter_support = Honoured.NOTHING
    walked = dict.fromkeys(DAYS, 3)
    cases: tuple[tuple[dict[date, int], set[date]], ...] = (
        ({}, set()),
        (walked, set()),
        (walked | {DAYS[3]: 4}, {DAYS[3]}),
        (walked | {DAYS[0]: 4}, {DAYS[0]}),
        (walked | {DAYS[3]: 2}, {DAYS[3]}),
        (walked | {DAYS[0]: 2}, set()),
        ({DAYS[14]: 2, DAYS[15]: 3}, set()),
    )
    for behaviour.everything, expected in cases:
        late = drive(late_days(Report.RECORDINGS, LISTED, behaviour), deaf.fetch)
        assert (late.days, late.untold) == (expected, [])
    assert deaf.asks == []


def test_what_is_not_answered_is_asked_in_halves() -> None:
    """A portal that can't count more than a week; one day that it can't; one that is down."""
    late = portal()
    late.rows[RecordingId("late")] = at(DAYS[2], 9)

    def question(fails: Callable[[Window], bool]) -> tuple[set[date], list[Window], int]:
        asks = 0

        def fetch(each: tuple[PageQuery, ...]) -> tuple[Page, ...]:
            nonlocal asks
            asks += 1
            if each[0].window and fails(each[0].window):
                raise TryAgain("The portal answered 503.")
            return late.fetch(each)

        told = drive(late_days(Report.RECORDINGS, LISTED, late.behaviour()), fetch)
        return told.days, told.untold, asks

    days, untold, _ = question(lambda window: window.seconds > 7 * 86_400)
    assert (days, untold) == ({DAYS[2]}, [])
    days, untold, _ = question(lambda window: at(DAYS[7], 0) in window)
    assert (days, untold) == ({DAYS[2]}, [Window.day(DAYS[7])])
    days, untold, asks = question(lambda _: True)
    assert (days, asks) == (set(), MOST_UNANSWERED)
    assert {day for span in untold for day in span.each_day()} == {*DAYS}


def test_an_ended_generator_hears_of_no_failure() -> None:
    """Who does not care what fails is ended by it."""
    deaf = count_rows((Window.day(DAYS[0]),), portal().behaviour())
    with pytest.raises(TryAgain):
        drive(deaf, mock.Mock(side_effect=TryAgain("The portal answered 503.")))


def test_what_arrives_when_its_day_has_settled_is_archived(month: Month, figure: Figure) -> None:
    """A branch that was cut off for days uploads what it recorded."""
    settle(month, 7)
    assert 1 in month.settled()
    before = json.loads(month.night(7).out)["requests"]
    late = month.sandbox.world.arrive(month.day(1) + timedelta(hours=20))
    found = month.night(8)
    assert (found.code, month.missing()) == (0, 0), found.err
    assert "listed again" in found.err
    assert late.id in month.held()
    month.night(9)
    quiet = month.night(10)
    assert "listed again" not in quiet.err
    assert 1 in month.settled()
    after = json.loads(quiet.out)["requests"]
    figure("G31", f"late by a week: archived 1 of 1; requests of a quiet night {after} ({before})")


def test_what_arrives_as_another_row_goes_is_archived(month: Month) -> None:
    """The total is as it was; the answer that it came with shows the row."""
    settle(month, 7)
    first = min(each.at for each in month.sandbox.world.recordings)
    gone = next(each for each in month.sandbox.world.recordings if each.at == first)
    month.sandbox.world.recordings.remove(gone.id)
    late = month.sandbox.world.arrive(month.day(1) + timedelta(hours=20))
    assert month.night(8).code == 0
    assert late.id in month.held()


def test_audio_that_only_a_call_has_hides_nothing_that_is_late(month: Month) -> None:
    """It is archived like a recording, and is no row of theirs."""
    alone = month.live(1)[0]
    month.sandbox.world.recordings.remove(alone.id)
    assert month.night(1).code == 0
    settle(month, 7, first=2)
    assert 1 in month.settled()
    requests = json.loads(month.night(8).out)["requests"]
    assert json.loads(month.night(8).out)["requests"] <= requests
    late = month.sandbox.world.arrive(month.day(1) + timedelta(hours=20))
    assert month.night(9).code == 0
    assert late.id in month.held()


def test_a_time_that_is_corrected_over_a_midnight_and_back_is_none_that_is_missing(
    month: Month, figure: Figure
) -> None:
    """Between the two, somebody named its day: the other is settled, and its total is as it was."""
    world, midnight = month.sandbox.world, month.day(2)
    one = world.arrive(midnight + SECOND)
    settle(month, 7, each=6)
    assert {1, 2} <= month.settled()
    world.recordings.put(replace(one, at=midnight - SECOND))
    assert month.night(8, "--day", f"{FIRST:%Y-%m-%d}").code == 0
    assert month.settled() & {1, 2} == {2}
    world.recordings.put(one)
    for number in (9, 12):
        month.live(number)
        assert month.night(number).code == 0
    assert {1, 2} <= month.settled()
    assert month.missing() == 0
    figure("G31", "a time corrected over a midnight and back, its other day settled: doubts 0")


def test_calls_that_arrive_late_are_archived(month: Month) -> None:
    settle(month, 7)
    late = month.sandbox.world.arrive(month.day(1) + timedelta(hours=20))
    month.sandbox.world.recordings.remove(late.id)
    found = month.night(8)
    assert (found.code, json.loads(found.out)["calls"]["new"]) == (0, 1), found.err


def settle(month: Month, last: int, first: int = 1, each: int = EACH) -> None:
    """Let days pass; the job runs in the last night, and three before it."""
    for number in range(first, last + 1):
        month.live(number, each)
        if number in {last - 3, last}:
            assert month.night(number).code == 0


def test_a_question_without_an_answer_is_no_clean_run(month: Month, figure: Figure) -> None:
    """The portal is down, or its quota is spent, whenever the one question comes."""
    settle(month, 7)
    since = month.day(min(month.settled())).replace(tzinfo=None)
    month.sandbox.world.arrive(month.day(1) + timedelta(hours=20))
    real = Client.fetch

    def fetch(self: Client, asks: tuple[PageQuery, ...]) -> tuple[Page, ...]:
        if any(
            ask.window and ask.window.is_whole_days and ask.window.first == since for ask in asks
        ):
            raise TryAgain("The portal answered 503.")
        return real(self, asks)

    with mock.patch.object(Client, "fetch", fetch):
        ran = [month.night(number) for number in (8, 9)]
    assert month.missing() == 1
    assert [each.code for each in ran] == [3] * 2
    assert f"did not answer how many rows it has of {since:%F}" in ran[-1].err
    assert (month.night(11).code, month.missing()) == (0, 0)
    figure("G35", "2 nights on which the portal did not answer what came late: clean 0")


@pytest.mark.parametrize(
    "faults",
    [Faults(listing=ListingFaults(limit=25)), Faults(filter=FilterFaults(ignored=True))],
    ids=["cap", "deaf"],
)
def test_what_arrives_where_one_total_does_not_tell_is_archived(
    faults: Faults, month: Month, figure: Figure
) -> None:
    """Totals are capped, far above what a day has, or the filter is ignored."""
    month.sandbox.faults = faults
    if faults.filter.ignored:
        month.live(0)
    settle(month, 10)
    late = month.sandbox.world.arrive(month.day(2) + timedelta(hours=20))
    assert 2 in month.settled()
    assert month.night(11).code == 0
    assert late.id in month.held()
    figure(
        "G35", f"late behind {'a limit' if faults.listing.limit else 'no filter'}: archived 1 of 1"
    )


def test_what_arrives_for_more_than_a_week_is_archived_at_once(
    month: Month, figure: Figure
) -> None:
    settle(month, 12)
    assert {*range(1, 10)} <= month.settled()
    for number in range(1, 10):
        month.sandbox.world.arrive(month.day(number) + timedelta(hours=20))
    ran = month.night(13)
    assert (ran.code, month.missing()) == (0, 0), ran.err
    figure("G35", "late on 9 settled days: archived 9 of 9 by the next run")


def test_a_job_over_a_moving_window_asks_too(month: Month, figure: Figure) -> None:
    for number in range(1, 9):
        month.live(number)
    for number in (1, 4, 8):
        with month.now(number):
            code = month.pull("--since", "5d" if number > 1 else f"{month.day(1):%F}").code
    assert (code, 1 in month.settled()) == (0, True)
    month.sandbox.world.arrive(month.day(1) + timedelta(hours=20))
    with month.now(9):
        assert month.pull("--since", "5d").code == 0
    assert month.missing() == 0
    figure("G35", "late beyond the window of a job over the last 5 days: archived 1 of 1")


def test_what_arrived_and_no_budget_reaches_is_told(month: Month, figure: Figure) -> None:
    settle(month, 7)
    month.sandbox.world.arrive(month.day(1) + timedelta(hours=20))
    codes = []
    for number in range(8, 17):
        with time_for(4):
            ran = month.night(number)
        codes.append(int(ran.code))
        if month.missing() == 0:
            break
        assert not json.loads(ran.out)["clean"]
    assert month.missing() == 0, codes
    figure("G35", f"late, and time for 4 days a night: archived 1 of 1, clean without it 0 {codes}")


def test_a_moving_window_passes_no_call_over_whose_audio_was_not_due(
    month: Month, figure: Figure
) -> None:
    """The job rested while the audio of a call became due, and its window has moved on since."""
    one, *_ = month.live(1)
    call = min(month.sandbox.world.calls, key=lambda each: abs(each.at - one.at))
    month.sandbox.world.calls.put(replace(call, key=one.key))
    month.sandbox.world.recordings.remove(one.id)
    assert month.night(1).code == 0, "a day is left for its recording to come"
    passed = month.night(6, "--since", "3d")
    assert (passed.code, "The same window, named again, leaves it out" in passed.err) == (3, True)
    assert month.night(6).code == 0
    assert call.id in month.held()
    figure("G35", f"a window that moves past a call's audio: exit {int(passed.code)}")
