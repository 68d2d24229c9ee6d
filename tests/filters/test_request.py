"""What people type as filters is read as one thing, or refused by the name of its option."""

from datetime import datetime

import pytest

from archiver.catalog.numbers import fits
from archiver.domain.outcomes import Verdict
from archiver.domain.times.portal_offsets import always
from archiver.domain.times.window import EARLIEST, LATEST, Window
from archiver.errors import UsageError
from archiver.filters.filters import Filters, Length, NumberPattern, Standing
from archiver.filters.request import FILTER_FIELDS, FilterRequest
from archiver.filters.short_ids import covers, id_in

NOW = datetime(2026, 11, 27, 9, 30)  # noqa: DTZ001 - portal time is naive
ID = "3f10cb7c-e61a-11f1-a97c-91b72265b1f5"


def read(**typed: str | tuple[str, ...]) -> Filters:
    return FilterRequest(**typed).read(NOW, always(60))  # type: ignore[arg-type]  # a test types any field


@pytest.mark.parametrize("typed", ["*9001*", " *9001* "])
def test_digits_between_asterisks_stand_anywhere(typed: str) -> None:
    assert read(number=(typed,)).numbers == (NumberPattern("9001", anywhere=True),)


def test_any_other_number_is_left_to_whoever_knows_numbers() -> None:
    typed = ("+44 (0)7700 900-123", "0123")
    assert read(number=typed).numbers == tuple(map(NumberPattern, typed))


@pytest.mark.parametrize(
    "typed",
    [
        "07700/900.123",
        "0044 7700\N{NO-BREAK SPACE}900\N{EN DASH}123",
        "(0)7700 900123",
        "tel:+44-7700-900123;phone-context=x",
        "sip:+447700900123@10.0.0.5:5060",
        "+44 7700 900123 ext. 5",
        "+44 7700 900123x12",
    ],
)
def test_a_number_is_typed_in_every_usual_form(typed: str) -> None:
    (pattern,) = read(number=(typed,)).numbers
    assert fits(pattern, "+447700900123")


def test_digits_of_another_width_are_digits() -> None:
    assert read(number=("０１２３",)).numbers == (NumberPattern("0123"),)  # noqa: RUF001 - typed so


@pytest.mark.parametrize(
    "typed",
    [
        "44 77OO 900123",
        "44 7700 9O0123",
        "+44 7700 900123 zz",
        "07700 900123x",
        "07700 900123 ext. 5O",
        "44 77@0 900123",
        "44 7700 900123; 44 7700 900124",
        "44 7700 900123 44 7700 900124",
        "44+7700900123",
        "44_7700_900123",
        "tel:+4477OO900123",
        "000",
        "00-00",
        "anonymous",
        "*90O1*",
    ],
)
def test_a_number_with_anything_else_in_it_is_refused_and_not_shown(typed: str) -> None:
    with pytest.raises(UsageError, match="--number is no phone number") as refused:
        FilterRequest(number=(typed,)).check(NOW)
    assert typed not in refused.value.message


@pytest.mark.parametrize(
    ("typed", "window"),
    [
        ({}, None),
        ({"day": "2026-11-22"}, Window(datetime(2026, 11, 22), datetime(2026, 11, 22, 23, 59, 59))),  # noqa: DTZ001
        ({"since": "2026-11-22"}, Window(datetime(2026, 11, 22), LATEST)),  # noqa: DTZ001
        ({"until": "2026-11-22"}, Window(EARLIEST, datetime(2026, 11, 22, 23, 59, 59))),  # noqa: DTZ001
        ({"until": "2026-11-22T08:00:00Z"}, Window(EARLIEST, datetime(2026, 11, 22, 9))),  # noqa: DTZ001
        ({"since": "1d", "until": "today"}, Window(datetime(2026, 11, 26), datetime(2026, 11, 27, 23, 59, 59))),  # noqa: DTZ001, E501
    ],
)  # fmt: skip
def test_a_time_is_a_span_that_may_be_open(typed: dict[str, str], window: Window | None) -> None:
    assert read(**typed).window == window


