"""What arrives for days that are settled is found by the portal's totals: one question a night."""

import json
from datetime import date, datetime, time, timedelta

from archiver.domain.recordings import RecordingId, Report
from archiver.portal.proving.slicing import drive
from archiver.portal.proving.walk import Honoured
from archiver.portal.wire.answers import AnswerShape
from archiver.pull.late import MOST_DAYS, late_days
from tests.conftest import Figure
from tests.nights import Month, month, shape
from tests.portal.memory import Moods, Portal, filled

__all__ = ["month", "shape"]

DAYS = tuple(date(2021, 4, 1) + timedelta(days=number) for number in range(16))
LISTED = dict.fromkeys(DAYS, 3)


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour))


def portal(moods: Moods | None = None) -> Portal:
    """Return a portal with three rows on each day."""
    return filled([at(day, hour) for day in DAYS for hour in (8, 12, 23)], moods)


def asked(of: Portal, listed: dict[date, int] = LISTED) -> set[date]:
    return drive(late_days(Report.RECORDINGS, listed, of.behaviour()), of.fetch)


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


def test_so_many_days_are_found_in_one_run() -> None:
    assert len(asked(portal(), dict.fromkeys(DAYS, 0))) == MOST_DAYS


def test_where_no_answer_tells_nothing_is_late() -> None:
    without_totals = Moods(no_total=True), Moods(shape=AnswerShape.FLAT), Moods(unfiltered=True)
    for moods in without_totals:
        assert asked(portal(moods), dict.fromkeys(DAYS, 0)) == set()
    deaf = portal()
    behaviour = deaf.behaviour()
    behaviour.filter_support = Honoured.NOTHING
    assert drive(late_days(Report.RECORDINGS, LISTED, behaviour), deaf.fetch) == set()
    assert deaf.asks == []


def test_what_arrives_when_its_day_has_settled_is_archived(month: Month, figure: Figure) -> None:
    """A branch that was cut off for days uploads what it recorded."""
    for number in range(1, 8):
        month.live(number)
        month.night(number)
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


def test_calls_that_arrive_late_are_archived(month: Month) -> None:
    for number in range(1, 8):
        month.live(number)
        month.night(number)
    late = month.sandbox.world.arrive(month.day(1) + timedelta(hours=20))
    month.sandbox.world.recordings.remove(late.id)
    found = month.night(8)
    assert (found.code, json.loads(found.out)["calls"]["new"]) == (0, 1), found.err
