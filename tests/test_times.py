"""Times as typed."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.domain.times.portal_offsets import always
from archiver.domain.times.time_input import at, window
from archiver.domain.times.window import DAY, EARLIEST, LATEST, SECOND, Window
from archiver.errors import UsageError

NOW = datetime(2019, 6, 12, 9, 30, 15, 999)  # noqa: DTZ001  # portal time has no zone
Figure = Callable[[str, str], None]


def test_a_window_grows_as_far_as_there_are_dates() -> None:
    day = Window.day(date(2019, 6, 11))
    assert day.grown(SECOND) == Window(day.first - SECOND, day.last + SECOND)
    ever = Window(EARLIEST, LATEST)
    assert ever.grown(DAY) == ever
    assert Window(EARLIEST + SECOND, LATEST - SECOND).grown(DAY) == ever


def asked(
    since: str | None = None, until: str | None = None, day: str | None = None, offset: int = 0
) -> str:
    return str(window(since, until, day, now=NOW, offsets=always(offset)))


@pytest.mark.parametrize(
    ("since", "first"),
    [
        ("2019-06-11", "2019-06-11 00:00:00"),
        (" 2019-06-11 06:04 ", "2019-06-11 06:04:00"),
        ("2019-06-11 06:04:21", "2019-06-11 06:04:21"),
        ("2019-06-11T06:04:21.999", "2019-06-11 06:04:21"),
        ("2019-06-11 6:04", "2019-06-11 06:04:00"),
        ("2019-06-11 6:04:21", "2019-06-11 06:04:21"),
        ("today", "2019-06-12 00:00:00"),
        ("yesterday", "2019-06-11 00:00:00"),
        ("7d", "2019-06-05 00:00:00"),
        ("12h", "2019-06-11 21:30:15"),
    ],
)
def test_a_start_begins_what_it_names(since: str, first: str) -> None:
    assert asked(since) == f"{first} to 2019-06-12 09:30:15"


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("2019-06-11", "2019-06-11 23:59:59"),
        ("today", "2019-06-12 23:59:59"),
        ("2019-06-11 06:04", "2019-06-11 06:04:59"),
        ("2019-06-11 06:04:21", "2019-06-11 06:04:21"),
        ("2019-06-11 23:59:59.999", "2019-06-11 23:59:59"),
        ("1d", "2019-06-11 23:59:59"),
        ("24h", "2019-06-11 09:30:15"),
    ],
)
def test_an_end_reaches_to_the_end_of_what_it_names(until: str, last: str) -> None:
    assert asked("2019-06-01", until) == f"2019-06-01 00:00:00 to {last}"


@pytest.mark.parametrize("since", ["2019-06-11T00:34:21Z", "2019-06-11 02:34:21+02:00"])
def test_an_iso_time_becomes_portal_time(since: str) -> None:
    assert asked(since, offset=330).startswith("2019-06-11 06:04:21 ")


@pytest.mark.parametrize("day", ["2019-06-11", "yesterday", "1d"])
def test_a_day_is_whole(day: str) -> None:
    assert asked(day=day) == "2019-06-11 00:00:00 to 2019-06-11 23:59:59"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "No time is given"),
        ({"since": "soon"}, "--since is not a time"),
        ({"since": "20190611"}, "--since is not a time"),
        ({"since": "2019-W24-2"}, "--since is not a time"),
        ({"since": "2019-02-30"}, "--since names no such time"),
        ({"since": "2019-06-11 24:01"}, "--since names no such time"),
        ({"since": "999999d"}, "--since names no such time"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "--since names no such time"),
        ({"since": "today", "until": "yesterday"}, "is after --until"),
        ({"since": "2019-06-13"}, "is after now"),
        ({"day": "7h"}, "--day takes a whole day"),
        ({"day": "today", "since": "today"}, "leave out --since"),
    ],
)
def test_what_cannot_be_meant_is_said(options: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        asked(**options)  # type: ignore[arg-type]  # only the texts are varied here


@pytest.mark.parametrize("time", ["05:48", "5:48", " 5:48 "])
def test_a_time_of_a_day_may_have_a_one_digit_hour(time: str, figure: Figure) -> None:
    minute = "2019-06-11 05:48:00 to 2019-06-11 05:48:59"
    assert str(at(time, "yesterday", now=NOW, offsets=always(0))) == minute
    figure("R13", f"--day yesterday --at {time.strip()}: that minute")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("5.48", "--at is not a time that can be read"),
        ("5:4", "--at is not a time that can be read"),
        ("25:48", "--at names no such time"),
        ("2019-06-11 5:48", "--at names a day already"),
    ],
)
def test_a_time_of_a_day_is_refused_for_what_is_wrong_with_it(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as told:
        at(text, "yesterday", now=NOW, offsets=always(0))
    assert "05:48" in told.value.advice


@given(st.dates(date(2000, 1, 1), date(2098, 1, 1)), st.integers(1, 400))
def test_days_cover_their_range_exactly(first: date, count: int) -> None:
    days = [first + n * DAY for n in range(count)]
    each = [window(None, None, str(day), now=NOW, offsets=always(0)) for day in days]
    whole = window(str(days[0]), str(days[-1]), None, now=NOW, offsets=always(0))
    assert sum(one.seconds for one in each) == whole.seconds
    assert all(a.last + SECOND == b.first for a, b in pairwise(each))


def test_every_moment_of_a_year_lies_in_one_day(figure: Figure) -> None:
    """Both sides of each midnight, to the millisecond, are counted once (A12)."""
    days = [date(2024, 1, 1) + n * DAY for n in range(366)]
    windows = [window(None, None, str(day), now=NOW, offsets=always(0)) for day in days]
    edges = [
        datetime.combine(day, datetime.min.time()) + shift
        for day in days
        for shift in (timedelta(), timedelta(hours=2, minutes=30), DAY - timedelta(milliseconds=1))
    ]
    daily = sum(edge in one for one in windows for edge in edges)
    whole = Window.days(days[0], days[-1])
    assert daily == sum(edge in whole for edge in edges) == len(edges)
    figure("A12", f"moments {len(edges)}, sum of daily counts {daily}")
