"""Which days are due, and in which order."""

from datetime import date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from archiver.domain.retention import Period
from archiver.domain.times.window import DAY, SECOND, Window
from archiver.overview.due_days import (
    LAST_CHANCE,
    LOOK_BACK,
    Order,
    due,
    pieces,
    unsettled_since,
    windows,
)

FIRST = date(2019, 6, 1)


@given(st.integers(0, 60), st.sets(st.integers(0, 60)))
def test_every_unsettled_day_is_due_once_and_the_look_back_always(
    length: int, done: set[int]
) -> None:
    today = FIRST + length * DAY
    settled = {FIRST + number * DAY for number in done}
    days = due(FIRST, today, settled)

    every = {FIRST + number * DAY for number in range(length + 1)}
    recent = {day for day in every if day >= today - LOOK_BACK}
    assert len(days) == len(set(days))
    assert set(days) == every - settled | recent
    assert set(days[: len(recent)]) == recent, "the newest come first"
    assert list(days[: len(recent)]) == sorted(recent)
    assert list(days[len(recent) :]) == sorted(days[len(recent) :]), "then the oldest"


@given(st.integers(0, 60), st.sets(st.integers(0, 60)), st.booleans(), st.integers(1, 60))
def test_what_is_deleted_soonest_comes_first_where_time_is_short(
    length: int,
    done: set[int],
    oldest_first: bool,  # noqa: FBT001 - a case
    keeps: int,
) -> None:
    today = FIRST + length * DAY
    settled = {FIRST + number * DAY for number in done}
    kept_from = Period(days=keeps).before(today)

    plain = due(FIRST, today, settled)
    short = due(FIRST, today, settled, Order(oldest_first=True))
    known = due(FIRST, today, settled, Order(oldest_first, kept_from))

    assert list(short) == sorted(plain), "the oldest first, whatever it is"
    assert sorted(known) == sorted(plain), "no order loses a day"
    recent = {day for day in plain if day >= today - LOOK_BACK}
    older = [day for day in known if day not in recent]
    assert older == sorted(day for day in older if day >= kept_from) + sorted(
        day for day in older if day < kept_from
    ), "what is deleted already comes last"
    first = [*known[: known.index(min(recent))]]
    before_long = kept_from + max((today - kept_from) / 4, LAST_CHANCE)
    urgent = [day for day in older if kept_from <= day < before_long]
    assert first == ([day for day in older if day >= kept_from] if oldest_first else urgent)


def test_the_order_of_days_by_what_the_provider_keeps() -> None:
    today = FIRST + 20 * DAY
    order = Order(kept_from=FIRST + 4 * DAY)
    days = [(day - FIRST).days for day in due(FIRST, today, (), order)]
    assert days == [4, 5, 6, 7, 17, 18, 19, 20, *range(8, 17), 0, 1, 2, 3]
    assert due(FIRST, FIRST - DAY, (), order) == ()


def test_how_long_ago_a_period_began() -> None:
    assert Period(days=90).before(date(2026, 3, 1)) == date(2025, 12, 1)
    assert Period(years=1).before(date(2024, 2, 29)) == date(2023, 2, 28)
    assert Period(years=2).before(date(2026, 3, 1)) == date(2024, 3, 1)


def test_the_watermark_passes_no_unsettled_day() -> None:
    now = datetime(2019, 6, 20, 9)  # noqa: DTZ001 - the portal's own clock has no zone
    settled = {FIRST, FIRST + DAY, FIRST + 3 * DAY}
    assert unsettled_since(FIRST, now, settled) == FIRST + 2 * DAY
    every = {FIRST + number * DAY for number in range(30)}
    assert unsettled_since(FIRST, now, every) == date(2019, 6, 17)


def test_a_first_day_in_the_future_leaves_today() -> None:
    assert due(FIRST, FIRST - DAY, ()) == ()


def test_a_long_window_is_cut_into_days() -> None:
    month = Window(datetime(2019, 6, 1, 7), datetime(2019, 7, 2, 6, 59, 59))  # noqa: DTZ001 - the portal's own clock
    assert pieces(month) == (month,)
    longer = Window(month.first, datetime(2019, 7, 2, 7))  # noqa: DTZ001 - same
    cut = pieces(longer)
    assert (cut[0].first, cut[-1].last, len(cut)) == (longer.first, longer.last, 32)
    assert all(one.last + SECOND == other.first for one, other in pairwise(cut))


def test_a_window_is_a_day() -> None:
    assert windows((FIRST,)) == (Window.day(FIRST),)
    assert all(each.seconds == timedelta(days=1).total_seconds() for each in windows((FIRST,)))
