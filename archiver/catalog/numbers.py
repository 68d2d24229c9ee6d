"""Phone numbers as people write them: found by their digits, from the end. Pure.

``0044 7700 900123``, ``+44 7700 900123`` and ``07700 900123`` are one number: digits only, no
leading zeros, and one is the end of the other when both have at least seven.
"""

import re
from collections.abc import Iterable, Sequence

from archiver.domain.row.served_numbers import numbers_of, without_trunk
from archiver.filters.filters import NumberPattern
from archiver.json_documents import Json

SHORTEST_END = 7
_OTHER = re.compile(r"\(0\)|\D", re.ASCII)
"""What is no digit, and the zero of ``+44 (0)7700 900123``, dialled inside the country only."""


def digits(number: str) -> str:
    """Return the digits without leading zeros (``*`` and letters count for nothing)."""
    return _OTHER.sub("", number).lstrip("0")


def digits_of(numbers: Iterable[str]) -> frozenset[str]:
    """Return the digits of each number that has some."""
    return frozenset(each for each in map(digits, numbers) if each)


def entered(numbers: Sequence[str]) -> frozenset[str]:
    """Return the digits by which numbers are found: without leading zeros, and with them.

    A person may look for digits in the middle that begin with these.
    """
    return digits_of(numbers) | {as_typed(each) for each in numbers if digits(each)}


def meant(typed: str) -> tuple[str, ...]:
    """Return the number in what somebody typed: of an address or with an extension, itself.

    With a zero behind its country's code it is two: with that zero, and without it.
    """
    first = next(iter(numbers_of(typed).written), typed)
    if len(digits(first)) < SHORTEST_END:
        return (typed,)
    return first, *without_trunk(first)


def ends(number: str) -> tuple[str, ...]:
    """Return the ends of ``number`` that a shorter form of it may be, itself first."""
    whole = digits(number)
    return tuple(whole[start:] for start in range(max(1, len(whole) - SHORTEST_END + 1)))


def as_typed(text: str) -> str:
    """Return the digits of a part of a number, zeros in front too."""
    return "".join(c for c in text if c.isascii() and c.isdigit())


def fits(pattern: NumberPattern, served: Json) -> bool:
    """Whether a field as served has a number of a pattern, or one that ends so, or has its digits.

    >>> fits(NumberPattern("0123"), "+44 7700 900123"), fits(NumberPattern("0123"), 123)
    (True, True)
    """
    every = entered(numbers_of(served).written)
    if pattern.anywhere:
        return any(pattern.text in each for each in every)
    return any(_is_end(number, each) for number in meant(pattern.text) for each in every)


def last_digits(number: str) -> str:
    """Return the digits in which a number ends that is this one, or a longer form of it."""
    whole = digits(number)
    return whole if len(whole) >= SHORTEST_END else as_typed(number)


def _is_end(number: str, each: str) -> bool:
    return bool(digits(number)) and (each in ends(number) or each.endswith(last_digits(number)))


def is_same(one: str, other: str) -> bool:
    """Whether two numbers, given by their :func:`digits`, are one."""
    short, long = sorted((one, other), key=len)
    return short == long or (len(short) >= SHORTEST_END and long.endswith(short))
