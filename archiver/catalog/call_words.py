"""What is said of a call beside its recording: status, service, region and notes.

Some portals say a part of it in the recording's own row; the rest is in the call's.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import astuple

from archiver.domain.row.fields import FieldNotUnderstood, text_of
from archiver.filters.caseless import caseless
from archiver.json_documents import Json


class Source(StrEnum):
    """Which row said it."""

    OWN = "own"
    CALL = "call"


class CallWords(Struct, frozen=True):
    """What a row says of a call, as served; ``None`` where it says nothing.

    ``unread`` has the names of the fields that hold something that is no text.
    """

    status: str | None = None
    service: str | None = None
    region: str | None = None
    notes: str | None = None
    unread: str = ""


NO_WORDS = CallWords()


_NAMES = ("status", "service", "region", "notes")


def call_words_of(row: Mapping[str, Json]) -> CallWords:
    """Return what a row of either report says of its call."""
    status, service, region, notes = (words_in(row, name) or None for name in _NAMES)
    return CallWords(status, service, region, notes, " ".join(unread_in(row, _NAMES)))


def words_in(row: Mapping[str, Json], name: str) -> str | None:
    """Return a field as text, if it is one or a number; lone surrogates are replaced."""
    try:
        text = text_of(row.get(name))
    except FieldNotUnderstood:
        return None
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()


def unread_in(row: Mapping[str, Json], names: Iterable[str]) -> tuple[str, ...]:
    """Return those of the fields that hold something, and neither text nor number."""
    return tuple(name for name in names if row.get(name) and words_in(row, name) is None)


def note(
    database: sqlite3.Connection,
    key: bytes,
    source: Source,
    words: CallWords,
    call: bytes | None = None,
) -> None:
    """Note what a row of that source says of a recording's call, in place of what it said before.

    ``call`` is the id of the call, where it is another row than the recording's own.
    """
    database.execute("DELETE FROM call_words WHERE id = ? AND source = ?", (key, source))
    if words == NO_WORDS and call is None:
        return
    said: tuple[str | None, ...] = astuple(words)
    keys = (None if each is None else caseless(each) for each in said[:-1])
    database.execute(
        "INSERT INTO call_words VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (key, source, call, *said, *keys),
    )
