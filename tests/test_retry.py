"""The backoff's laws, and every way to write Retry-After."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.http.retry import Backoff, delay, retry_after

LONGEST_S = 10 * 366 * 86_400.0
NOW = datetime(2021, 4, 12, 4, 56, 21, tzinfo=UTC)


@given(
    st.integers(1, 3_000),
    st.none() | st.floats(0, 1e9),
    st.floats(0, 1),
    st.builds(Backoff, st.integers(1, 3_000), st.floats(0, 60), st.floats(0, 600)),
)
def test_waits_are_bounded_and_end(
    attempt: int, asked: float | None, random01: float, backoff: Backoff
) -> None:
    pause = delay(backoff, attempt, asked, random01)
    if attempt >= backoff.attempts or (asked or 0.0) > backoff.asked_cap_s:
        assert pause is None
        return
    assert pause is not None
    least = asked or 0.0
    assert least <= pause <= least + backoff.cap_s


def test_the_ceiling_doubles_up_to_the_cap() -> None:
    ceilings = [delay(Backoff(attempts=9), attempt, None, 1.0) for attempt in range(1, 10)]
    assert ceilings == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, None]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("999999", 999_999.0),
        ("2.5", 2.5),
        ("0003", 3.0),
        ("99999999999", LONGEST_S),
        ("9" * 5_000, LONGEST_S),
        ("9" * 5_000 + ".5", LONGEST_S),
        ("Fri, 12 Apr 9999 04:56:51 GMT", LONGEST_S),
        ("Mon, 12 Apr 2021 04:56:51 GMT", 30.0),
        ("Mon, 12 Apr 2021 04:00:00 GMT", 0.0),
        ("Mon, 12 Apr 2021 04:56:31 -0000", 10.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1e9", None),
        ("٣", None),
        (".5", None),
        ("Mon, 99 Apr 2021 04:56:51 GMT", None),
    ],
)
def test_retry_after_reads_seconds_and_dates(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


@given(st.text())
def test_retry_after_never_fails(header: str) -> None:
    seconds = retry_after(header, NOW)
    assert seconds is None or seconds >= 0
