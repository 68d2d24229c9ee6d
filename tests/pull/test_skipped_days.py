"""A job over a moving window lists what its runs have passed over, too, and says so."""

from contextlib import nullcontext
from datetime import date, timedelta
from unittest import mock

import pytest

from archiver.domain.times.window import DAY
from archiver.overview.skipped_days import A_JOB, days_of_job, skipped
from archiver.pull.doubts import evidence
from archiver.pull.intake import Intake
from tests.nights import FIRST, Month, month, shape

__all__ = ["month", "shape"]

TODAY = date(2026, 10, 25)


def listed(month: Month) -> list[int]:
    """Return the numbers of the days that the last run listed."""
    chain = month.manifests()
    days = {day.day for each in chain if each.run.id == chain[-1].run.id for day in each.days}
    return sorted((day - FIRST.date()).days + 1 for day in days)


@pytest.mark.parametrize(
    ("hours", "days"),
    [
        ((47.5, 71.5, 96.5, 120.5), [[1], [2], [3, 4], [5]]),
        ((24.5, 96.5, 120.5), [[1], [2, 3, 4], [5]]),
        ((24.5, 216.5, 240.5), [[1], [9], [10]]),
    ],
)
def test_a_day_that_a_night_passed_over_is_listed_by_the_next(
    month: Month, hours: tuple[float, ...], days: list[list[int]]
) -> None:
    """By a job half an hour before midnight, and after it; after a pause, and a long one."""
    for number in range(1, 11):
        month.live(number, count=1)
    seen = []
    for each in hours:
        with month.at(FIRST + timedelta(hours=each)):
            ran = month.pull("--day", "yesterday", "--no-calls")
            assert month.type("status").code == 0
        seen.append(listed(month))
        named = ", ".join(f"{FIRST.date() + (day - 1) * DAY}" for day in seen[-1][:-1])
        assert (f"have passed over {named}:" in ran.err) is bool(named)
        assert ran.code == 0
    assert seen == days
    assert month.missing() == 10 - sum(map(len, seen))


def test_a_run_that_dies_leaves_word_of_all_that_it_was_to_list(month: Month) -> None:
    for number in range(1, 5):
        month.live(number, count=1)
    for hours in (24.5, 48.5):
        with month.at(FIRST + timedelta(hours=hours)):
            assert month.pull("--day", "yesterday", "--no-calls").code == 0
    cut_off = mock.patch.object(Intake, "take_in", side_effect=KeyboardInterrupt)
    with month.at(FIRST + timedelta(hours=96.5)), cut_off:
        month.pull("--day", "yesterday", "--no-calls")
    with month.at(FIRST + timedelta(hours=97)):
        unfinished = month.type("status").out
        assert month.pull("--day", "yesterday", "--no-calls").code == 0
        assert month.type("status").code == 0
    assert "2026-03-03" in unfinished
    assert listed(month) == [3, 4]


@pytest.mark.parametrize(
    ("nights", "last", "count"),
    [
        (0, TODAY, 0),
        (1, TODAY - DAY, 5),
        (A_JOB - 1, TODAY - 5 * DAY, 0),
        (A_JOB, TODAY - 5 * DAY, A_JOB + 8),
        (400, TODAY - DAY, 404),
        (A_JOB, TODAY - 300 * DAY, A_JOB + 303),
    ],
)
def test_days_of_a_job_begin_with_it(nights: int, last: date, count: int) -> None:
    days = days_of_job(TODAY, nights, last)
    assert days == tuple(TODAY - back * DAY for back in range(count, 0, -1))
    assert skipped(days, set()) == ()
    assert skipped(days, {*days[:1]}) == days[1:]


