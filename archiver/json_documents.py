"""JSON as this project reads and writes it: bounded on the way in, canonical on the way out."""

import json
import math
import re
from functools import cache
from typing import Annotated, NoReturn, TypeVar

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
MAX_DEPTH = 32
MAX_DIGITS = 18
_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_NEITHER_TEXT_NOR_NESTING = bytes({*range(256)} - {*b'"[]{}'})
_TOKEN = re.compile(rb'"[^"]*"?|[\[{]|[\]}]')
"""A text, to its end or the document's: looked at once only, whatever is in it; or a bracket."""
T = TypeVar("T")
_CAME_LATER = "came later"
Later = Annotated[T, _CAME_LATER]
"""A field that came into its document later: it is left out while it has its default."""


def came_later(kind: object) -> bool:
    """Whether the type of a field is :data:`Later`."""
    return _CAME_LATER in getattr(kind, "__metadata__", ())


class BadDocument(ValueError):
    """The text is not JSON that this project accepts; the message says why in a few words."""


def loads(text: bytes, *, max_bytes: int, less_deep: int = 0) -> Json:
    """Parse UTF-8 JSON of at most ``max_bytes`` and :data:`MAX_DEPTH` levels, or ``less_deep``.

    Refuses duplicate keys and constants that are not JSON (NaN, Infinity). Numbers that a double
    or 64 bits cannot hold stay the text they were, so nothing is lost and nothing overflows.
    Raises :class:`BadDocument`.
    """
    if len(text) > max_bytes:
        raise BadDocument(f"larger than {max_bytes} bytes")
    if _is_deep(text, most := MAX_DEPTH - less_deep):
        raise BadDocument(f"nested deeper than {most} levels")
    try:
        parsed: Json = _DECODER.decode(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadDocument("not UTF-8") from error
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at")
        raise BadDocument(f"not JSON: {what} at character {error.pos}") from error
    return parsed


def dumps(document: object, *, indent: int | None = None) -> bytes:
    """Write UTF-8 JSON, one final newline, keys in the order given.

    Text that UTF-8 cannot carry (lone surrogates) is escaped, and then everything is.
    """
    try:
        return _encoder(indent, ascii_only=False).encode(document).encode("utf-8") + b"\n"
    except UnicodeEncodeError:
        return _encoder(indent, ascii_only=True).encode(document).encode("ascii") + b"\n"


@cache
def _encoder(indent: int | None, *, ascii_only: bool) -> json.JSONEncoder:
    separators = (",", ": ") if indent else (",", ":")
    return json.JSONEncoder(
        ensure_ascii=ascii_only, allow_nan=False, indent=indent, separators=separators
    )


def _is_deep(text: bytes, most: int) -> bool:
    """Whether it is nested too deep; with few brackets in all it can't be, whatever they are."""
    return text.count(b"[") + text.count(b"{") > most and _depth(text) > most


def _depth(text: bytes) -> int:
    """Return how deep it is nested, once what is neither text nor nesting is out of the way."""
    bare = _ESCAPED.sub(b"", text).translate(None, _NEITHER_TEXT_NOR_NESTING).replace(b'""', b"")
    depth = deepest = 0
    for token in _TOKEN.finditer(bare):
        first = bare[token.start()]
        if first in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif first in b"]}":
            depth -= 1
    return deepest


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise BadDocument("the same key twice in one object")
    return unique


def _constant(name: str) -> NoReturn:
    raise BadDocument(f"{name} is not JSON")


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits


def _number(digits: str) -> float | str:
    value = float(digits)
    return value if math.isfinite(value) else digits


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_number
)
