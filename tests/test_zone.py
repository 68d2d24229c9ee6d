"""The portal's zone out of its ids: laws, and the provider's own sample."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.domain.times.portal_zone import Offset, infer, moment, offset_of, own_offset

SAMPLE = "c136768e-8c0e-11e9-b795-6c2b59c79f5a"
SAMPLE_AT = datetime(2019, 6, 11, 6, 4, 21)  # noqa: DTZ001  # portal time has no zone
EPOCH = datetime(1582, 10, 15, tzinfo=UTC)

moments = st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30))  # noqa: DTZ001  # made aware below
quarters = st.integers(-48, 56).map(lambda count: count * 15)


def uuid1(at: datetime) -> str:
    ticks = (at.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1) * 10
    low, middle, high = ticks & 0xFFFFFFFF, ticks >> 32 & 0xFFFF, ticks >> 48 & 0x0FFF
    return str(UUID(fields=(low, middle, high | 0x1000, 0x87, 0x95, 0x6C2B59C79F5A)))


def test_the_providers_sample_is_utc() -> None:
    made = moment(SAMPLE)
    assert made is not None
    assert made.isoformat(timespec="milliseconds") == "2019-06-11T06:04:21.051+00:00"
    assert own_offset(SAMPLE_AT, SAMPLE) == 0


@pytest.mark.parametrize(
    "id_",
    [
        "",
        "17",
        "c136768e-8c0e-41e9-b795-6c2b59c79f5a",  # version 4
        "c136768e-8c0e-11e9-d795-6c2b59c79f5a",  # another variant
        "00000000-0000-1000-8000-000000000000",  # the year 1582
        "ffffffff-ffff-1fff-bfff-ffffffffffff",  # the year 5236
        "{c136768e-8c0e-11e9-b795-6c2b59c79f5a}",
        "c136768e8c0e11e9b7956c2b59c79f5a",
        SAMPLE + "\n",
    ],
)
def test_other_ids_tell_no_time(id_: str) -> None:
    assert moment(id_) is None
    assert own_offset(SAMPLE_AT, id_) is None


@given(moments, quarters, st.integers(-119, 119))
def test_any_zone_is_found_through_two_minutes_of_delay(
    made: datetime, minutes: int, delay: int
) -> None:
    assert moment(uuid1(made)) == made.replace(tzinfo=UTC)
    at = made + timedelta(minutes=minutes, seconds=delay)
    assert own_offset(at, uuid1(made)) == minutes


@given(moments, quarters, st.integers(121, 779))
def test_a_time_between_zones_shows_none(made: datetime, minutes: int, delay: int) -> None:
    assert own_offset(made + timedelta(minutes=minutes, seconds=delay), uuid1(made)) is None


@pytest.mark.parametrize("minutes", [-12 * 60 - 15, 14 * 60 + 15])
def test_no_zone_is_that_far(minutes: int) -> None:
    assert own_offset(SAMPLE_AT + timedelta(minutes=minutes), SAMPLE) is None


def test_most_rows_decide_and_half_do_not() -> None:
    india = (SAMPLE_AT + timedelta(minutes=330), SAMPLE)
    utc = (SAMPLE_AT, SAMPLE)
    assert infer([india, india, utc, (None, SAMPLE), (SAMPLE_AT, "17")]) == 330
    assert infer([india, utc]) is None
    assert infer([]) is None


WINTER = datetime(2026, 10, 25, 1)  # noqa: DTZ001 - in UTC; clocks go back by then


@pytest.mark.parametrize(
    ("hours", "offset"),
    [
        (range(-40, 2), 60),
        (range(-40, 1), 120),
        ((*range(-40, -9), *range(30, 33)), 60),
        (range(2), 60),
    ],
)
def test_the_rows_after_a_change_of_clocks_tell_the_offset_of_now(
    hours: Sequence[int], offset: int
) -> None:
    moments = [WINTER + timedelta(hours=each) for each in hours]
    rows = [(at + timedelta(minutes=60 if at >= WINTER else 120), uuid1(at)) for at in moments]
    assert infer(rows) == infer(rows[::-1]) == offset


def test_what_is_no_change_of_clocks_is_left_to_most_rows() -> None:
    moments = [WINTER + timedelta(hours=each) for each in range(20)]
    plain = [(at, uuid1(at)) for at in moments]
    for odd, minutes in (((3, 18, 19), 60), ((18, 19), 120), ((0, 19), 60)):
        dated = [(at + timedelta(minutes=minutes), id_) for at, id_ in plain]
        assert infer([dated[n] if n in odd else plain[n] for n in range(20)]) == 0


def test_a_row_knows_better_than_its_run_unless_the_user_spoke() -> None:
    at = SAMPLE_AT + timedelta(minutes=60)
    run = Offset(0, "inferred")
    assert offset_of(at, SAMPLE, run, fixed=False) == Offset(60, "id")
    assert offset_of(at, "17", run, fixed=False) == run
    assert offset_of(at, SAMPLE, Offset(330, "set"), fixed=True) == Offset(330, "set")


@pytest.mark.parametrize(("minutes", "text"), [(0, "+00:00"), (330, "+05:30"), (-210, "-03:30")])
def test_an_offset_reads_as_people_write_it(minutes: int, text: str) -> None:
    assert str(Offset(minutes, "set")) == text