@pytest.mark.parametrize(
    ("typed", "length"),
    [
        ({"min_length": "90s"}, Length(90_000)),
        ({"max_length": "1:30"}, Length(None, 90_000)),
        ({"min_length": "1m", "max_length": "1h"}, Length(60_000, 3_600_000)),
    ],
)
def test_a_length_is_typed_as_portals_write_it(typed: dict[str, str], length: Length) -> None:
    assert read(**typed).length == length


@pytest.mark.parametrize("typed", [" ", "\u200b", "\u00ad \u202e"])
def test_what_nobody_sees_is_no_part_of_every_name(typed: str) -> None:
    for field in ("agent", "status", "notes"):
        with pytest.raises(UsageError, match=f"--{field} is empty"):
            read(**{field: (typed,)})
    assert read(notes=(f"call {typed}",)).notes == ("call",)


def test_words_are_those_of_the_project() -> None:
    filters = read(
        verdict=("Truncated",), outcome=("no-audio", "accepted"), notes=("call  back", "X")
    )
    assert filters.verdicts == (Verdict.TRUNCATED,)
    assert filters.standings == (Standing.NO_AUDIO, Standing.ACCEPTED)
    assert filters.notes == ("call", "back", "X")
    assert filters.asks_of_calls


def test_what_may_be_a_file_or_an_id_is_left_to_whoever_knows_ids() -> None:
    file = f"calls/20261122-021302_{ID}.quarantined.mp3"
    assert read(ids=(ID, file, ID, "1700000000.123")).ids == (ID, file, "1700000000.123")


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        (f"calls/20261122-021302_{ID}.quarantined.mp3", ID),
        (f"{ID}.0123456789ab.json", ID),
        ("20261122-021302_1700000000.wav", "1700000000"),
        ("1700000000.123", "1700000000.123"),
        ("1700000000.12345", "1700000000.12345"),
        ("1700000000.123.wav", "1700000000.123.wav"),
    ],
)
def test_digits_behind_a_dot_are_no_kind_of_file(text: str, id_: str) -> None:
    assert id_in(text) == id_
    assert covers(text, id_)


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ({"number": ("Ann",)}, "--number"),
        ({"number": ("*9*",)}, "--number"),
        ({"number": ("*72",)}, "--number"),
        ({"number": ("",)}, "--number"),
        ({"agent": (" ",)}, "--agent"),
        ({"ids": ("",)}, "An id"),
        ({"notes": ("",)}, "--notes"),
        ({"since": "Tuesday"}, "--since"),
        ({"until": "2026-13-01"}, "--until"),
        ({"day": "7h"}, "--day"),
        ({"day": "today", "since": "today"}, "--day"),
        ({"since": "2026-11-23", "until": "2026-11-22"}, "--since"),
        ({"min_length": "long"}, "--min-length"),
        ({"max_length": "0"}, "--max-length"),
        ({"min_length": "2m", "max_length": "1m"}, "--min-length"),
        ({"verdict": ("gone",)}, "--verdict is one of verified"),
        ({"outcome": ("held",)}, "--outcome is one of archived"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_option(
    typed: dict[str, str | tuple[str, ...]], named: str
) -> None:
    with pytest.raises(UsageError, match=f"^{named}") as refused:
        read(**typed)
    assert refused.value.message.endswith(".")


def test_a_refusal_never_repeats_a_number() -> None:
    with pytest.raises(UsageError) as refused:
        read(number=("*44 7700 900456",))
    assert "900456" not in refused.value.message + refused.value.advice


def test_nothing_typed_means_every_recording() -> None:
    assert FilterRequest().is_empty
    assert read() == Filters()
    assert read().is_empty
    assert not FilterRequest(day="today").is_empty
    assert {"ids", "number", "min_length", "notes"} < {*FILTER_FIELDS}


def test_a_check_knows_no_clock_and_refuses_nothing_that_may_be_meant() -> None:
    FilterRequest(since="2026-11-28", until="today").check(NOW)
    FilterRequest(day="yesterday").check(NOW)
    for wrong in (FilterRequest(since="?"), FilterRequest(until="?"), FilterRequest(number=("x",))):
        with pytest.raises(UsageError):
            wrong.check(NOW)
