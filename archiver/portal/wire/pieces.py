"""JSON taken apart without being read: what spoils one member of it is that member's alone. Pure.

>>> pieces(b'{"id": 7, "notes": NaN}')
(Member(name=b'"id"', text=b'7'), Member(name=b'"notes"', text=b'NaN'))
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import NamedTuple

import archiver.json_documents as documents
from archiver.json_documents import BadDocument, Json

_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{},:]', re.DOTALL)
"""A text, to its end or the document's: looked at once only, whatever is in it; or punctuation."""
_VALUE = rb'("(?:[^"\\]|\\.)*+"|[^\s,"}\]]+)'
_BLANKS = b" \t\r\n"
_OPEN, _CLOSE = frozenset(b"[{"), frozenset(b"]}")


class Member(NamedTuple):
    """A member as it came; those of a list have no name."""

    name: bytes
    text: bytes


def pieces(text: bytes) -> tuple[Member, ...]:
    """Return the members of an object or a list; nothing in one is looked at but where it ends.

    Raises :class:`BadDocument` where they can't be told.
    """
    text = text.strip(_BLANKS)
    if text[:1] + text[-1:] not in {b"[]", b"{}"}:
        raise BadDocument("neither an object nor a list")
    is_object, depth, start, name = text[:1] == b"{", 0, 1, b""
    found: list[Member] = []
    for token in _TOKEN.finditer(text):
        mark = text[token.start()]
        depth += (mark in _OPEN) - (mark in _CLOSE)
        if depth == 0 and token.end() < len(text):
            raise BadDocument("more than one document")
        if depth == 1 and mark == ord(":") and is_object and not name:
            name, start = text[start : token.start()].strip(_BLANKS), token.end()
        elif (depth == 1 and mark == ord(",")) or depth == 0:
            found.append(Member(name, text[start : token.start()].strip(_BLANKS)))
            name, start = b"", token.end()
    if depth:
        raise BadDocument("cut off")
    return tuple(found) if found != [Member(b"", b"")] else ()


def joined(members: Iterable[Member], *, like: bytes) -> bytes:
    """Return members as one text again, a list or an object ``like`` the one that they are of."""
    if like.lstrip(_BLANKS)[:1] == b"[":
        return b"[" + b",".join(each.text for each in members) + b"]"
    return b"{" + b",".join(each.name + b":" + each.text for each in members) + b"}"


def readable(text: bytes, names: Collection[str]) -> dict[str, Json]:
    """Return those of an object's members that are named, given once, and can be read."""
    try:
        members = [(name_of(each), each.text) for each in pieces(text)]
    except BadDocument:
        members = [(name, value) for name in names for value in _values(text, name)]
    times = Counter(name for name, _ in members)
    found: dict[str, Json] = {}
    for name, value in members:
        if name is not None and name in names and times[name] == 1:
            with suppress(BadDocument):
                found[name] = documents.loads(value, max_bytes=len(value))
    return found


def _values(text: bytes, name: str) -> list[bytes]:
    """Return what stands behind a name, wherever it stands in a text that can't be taken apart."""
    return re.findall(b'"' + re.escape(name.encode()) + rb'"\s*:\s*' + _VALUE, text)


def name_of(piece: Member) -> str | None:
    """Return a member's name, ``None`` where it can't be read."""
    try:
        name = documents.loads(piece.name, max_bytes=len(piece.name))
    except BadDocument:
        return None
    return name if isinstance(name, str) else None
