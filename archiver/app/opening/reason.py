"""What a person may write into the chain for ever: who decided, and why. Pure.

A reason outlives the recording that it is about, so it holds no phone number, and nothing that acts
on a terminal.

>>> checked_words(" the provider has no other copy ", "--reason")
'the provider has no other copy'
"""

import re
from unicodedata import digit, normalize

from archiver.errors import UsageError

LONGEST = 500
_NUMBER = re.compile(r"[0-9](?:[\W_]*[0-9]){4}")
"""Five digits with nothing but separators between them: what may be a phone number."""
_MOST = 4
"""So many digits may stand in words of digits that follow each other, letters among them or not."""


def checked_words(text: str, option: str) -> str:
    """Return what was given with an option, without space around it; raises :class:`UsageError`."""
    words = text.strip()
    if not words:
        raise UsageError(f"{option} is empty.", advice="Write a few words: they stay in the chain.")
    if len(words) > LONGEST:
        raise UsageError(f"{option} is longer than {LONGEST} characters.", advice="Say it shorter.")
    if not words.isprintable():
        raise UsageError(f"{option} holds a control character.", advice="Write one plain line.")
    if _has_number(words):
        raise UsageError(
            f"{option} holds a number that may be somebody's.",
            advice="Leave out numbers of five digits and more; write a date as 11 June 2019.",
        )
    return words


def _has_number(text: str) -> bool:
    """Whether something may be a phone number, in digits of any kind, or with letters in it."""
    plain = "".join(map(_in_ascii, normalize("NFKC", text)))
    count = 0
    for word in plain.split():
        digits = sum(c.isdigit() for c in word)
        signs = sum(map(str.isalnum, word))
        count = count + digits if 2 * digits > signs or not signs else 0
        if count > _MOST:
            return True
    return _NUMBER.search(plain) is not None


def _in_ascii(char: str) -> str:
    """Return a digit of any kind, such as one in a circle, as an ASCII one."""
    value = digit(char, None)
    return char if value is None else str(value)
