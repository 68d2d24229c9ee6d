"""Fields of a row that decide something: read, blank, or not understood."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.domain.row.fields import MAX_LENGTH_MS, FieldNotUnderstood, address, length_ms, moment
from archiver.json_documents import Json
from tests.conftest import Figure

READABLE: dict[str | int | float, int] = {
    "00:01:33": 93_000,
    "00:00:47": 47_000,
    "0:01:33": 93_000,
    "01:33": 93_000,
    "90:00": 5_400_000,
    "26:00:05": 93_605_000,
    "100:00:00": 360_000_000,
    "1 day, 2:00:05": 93_605_000,
    "00:01:33.5": 93_500,
    "00:01:33,5": 93_500,
    " 60 ": 60_000,
    "60.25": 60_250,
    "60,25": 60_250,
    60: 60_000,
    0.5: 500,
    "1h 2m 3s": 3_723_000,
    "1h2m3s": 3_723_000,
    "1 hour, 2 minutes, 3 seconds": 3_723_000,
    "1 min 5 sec": 65_000,
    "1m 0s": 60_000,
    "60 sec.": 60_000,
    "2 hrs": 7_200_000,
    "1 Minute": 60_000,
    "1,5 h": 5_400_000,
    "1d 2h": 93_600_000,
    "60000 ms": 60_000,
    "1 s 500 ms": 1_500,
    "PT1M": 60_000,
    "pt1m5.5s": 65_500,
    "P0DT0H1M5S": 65_000,
    "P1DT2H": 93_600_000,
}
BLANK: list[Json] = [
    *(None, False, 0, 0.0, -0.0, "0", "00:00:00", "00:00", "0 sec", "PT0S", "0.0001"),
    *("", "  ", "-", "--", "\u2014", "n/a", "N/A", "n.a.", "None", "NULL", "Unknown"),
    [],
    {},
]
NONSENSE: list[Json] = [
    *(True, "-1", -1, -0.5, "nan", "NaN", "inf", "1e999", "-00:01:00", "+60", "~60"),
    *(float("nan"), float("inf"), 10**18, 10**400, "9" * 5000, "1:2:3", "00:60:00", "00:00:60"),
    *("1:1:1:1", "\u0660\u0660:\u0660\u0661", "01:33\n\x00", "one minute", "pending", "3600001"),
    *("P", "PT", "P1DT", "P1Y", "P1M", "1m 1m", "5s 1m", "1 2", "s", "1000:00:01", "1 sec ago"),
    ["60"],
    {"seconds": 60},
]


def is_understood(served: Json) -> bool:
    try:
        length_ms(served)
    except FieldNotUnderstood:
        return False
    return True


def test_lengths_are_read_blank_or_not_understood_and_never_crash(figure: Figure) -> None:
    for served, ms in READABLE.items():
        assert length_ms(served) == ms, served
    for blank in BLANK:
        assert length_ms(blank) is None, blank
    understood = [served for served in NONSENSE if is_understood(served)]
    assert understood == []
    counts = f"readable {len(READABLE)}, blank {len(BLANK)}, nonsense {len(NONSENSE)}"
    for row in ("A10", "G9"):
        figure(row, f"{counts}: taken for another {len(understood)}, crashes 0")


@given(st.text() | st.floats() | st.integers() | st.text("0123456789:.,dhmsPT -", max_size=70))
def test_a_length_is_a_sane_whole_number_none_or_not_understood(served: str | float) -> None:
    try:
        ms = length_ms(served)
    except FieldNotUnderstood:
        return
    assert ms is None or (type(ms) is int and 0 < ms <= MAX_LENGTH_MS)


@given(st.integers(1, 999 * 3600))
def test_every_form_of_a_length_says_the_same(seconds: int) -> None:
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    for form in (
        f"{hours:02}:{minute:02}:{second:02}",
        f"{hours}h {minute}m {second}s",
        f"{hours} hours, {minute} min {second} sec.",
        f"PT{hours}H{minute}M{second}S",
        f"PT{minutes}M{second}.0S",
        f"{seconds} s",
        f"{seconds},0",
    ):
        assert length_ms(form) == seconds * 1000, form


@pytest.mark.parametrize(
    "served",
    ["2019-06-11 06:04:21", " 2019-06-11T06:04:21.9 ", "2019-06-11T06:04:21.000000Z"],
)
def test_a_moment_is_on_the_portals_own_clock(served: str) -> None:
    assert moment(served) == datetime(2019, 6, 11, 6, 4, 21)  # noqa: DTZ001 - it has no zone


@pytest.mark.parametrize("served", [None, "", "-", "0000-00-00 00:00:00", 0, False])
def test_a_moment_may_be_none(served: Json) -> None:
    assert moment(served) is None


@pytest.mark.parametrize(
    "served",
    [1_560_233_061, "1560233061", "11/06/2019 06:04:21", "2019-06-11 06:04:21 AM", "soon", ["x"]],
)
def test_a_moment_is_never_guessed(served: Json) -> None:
    with pytest.raises(FieldNotUnderstood):
        moment(served)


@pytest.mark.parametrize("served", [None, "", "-", "N/A", "none", False, 0, [], {}])
def test_there_may_be_no_audio(served: Json) -> None:
    assert address(served) is None


@pytest.mark.parametrize(
    "served",
    [
        " HTTPS://a.example/k?b ",
        "//a.example/k",
        "/storage/k.mp3",
        "storage/k.mp3",
        "storage/My call.mp3?sig=1",
        "../k.wav",
        '"https://a.example/k"',
        "https:\\/\\/a.example\\/k",
        "http:/a.example/k.mp3",
        '<a href="https://a.example/k">x</a>',
    ],
)
def test_an_address_comes_back_as_it_is(served: str) -> None:
    assert address(served) == served


@pytest.mark.parametrize(
    "served",
    ["pending", "12.50", "in progress", "a@b.example", "k.m", True, 7, {"url": "https://"}],
)
def test_audio_that_is_no_address_is_not_taken_for_none(served: Json) -> None:
    with pytest.raises(FieldNotUnderstood):
        address(served)
