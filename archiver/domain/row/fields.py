"""Fields of a row that decide something: what they say, that they say nothing, or neither. Pure.

Portals have no one form for anything, so the usual ones are read. What is left is told apart from
nothing by an exception: a length that nobody could read was compared with nothing, and half of a
recording would pass for all of it.

>>> [length_ms(text) for text in ("00:01:33", "1m 33s", "PT1M33S", "93,0", "N/A")]
[93000, 93000, 93000, 93000, None]
>>> length_ms("a while")
Traceback (most recent call last):
archiver.domain.row.fields.FieldNotUnderstood: no length
"""

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Final

from archiver.domain.recordings import Report
from archiver.json_documents import Json

TIME_FIELD: Final = {Report.RECORDINGS: "created_at", Report.CALLS: "end_at"}
"""The field that says when a row's recording or call was, by the portal's clock."""
MAX_LENGTH_MS: Final = 1000 * 3_600_000
_LONGEST_TEXT: Final = 64
_KEPT: Final = 1024
"""So many lengths are remembered: rows by the thousand have the same few."""
_EXACT: Final = 1 << 53
"""Below it, each whole number is a float of its own."""
_BLANKS: Final = frozenset(
    {
        *(
            "",
            "-",
            "--",
            "---",
            "\u2013",
            "\u2014",
            "0",
            "n/a",
            "n.a.",
            "na",
            "none",
            "null",
            "nil",
        ),
        *("no", "false", "unknown", "undefined", "0000-00-00", "0000-00-00 00:00:00"),
    }
)
"""What is written where there is nothing, by people and by databases."""
_ADDRESS: Final = re.compile(
    r"""\s*["']?\s*(?:[a-z][a-z0-9+.-]*:|\\?/|\.{1,2}\\?/|<a\s)"""
    r"""|\s*["']?[^:@?#<>]{1,1000}\.[a-z][a-z0-9]{1,4}["']?\s*(?:[?#]|$)""",
    re.IGNORECASE,
)
"""Also one without its scheme, or its host: those are the endpoint's then, and so is the folder of
one that names a file alone. A word such as "pending" is none.
"""

_N = r"([0-9]{1,9}(?:[.,][0-9]{1,9})?)"
_DAYS, _HOURS, _MINUTES = 86_400, 3_600, 60
_FORMS: Final = (
    (re.compile(r"([0-9]{1,7}(?:[.,][0-9]{1,9})?)"), (1,)),
    (re.compile(r"([0-9]{1,4}):([0-5][0-9](?:[.,][0-9]{1,9})?)"), (_MINUTES, 1)),
    (
        re.compile(
            r"(?:([0-9]{1,3}) days?,? )?([0-9]{1,4}):([0-5][0-9]):([0-5][0-9](?:[.,][0-9]{1,9})?)"
        ),
        (_DAYS, _HOURS, _MINUTES, 1),
    ),
    (
        re.compile(
            rf"(?:{_N}\s*d(?:ays?)?)?(?:[\s,]*{_N}\s*h(?:rs?|ours?)?\.?)?"
            rf"(?:[\s,]*{_N}\s*m(?:ins?|inutes?)?\.?)?(?:[\s,]*{_N}\s*s(?:ecs?|econds?)?\.?)?"
            rf"(?:[\s,]*{_N}\s*(?:ms|msecs?|milliseconds?)\.?)?",
            re.IGNORECASE,
        ),
        (_DAYS, _HOURS, _MINUTES, 1, 0.001),
    ),
    (
        re.compile(rf"P(?=.)(?:{_N}D)?(?:T(?=.)(?:{_N}H)?(?:{_N}M)?(?:{_N}S)?)?", re.IGNORECASE),
        (_DAYS, _HOURS, _MINUTES, 1),
    ),
)
"""Seconds; clocks of minutes, and of hours (days in front, as Python writes them); words; ISO 8601
durations. Each with the seconds that its numbers stand for."""


class FieldNotUnderstood(ValueError):
    """Something is there, and it is in no form that is known."""


def is_blank(served: Json) -> bool:
    """Whether a value says that there is nothing: null, false, zero, empty, ``-`` or ``N/A``."""
    if isinstance(served, str):
        return served.strip().casefold() in _BLANKS
    return not served


def text_of(served: Json) -> str | None:
    """Return a text, or a whole number as one; ``None`` for null, false and what is empty.

    Raises :class:`FieldNotUnderstood` for what is neither: a list, an object, a fraction.
    """
    if isinstance(served, str):
        return served
    if isinstance(served, float) and served.is_integer() and abs(served) < _EXACT:
        return str(int(served))
    if isinstance(served, int) and not isinstance(served, bool):
        return str(served)
    if served:
        raise FieldNotUnderstood("no text")
    return None


def length_ms(served: Json) -> int | None:
    """Return a reported length in milliseconds, ``None`` where there is none.

    Read are ``H:MM:SS`` (more than 24 h too), ``MM:SS``, seconds as number or text, ``1h 2m 3s``
    with units in any length, and ``PT1M5S``; fractions with a point or a comma; milliseconds only
    where they are called so. Zero is none: portals serve it for lengths that they have not
    measured. Raises :class:`FieldNotUnderstood`.
    """
    if is_blank(served):
        return None
    if isinstance(served, str):
        text = served.strip()
        seconds = _seconds(text) if len(text) <= _LONGEST_TEXT else math.nan
    elif isinstance(served, int | float) and not isinstance(served, bool):
        seconds = float(served) if abs(served) * 1000 <= MAX_LENGTH_MS else math.inf
    else:
        seconds = math.nan
    if not 0 <= seconds * 1000 <= MAX_LENGTH_MS:
        raise FieldNotUnderstood("no length")
    return round(seconds * 1000) or None


def moment(served: Json) -> datetime | None:
    """Return a time on the portal's own clock, whole seconds, ``None`` where there is none.

    Read is ISO 8601; an offset from UTC in it is not applied. Raises :class:`FieldNotUnderstood`:
    of a number of seconds, or of days and months in an order that is anybody's guess, too.
    """
    if is_blank(served):
        return None
    try:
        read = datetime.fromisoformat(served.strip() if isinstance(served, str) else "")
    except ValueError as error:
        raise FieldNotUnderstood("no time") from error
    return read.replace(tzinfo=None, microsecond=0)


def has_offset(served: Json) -> bool:
    """Whether a time comes with its offset from UTC: the filter may read another clock then."""
    with suppress(ValueError):
        text = served.strip() if isinstance(served, str) else ""
        return datetime.fromisoformat(text).tzinfo is not None
    return False


def row_time(fields: Mapping[str, Json], report: Report) -> datetime | None:
    """Return the portal time of a row as served, ``None`` where none can be read."""
    try:
        return moment(fields.get(TIME_FIELD[report]))
    except FieldNotUnderstood:
        return None


def address(served: Json) -> str | None:
    """Return the address of audio as it came, ``None`` where there is none.

    Whether it may be fetched is another matter. Raises :class:`FieldNotUnderstood`.
    """
    if is_blank(served):
        return None
    if isinstance(served, str) and _ADDRESS.match(served):
        return served
    raise FieldNotUnderstood("no address")


@lru_cache(_KEPT)
def _seconds(text: str) -> float:
    """Return the seconds that a text stands for, NaN where it is in no form that is known."""
    for form, units in _FORMS:
        if found := form.fullmatch(text):
            parts = zip(found.groups(), units, strict=True)
            return sum(float(number.replace(",", ".")) * unit for number, unit in parts if number)
    return math.nan
