"""Rows of a report as they are served: each is read, or is odd and says why. Pure.

Fields that are not known are kept, and what can't be read costs its own row only: it is listed and
counted like any other, by its id if that can be told, and nothing else of it is believed.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urljoin

from msgspec import Struct
from msgspec.structs import replace

import archiver.json_documents as documents
from archiver.domain.recordings import Essential, Odd, RecordingId, Report, Row
from archiver.domain.row.fields import TIME_FIELD, FieldNotUnderstood, address, length_ms, moment
from archiver.domain.row.identity import has_id, identity, unnamed
from archiver.json_documents import Json
from archiver.portal.wire.pieces import readable
from archiver.portal.wire.words import quotable
from archiver.scrubbing import KnownSecrets, clean, cleaned
from archiver.secret import Secret

T = TypeVar("T")

MAX_ROW_BYTES = 1024 * 1024
"""For one row as its sidecar lays it out, which a deep one makes many times as long."""
_MOST_INDENTED = 2 * documents.MAX_DEPTH + 4
"""How many times as long: a bracket, its line's end, and two spaces for each level."""
_MOST_ESCAPED = 12
"""Bytes of a character, where it is written as two escapes."""
_MOST_BESIDE = 64
"""Bytes of a field without its texts: a number, and what JSON writes around it."""
LOOK_EVERY = 500
"""Rows: a twentieth of a second."""
_LONGEST_NAME = 1_000
"""Bytes of an id or a time of a row of which no more is believed."""
_NAMELESS = RecordingId("")
_QUOTES = frozenset({'"', "'"})
_SCHEME = re.compile("[a-z][a-z0-9+.-]*:|<", re.IGNORECASE)
_HOST = re.compile(r"[^/?#]*//[^/?#]*")


class Broken(Struct, frozen=True):
    """A row whose text can't be read: why not, and the text as it came."""

    why: str
    text: bytes


def needed(report: Report) -> tuple[str, str]:
    """Return the names of what tells one row of a report from another: its id and its time."""
    return "id", TIME_FIELD[report]


class RowReader(Struct, frozen=True):
    """Reads the rows of a report's answer, without the ``known`` secrets.

    An answer may have a hundred thousand rows: ``look`` is called now and then, and may end it.
    ``asked`` is the address that the answer is of, with its query and without a token: links
    without a host, or a scheme, are its own.
    """

    report: Report
    known: KnownSecrets
    look: Callable[[], object]
    asked: str = ""

    def read(self, served: Sequence[Json], broken: Mapping[int, Broken]) -> tuple[Row, ...]:
        """Return the rows; ``broken`` are those, by their place from 0, of which only text came."""
        rows, nameless = list[Row](), dict[int, str]()
        for place, row in enumerate(served):
            if not place % LOOK_EVERY:
                self.look()
            rows.append(self._row(place, row, broken.get(place)))
            if rows[-1].id == _NAMELESS:
                nameless[place] = self._telling(row, broken.get(place))
        return tuple(_named(rows, nameless, self.asked))

    def _row(self, place: int, row: Json, broken: Broken | None) -> Row:
        names = needed(self.report)
        if broken is not None:
            return self._odd(place, broken.why, readable(broken.text, names))
        if not isinstance(row, dict):
            return self._odd(place, "it is no object", {})
        if _is_too_long(row):
            why = f"it is larger than {MAX_ROW_BYTES // 1024} KiB"
            return self._odd(place, why, {name: row[name] for name in names if name in row})
        return self._whole(place, row, cleaned(row, self.known))

    def _whole(self, place: int, row: Mapping[str, Json], fields: Mapping[str, Json]) -> Row:
        unread: dict[Essential, str] = {}
        known, at = self.known, row.get(TIME_FIELD[self.report])
        audio = _read(address, row.get("audio"), Essential.AUDIO, unread, known)
        read = Row(
            id=identity(fields, self.report),
            at=_read(moment, at, Essential.TIME, unread, known),
            reported_ms=_read(length_ms, row.get("duration"), Essential.LENGTH, unread, known),
            link=_link(_absolute(audio, self.asked), known) if audio is not None else None,
            fields=fields,
            unread=unread,
        )
        tells = has_id(fields) or read.at is not None or read.link is not None
        return read if tells else self._odd(place, "it has neither an id nor a time nor audio", {})

    def _odd(self, place: int, why: str, told: Mapping[str, Json]) -> Row:
        """Return a row of which no more is known than ``told``; nameless where that has no id."""
        fields, unread = cleaned(_short(told), self.known), dict[Essential, str]()
        at = _read(moment, fields.get(TIME_FIELD[self.report]), Essential.TIME, unread, self.known)
        id_ = identity(fields, self.report) if has_id(fields) else _NAMELESS
        return Row(id_, at, None, None, fields, unread, odd=Odd(place + 1, why))

    def _telling(self, row: Json, broken: Broken | None) -> str:
        """Return what tells a nameless row from others: its text, without what changes in it."""
        text = broken.text.decode("utf-8", "replace") if broken else documents.dumps(row).decode()
        return clean(text, self.known)


