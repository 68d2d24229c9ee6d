"""What a person may write into the chain for ever: who decided, and why. Pure.

A reason outlives the recording that it is about, so it holds no phone number, and nothing that acts
on a terminal.

>>> checked_words(" the provider has no other copy ", "--reason")
'the provider has no other copy'
"""

import re

from archiver.errors import UsageError

LONGEST = 500
_NUMBER = re.compile(r"\d(?:[\W_]*\d){4}")
"""Five digits with nothing but separators between them: what may be a phone number."""


def checked_words(text: str, option: str) -> str:
    """Return what was given with an option, without space around it; raises :class:`UsageError`."""
    words = text.strip()
    if not words:
        raise UsageError(f"{option} is empty.", advice="Write a few words: they stay in the chain.")
    if len(words) > LONGEST:
        raise UsageError(f"{option} is longer than {LONGEST} characters.", advice="Say it shorter.")
    if not words.isprintable():
        raise UsageError(f"{option} holds a control character.", advice="Write one plain line.")
    if _NUMBER.search(words):
        raise UsageError(
            f"{option} holds a number that may be somebody's.",
            advice="Leave out numbers of five digits and more; write a date as 11 June 2019.",
        )
    return words
