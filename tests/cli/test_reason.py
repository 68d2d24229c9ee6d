"""What may stand in the chain for ever: a plain line without anybody's number."""

import pytest

from archiver.app.opening.reason import LONGEST, checked_words
from archiver.errors import UsageError


@pytest.mark.parametrize(
    "words",
    [
        "heard it, 2 of 3 s are there",
        "the provider lost it on 11 June 2019",
        "Überhört",
        "in Q4 of 2025 for three firms, see A-117b and c0ffee12",
        "x" * LONGEST,
    ],
)
def test_plain_words_are_kept(words: str) -> None:
    assert checked_words(f" {words}\n", "--reason") == words


@pytest.mark.parametrize(
    "words",
    ["", " \t", "x" * (LONGEST + 1), "two\nlines", "a\x1b[2Jb", "rang 07700", "+44 (0)7700-900 123",
     "1.2.3.4.5", "\u2070\u2077\u2077\u2070\u2070", "\u24ea\u2466\u2466\u24ea\u24ea",
     "\u2776\u2777\u2778\u2779\u277a", "\uff10\uff17\uff17\uff10\uff10",
     "44x7700x900x123", "07o7 7l00", "4a4b7c7d0", "44x7 - 7x00x9",
     "\u0660\u0667\u0667\u0660\u0660"],
)  # fmt: skip
def test_numbers_controls_and_endless_words_are_refused(words: str) -> None:
    with pytest.raises(UsageError, match="--reason") as refused:
        checked_words(words, "--reason")
    assert refused.value.advice
    assert not words.strip() or words.strip() not in refused.value.message