def _named(rows: Sequence[Row], nameless: Mapping[int, str], asked: str) -> Iterator[Row]:
    """Return the rows; a nameless one goes by its text and by where it stands.

    There may be many of the same text, ``null`` for instance, and who accepts one accepts no other:
    it stands so many rows behind the last that has a name, or before the first. Where none has one,
    the question tells.
    """
    top = next((place for place in range(len(rows)) if place not in nameless), -1)
    name, at = (rows[top].id if top >= 0 else asked), top
    for place, row in enumerate(rows):
        if place in nameless:
            yield replace(row, id=unnamed([nameless[place], name, place - at]))
        else:
            name, at = row.id, place
            yield row


def _short(told: Mapping[str, Json]) -> dict[str, Json]:
    """Return what names a row, without what is too long for a name."""
    return {
        name: value for name, value in told.items() if len(documents.dumps(value)) <= _LONGEST_NAME
    }


def _is_too_long(fields: Mapping[str, Json]) -> bool:
    """Whether its sidecar would be: it is written only where that can be."""
    return _most_bytes(fields) > MAX_ROW_BYTES < len(documents.dumps(fields, indent=2))


def _most_bytes(fields: Mapping[str, Json]) -> int:
    """Return what a sidecar takes at most, by the length of its texts, or its short form."""
    values = fields.values()
    if any(isinstance(each, dict | list) for each in values):
        return len(documents.dumps(fields)) * _MOST_INDENTED
    chars = sum(len(each) for each in (*fields, *values) if isinstance(each, str))
    return chars * _MOST_ESCAPED + len(fields) * _MOST_BESIDE


def _absolute(audio: str, asked: str) -> str:
    """Return a link with what it lacks of the answer's address: scheme, host or folder."""
    text, (scheme, _, rest) = _bare(audio), asked.partition("://")
    if text.startswith("/"):
        host = "" if text.startswith("//") else f"//{rest.partition('/')[0]}"
        return f"{scheme}:{host}{text}"
    if _SCHEME.match(text):
        return text
    path, mark, query = text.partition("?")
    return f"{urljoin(asked.partition('?')[0], path)}{mark}{query}"


def _bare(audio: str) -> str:
    """Return a link without quotation marks around it, and with the slashes that JSON escaped."""
    text = audio.strip()
    if text[:1] in _QUOTES and text[-1:] == text[:1]:
        text = text[1:-1].strip()
    return text.replace("\\/", "/")


def _link(audio: str, known: KnownSecrets) -> Secret:
    """Return a row's link; nobody follows one to a host whose very name tells a secret."""
    host = _HOST.match(audio)
    tells = host is not None and known.hide(host[0]) != host[0]
    return Secret("https:///" if tells else audio)


def _read(
    reader: Callable[[Json], T | None],
    served: Json,
    what: Essential,
    unread: dict[Essential, str],
    known: KnownSecrets,
) -> T | None:
    """Return what a field says; note it among ``unread`` if it is not understood."""
    try:
        return reader(served)
    except FieldNotUnderstood:
        words = "" if what is Essential.AUDIO else quotable(served, known)
        quoted = f' ("{words}")' if words else ""
        unread[what] = f"the portal gives its {what} in a form that is not understood{quoted}"
        return None
