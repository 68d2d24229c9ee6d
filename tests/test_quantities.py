"""Lengths of time and sizes as people type them."""

import pytest

from archiver.domain.quantities import counted, seconds, size
from archiver.errors import UsageError
from tests.conftest import Figure


def test_one_is_not_several(figure: Figure) -> None:
    assert [counted(n, "file") for n in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
    assert counted(1, "day is", "days are") == "1 day is"
    assert counted(3, "day is", "days are") == "3 days are"
    figure("R17", "counts in messages: 1 file, 2 files")


@pytest.mark.parametrize(
    ("text", "expected"), [("90s", 90), ("30m", 1_800), (" 6 h ", 21_600), ("2d", 172_800)]
)
def test_lengths_of_time(text: str, expected: int) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", 1), ("800k", 800_000), ("800K", 800_000), ("500MB", 500_000_000), ("20G", 20 * 10**9)],
)
def test_sizes(text: str, expected: int) -> None:
    assert size(text) == expected


@pytest.mark.parametrize(
    "text", ["", "0", "0m", "-1", "m", "1.5h", "1y", "9" * 12, "\u0661m", "1 m 2 s"]
)
def test_anything_else_is_refused(text: str) -> None:
    for read in (seconds, size):
        with pytest.raises(UsageError, match="must be a"):
            read(text)
