"""The phone numbers that a field of a row holds, in the forms in which portals write them. Pure.

A field may hold an address (``sip:``, ``tel:``), an extension, or several numbers. Where a text can
be read in more than one way, the numbers of each are returned: one too many is seen by whoever
searches, and one too few is not.

>>> numbers_of("sip:+12025550121@10.0.0.5:5060").written
('+12025550121',)
>>> numbers_of("+1 (202) 555-0121 ext. 5").written
('+1 (202) 555-0121', '5', '120255501215')
>>> numbers_of("anonymous"), numbers_of("+1202555XXXX").is_read, numbers_of(["104"]).is_read
(ServedNumbers(written=(), is_read=True), False, False)
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from unicodedata import decimal, normalize
from urllib.parse import unquote

from msgspec import Struct

from archiver.domain.row.fields import FieldNotUnderstood, text_of
from archiver.json_documents import Json

_LONGEST = 17
"""So many digits a number has at most: 15 (E.164) behind the two zeros that are dialled abroad."""
_MOST_OF_SEVERAL = 15
_LONG = 7
_LONGEST_TEXT = 500
_USUAL = re.compile(r"\+?[0-9]{1,17}")
_SCHEME = re.compile(r"\b(?:sips?|tel|callto|h323|iax2?):(?://)?", re.IGNORECASE)
_PASSWORD = re.compile(r":[^\s,;<>@]*@")
_HOST = re.compile(r"@[^\s,;<>\"]*")
_EXTENSION = re.compile(
    r"(?:;\s*|\b|(?<=[0-9]))(?:extension|extn?|x)\s*[.:=]?\s*(?=[0-9])", re.IGNORECASE
)
_PARAMETER = re.compile(r";\s*[a-z][a-z0-9-]*(?:=[^\s,;<>]*)?", re.IGNORECASE)
_RUN = re.compile(r"[+(]{0,3}[0-9][0-9 ()./\u2010-\u2015\u2212-]*")
_COUNTRY = (
    "1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    "|(?:2[1-689]|3[578]|42|5[09]|6[7-9]|8[05789]|9[679])[0-9]"
)
"""The codes of countries, as the ITU gives them out (E.164)."""
_TRUNK = re.compile(rf"((?:\+|00)[ ./-]*(?:{_COUNTRY})[ ./-]*)0(?=[ ./-]*[1-9])")
"""A zero behind a country's code: some countries dial it, elsewhere somebody left it by mistake."""
_LETTER = r"[^\W\d_]"
_ODD = re.compile(
    rf"{_LETTER}[-.]?[0-9]|[0-9][-.]?{_LETTER}"  # a channel, an exponent, letters as digits
    r"|[0-9]\s?[*\u2022?_]|[*\u2022?_]{2}|[\u2022?_]\s?[0-9]"  # digits that are masked
)


class ServedNumbers(Struct, frozen=True):
    """The numbers of a field as ``written``, in every way in which it can be read.

    One that is not ``is_read`` may hold others as well: its form is none that is known.
    """

    written: tuple[str, ...]
    is_read: bool


NONE_READ = ServedNumbers((), is_read=False)


def numbers_of(served: Json) -> ServedNumbers:
    """Return the numbers that a field holds; a word for nobody (``anonymous``) holds none."""
    try:
        text = text_of(served) or ""
    except FieldNotUnderstood:
        return NONE_READ
    return _read(text) if len(text) <= _LONGEST_TEXT else NONE_READ


@lru_cache(maxsize=4_096)
def _read(served: str) -> ServedNumbers:
    if _USUAL.fullmatch(served):
        return ServedNumbers((served, *without_trunk(served)), is_read=True)
    text = _plain(served)
    runs = [run.strip() for run in _RUN.findall(text)]
    digits = [*map(_digits, runs)]
    several = "".join(digits) if len(runs) > 1 else ""
    found = [*chain.from_iterable(map(_readings, runs))]
    if several and len(several) <= _MOST_OF_SEVERAL:
        found.append(several)
    is_odd = any(map(_is_too_long, runs)) or _ODD.search(text)
    return ServedNumbers(tuple(dict.fromkeys(found)), is_read=not is_odd)


def in_ascii_digits(text: str) -> str:
    """Return a text with the digits of other scripts, and other widths, as ASCII ones."""
    return "".join(str(decimal(c)) if c.isdecimal() else c for c in normalize("NFKC", text))


def is_number(text: str) -> bool:
    """Whether a text in ASCII digits is one number, or a part of one, and nothing else.

    An address may be around it, and an extension behind it. A letter for a digit makes it another
    number, or none, and nobody would see it.

    >>> is_number("+44 (0)7700 900-123 ext. 5"), is_number("tel:+447700900123"), is_number("0123")
    (True, True, True)
    >>> is_number("44 7700 9O0123"), is_number("447700900123, 447700900124")
    (False, False)
    """
    number, *extension = _EXTENSION.split(text.strip(), maxsplit=1)
    if _SCHEME.match(number):
        number = _plain(number).strip(" ,")
    is_one = _RUN.fullmatch(number) and len(_digits(number)) <= _LONGEST
    return bool(is_one) and all(re.fullmatch("[0-9]+", each) for each in extension)


def without_trunk(number: str) -> Iterator[str]:
    """Yield a number without the zero behind its country's code, where it has one.

    >>> [*without_trunk("+44 07700 900123")], [*without_trunk("0044 7700 900123")]
    (['+44 7700 900123'], [])
    """
    if _TRUNK.match(number):
        yield _TRUNK.sub(r"\1", number, count=1)


def _plain(text: str) -> str:
    """Return a text in ASCII digits, without what an address has around its number."""
    text = _SCHEME.sub(",", unquote(in_ascii_digits(text)))
    text = _EXTENSION.sub(",", _HOST.sub("", _PASSWORD.sub("@", text)))
    return _PARAMETER.sub("", text)


def _readings(run: str) -> Iterator[str]:
    """Yield a run of digits as one number, and the numbers that it may be made of."""
    yield run
    if "(0)" in run:
        yield run.replace("(0)", "0")
    if run.endswith(".0"):  # what a spreadsheet makes of a number
        yield run.removesuffix(".0")
    yield from without_trunk(run)
    if "/" in run:
        yield from filter(_digits, run.split("/"))
    parts = [part for part in run.split() if len(_digits(part)) >= _LONG]
    if len(parts) > 1:
        yield from parts
    yield from (part for part in parts if not _digits(run).endswith(_digits(part)))


def _is_too_long(run: str) -> bool:
    """Whether a run is longer than a number, and no row of numbers either."""
    ways = ([len(_digits(part)) for part in parts] for parts in (run.split("/"), run.split()))
    are_numbers = any(all(_LONG <= each <= _LONGEST for each in filter(None, way)) for way in ways)
    return len(_digits(run)) > _LONGEST and not are_numbers


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)