@pytest.mark.parametrize("day", [1, 2, 14])
def test_what_is_typed_after_a_pause_hides_no_day_of_the_job(month: Month, day: int) -> None:
    for number in range(1, 16):
        month.live(number, count=1)
    for night in range(1, A_JOB + 1):
        with month.at(FIRST + timedelta(days=night, hours=0.5)):
            month.pull("--day", "yesterday", "--no-calls")
    with month.at(FIRST + timedelta(days=14, hours=9)):
        month.pull("--day", f"{FIRST.date() + (day - 1) * DAY}", "--no-calls")
    with month.at(FIRST + timedelta(days=15, hours=0.5)):
        assert month.pull("--day", "yesterday", "--no-calls").code == 0
    assert month.missing() == 0


def test_after_a_pause_of_more_than_a_month_its_last_month_is_listed(month: Month) -> None:
    """What is older is left, until somebody names it: by what it comes to, there may be years."""
    for number in (*range(1, A_JOB + 1), 12, 48, 49):
        month.live(number, count=1)
    for night in range(1, A_JOB + 1):
        with month.at(FIRST + timedelta(days=night, hours=0.5)):
            month.pull("--day", "yesterday", "--no-calls")
    with month.at(FIRST + timedelta(days=48, hours=0.5)):
        ran = month.pull("--day", "yesterday", "--no-calls")
        assert (ran.code, month.missing()) == (3, 2)
        assert "9 days not listed to the end" in ran.err
        assert listed(month) == [*range(17, 49)]
        assert month.pull("--since", "2026-03-08", "--until", "2026-03-16", "--no-calls").code == 0
    with month.at(FIRST + timedelta(days=49, hours=0.5)):
        assert month.pull("--day", "yesterday", "--no-calls").code == 0
    assert month.missing() == 0


def test_what_was_erased_by_mistake_is_fetched_by_the_next_night(month: Month) -> None:
    ids = [month.live(number, count=1)[0].id for number in range(1, 4)]
    for number in (1, 2):
        with month.now(number):
            month.pull("--day", "yesterday", "--no-calls")
    with month.now(3):
        for words in (("--yes",), ("--undo",)):
            assert month.type("erase", ids[1], "--reason", "a mistake", *words).code == 0
        assert month.type("status").code == 3
        assert month.pull("--day", "yesterday", "--no-calls").code == 0
        assert month.type("status").code == 0
    assert listed(month) == [2, 3]


def test_what_a_doubtful_night_left_is_not_forgotten_for_an_older_day(month: Month) -> None:
    """An older day is to be listed again: the window that is named then reaches over both."""
    ids = [month.live(number, count=1)[0].id for number in range(1, 6)]
    doubt = mock.patch.object(evidence, "of_opening", return_value=["The clocks differ."])
    for number, doubted in ((1, nullcontext()), (2, nullcontext()), (3, doubt)):
        with month.now(number), doubted:
            month.pull("--day", "yesterday", "--no-calls")
    month.live(3, count=1)
    with month.now(4):
        assert month.pull("--day", "yesterday", "--no-calls").code == 3
        for words in (("--yes",), ("--undo",)):
            month.type("erase", ids[1], "--reason", "a mistake", *words)
    with month.now(5):
        assert month.pull("--day", "yesterday", "--no-calls").code == 0
    assert listed(month) == [2, 3, 5]
    assert month.missing() == 0


def test_calls_of_a_day_that_a_night_without_them_has_listed_are_listed(month: Month) -> None:
    for number in range(1, 4):
        month.live(number, count=1)
    for number, words in ((1, ()), (2, ("--no-calls",)), (3, ())):
        with month.now(number):
            assert month.pull("--day", "yesterday", *words).code == 0
    days = {day.day.day for each in month.chain() for day in each.days if day.report == "calls"}
    assert days == {1, 2, 3}


def test_a_window_that_was_typed_for_once_passes_over_nothing(month: Month) -> None:
    with month.at(FIRST + timedelta(hours=240.5)):
        for day in (1, 5, 9):
            month.pull("--day", f"{FIRST.date() + (day - 1) * DAY}", "--no-calls")
        month.pull("--since", "9d", "--until", "7d", "--no-calls")
        assert listed(month) == [2, 3, 4]
        month.pull("--day", f"{FIRST.date() + 9 * DAY}", "--no-calls")
        assert listed(month) == [10]
