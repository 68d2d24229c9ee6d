"""No phone number is on a page that was not asked for it."""

import re

import pytest

from archiver.filters.request import FilterRequest
from archiver.report.asked import in_words
from archiver.report.masks import masked, masked_name
from archiver.report.subject import ShownRows
from tests.conftest import Figure
from tests.report.made import recording, subject
from tests.report.pages import data_of, page_of

NUMBERS = (
    "+44 7700 900123",
    "12025550143",
    "(0)20-7946-0958",
    "٠١٢٣٤٥٦٧٨٩",
    "sip:447700900123@host",
    "²³¹⁰⁴⁵⁶⁷",
)


@pytest.mark.parametrize("number", NUMBERS)
def test_three_digits_of_a_number_are_left(number: str) -> None:
    assert sum(map(str.isdigit, masked(number))) == 3
    assert masked(number)[-1] == number[-1] or "@" in number


@pytest.mark.parametrize("extension", ["7", "42", "2001", "123456"])
def test_of_an_extension_nothing_is_left(extension: str) -> None:
    assert masked(extension) == "•" * len(extension)


def test_a_name_is_shown_and_a_number_in_its_place_is_not() -> None:
    assert masked_name("Room 12") == "Room 12"
    assert "7700" not in masked_name("447700900123")
    assert masked_name("Ann\x1b[2J") == "Ann\\x1b[2J"


def test_no_number_is_anywhere_on_a_masked_page(figure: Figure) -> None:
    rows = [
        recording(n, caller=f"+44 7700 9001{n:02}", agent=f"4477009001{n:02}") for n in range(9)
    ]
    asked = FilterRequest(number=("447700900101",), notes=("447700900101",), ids=("447700900101",))
    one = subject(rows, selection=ShownRows(in_words(asked)))
    texts = {shown: str(data_of(page_of(one, shows_numbers=shown))) for shown in (True, False)}
    found = {
        shown: len(re.findall(r"7700 ?9001|2025550143", text)) for shown, text in texts.items()
    }
    assert found[False] == 0
    assert found[True] == 19, "each caller, each agent, the one called"
    figure("report", f"numbers on a page of {len(rows)} recordings: shown {found[True]}, masked 0")
