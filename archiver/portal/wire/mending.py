"""An answer that can't be read as a whole, made readable: what is odd is cut out of it. Pure."""

from collections.abc import Collection, Mapping
from contextlib import suppress

from msgspec import Struct

import archiver.json_documents as documents
from archiver.json_documents import BadDocument
from archiver.portal.wire.pieces import Member, joined, name_of, pieces
from archiver.portal.wire.resync import has_several, told_apart
from archiver.portal.wire.rows import Broken

_OUTER = frozenset({"status", "code", "message", "data", "meta"})
_INNER = frozenset({"data", "current_page", "last_page", "per_page", "total"})
"""What is read of an answer; whatever else comes with the rows may be as it likes."""
_ROW_LIES = 3
"""So many levels deep a row of an answer with pages lies."""


class MendedText(Struct, frozen=True):
    """An answer with null in the place of each ``broken`` row, those by their place from 0."""

    text: bytes
    broken: Mapping[int, Broken]


def mend(answer: bytes, names: Collection[str]) -> MendedText:
    """Return an answer without what can't be read in it; its rows have all of ``names``.

    Raises :class:`BadDocument` where that is more than rows, or it can't be told where these are.
    """
    try:
        mended = _by_brackets(answer)
    except BadDocument:
        return _by_beginnings(answer, names)
    if any(has_several(each.text, names) for each in mended.broken.values()):
        with suppress(BadDocument):
            return _by_beginnings(answer, names)
    return mended


def _by_brackets(answer: bytes) -> MendedText:
    """Mend an answer whose brackets and quotation marks tell where its rows end."""
    broken: dict[int, Broken] = {}
    outer = [_mended(piece, broken) for piece in _named(answer, _OUTER)]
    return MendedText(joined(outer, like=answer), broken)


def _by_beginnings(answer: bytes, names: Collection[str]) -> MendedText:
    """Mend an answer that a quotation mark in one row has put out of step."""
    broken: dict[int, Broken] = {}
    apart = told_apart(answer, names)
    rows = [_row(place, Member(b"", row), broken) for place, row in enumerate(apart.rows)]
    listed = b",".join(row.text for row in rows)
    return MendedText(apart.before + listed + apart.behind, broken)


def _mended(piece: Member, broken: dict[int, Broken]) -> Member:
    """Return a member of an answer; its rows are those of ``data``, or of the ``data`` in it."""
    name, text = name_of(piece), piece.text
    if name == "meta" and text[:1] == b"{":
        return piece._replace(text=joined(_named(text, _INNER), like=text))
    if name != "data":
        return piece
    inner = _named(text, _INNER) if text[:1] == b"{" else ()
    if any(name_of(each) == "data" for each in inner):
        return piece._replace(text=joined((_with_rows(each, broken) for each in inner), like=text))
    return _with_rows(piece, broken)


def _with_rows(piece: Member, broken: dict[int, Broken]) -> Member:
    """Return a member with null for each row that is broken, if it is the one that has them."""
    if name_of(piece) != "data" or piece.text[:1] not in {b"[", b"{"}:
        return piece
    rows = [_row(place, row, broken) for place, row in enumerate(pieces(piece.text))]
    return piece._replace(text=joined(rows, like=piece.text))


def _row(place: int, row: Member, broken: dict[int, Broken]) -> Member:
    try:
        documents.loads(row.text, max_bytes=len(row.text), less_deep=_ROW_LIES)
    except BadDocument as error:
        broken[place] = Broken(str(error), row.text)
        return row._replace(text=b"null")
    return row


def _named(text: bytes, names: Collection[str]) -> tuple[Member, ...]:
    """Return the members of an object that are read."""
    return tuple(each for each in pieces(text) if name_of(each) in names)
