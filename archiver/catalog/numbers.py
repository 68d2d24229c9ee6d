"""Phone numbers as people write them: found by their digits, from the end. Pure.

``0044 7700 900123``, ``+44 7700 900123`` and ``07700 900123`` are one number: digits only, no
leading zeros, and one is the end of the other when both have at least seven.
"""

import re
from collections.abc import Iterable

from archiver.filters.filters import NumberPattern

SHORTEST_END = 7
_OTHER = re.compile(r"\(0\)|\D", re.ASCII)
"""What is no digit, and the zero of ``+44 (0)7700 900123``, dialled inside the country only."""


def digits(number: str) -> str:
    """Return the digits without leading zeros (``*`` and letters count for nothing)."""
    return _OTHER.sub("", number).lstrip("0")


def digits_of(numbers: Iterable[str]) -> frozenset[str]:
    """Return the digits of each number that has some."""
    return frozenset(each for each in map(digits, numbers) if each)


def ends(number: str) -> tuple[str, ...]:
    """Return the ends of ``number`` that a shorter form of it may be, itself first."""
    whole = digits(number)
    return tuple(whole[start:] for start in range(max(1, len(whole) - SHORTEST_END + 1)))


def as_typed(text: str) -> str:
    """Return the digits of a part of a number, zeros in front too."""
    return "".join(c for c in text if c.isascii() and c.isdigit())


def fits(pattern: NumberPattern, number: str) -> bool:
    """Whether a number as served is the one of a pattern, or ends so, or has its digits anywhere.

    >>> fits(NumberPattern("0123"), "+44 7700 900123"), fits(NumberPattern("0123"), "123")
    (True, True)
    """
    whole, meant = digits(number), digits(pattern.text)
    if pattern.anywhere:
        return pattern.text in whole
    if len(meant) >= SHORTEST_END:
        return is_same(meant, whole)
    return bool(meant) and (whole == meant or whole.endswith(as_typed(pattern.text)))


def is_same(one: str, other: str) -> bool:
    """Whether two numbers, given by their :func:`digits`, are one."""
    short, long = sorted((one, other), key=len)
    return short == long or (len(short) >= SHORTEST_END and long.endswith(short))
