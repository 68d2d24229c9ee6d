"""The date filter, trap by trap."""

# ruff: noqa: DTZ001 - the portal's clock has no zone

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.sandbox import FilterFaults
from archiver.sandbox.portal.date_filter import understand

NOW = datetime(2021, 4, 20, 12, 30, 15)
FIRST = datetime(2021, 4, 1)
LAST = datetime(2021, 4, 12, 23, 59, 59)


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("Apr 01, 2021 - Apr 12, 2021", FIRST, LAST),
        ("2021-04-01 - 2021-04-12", FIRST, LAST),
        (
            "Apr 01, 2021 10:00:00 - Apr 01, 2021 10:59:59",
            datetime(2021, 4, 1, 10),
            datetime(2021, 4, 1, 10, 59, 59),
        ),
        ("Apr 01, 2021 10:00:00 - Apr 12, 2021", datetime(2021, 4, 1, 10), LAST),
        ("Abr 01, 2021 - Apr 12, 2021", NOW, LAST),
        ("Apr 01, 2021 - Apr 31, 2021", FIRST, NOW),
        ("Apr 01, 2021", FIRST, NOW),
        ("Apr 01, 2021-Apr 12, 2021", NOW, NOW),
        ("nonsense", NOW, NOW),
    ],
)
def test_what_the_portal_makes_of_a_value(value: str, first: datetime, last: datetime) -> None:
    assert understand(value, NOW) == (first, last)


def test_it_can_be_blind_to_times_of_day() -> None:
    value = "Apr 01, 2021 10:00:00 - Apr 12, 2021 11:00:00"
    assert understand(value, NOW, FilterFaults(whole_days=True)) == (FIRST, LAST)
    assert understand(value, NOW, FilterFaults(times_unreadable=True)) == (NOW, NOW)
    assert understand("Apr 01, 2021 - Apr 12, 2021", NOW, FilterFaults(dates_unreadable=True)) == (
        NOW,
        NOW,
    )


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)))
def test_a_second_is_understood_as_that_second(moment: datetime) -> None:
    whole = moment.replace(microsecond=0)
    side = whole.strftime("%Y-%m-%d %H:%M:%S")
    assert understand(f"{side} - {side}", NOW) == (whole, whole)
