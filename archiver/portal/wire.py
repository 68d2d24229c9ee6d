"""The portal's wire format: the filter it takes and the three answer shapes it gives.

Source: the provider's page ("Recordings Report", "Call Logs Report") and the two other shapes that
the framework behind the portal serves for the same reports:

1. nested paginator: ``{"status", "data": {"data": [...], "current_page", "last_page", "total"}}``
2. resource: ``{"status", "data": [...], "meta": {"current_page", "last_page", "total"}}``
3. flat: ``{"status", "data": [...]}``, without pages.

Read leniently, checked strictly: fields that are not known are kept, what is contradictory is
refused. The links that an answer gives to its other pages are never read: they lose the filter and
may lead to another host.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from archiver import documents
from archiver.addresses import NOTHING, Known, clean, cleaned
from archiver.fields import TIME_FIELD, NotUnderstood, address, length_ms, moment
from archiver.identity import identity
from archiver.recordings import Essential, Json, Report, Row
from archiver.secret import Secret
from archiver.windows import Window

T = TypeVar("T")

MAX_PAGE_BYTES = 8 * 1024 * 1024
MAX_ROW_BYTES = 1024 * 1024
"""For one row as its sidecar lays it out, which a deep one makes many times as long."""
_MOST_INDENTED = 2 * documents.MAX_DEPTH + 4
"""How many times as long: a bracket, its line's end, and two spaces for each level."""
LOOK_EVERY = 500
"""Rows: a twentieth of a second."""
FILTERS = {
    Report.RECORDINGS: "datetime[r.created_at]",
    Report.CALLS: "datetime[end_at]",
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER = re.compile(r"\d(?:[\s().+-]*\d){4,}")
_COUNT = re.compile(r"[0-9]{1,18}")
_HOST = re.compile(r"[^/?#]*//[^/?#]*")
_LONG_WORD = re.compile(r"\w{11}")
_SHOWN = 160
_QUOTED = 40


class Shape(StrEnum):
    """How an answer is laid out."""

    NESTED = "nested"
    RESOURCE = "resource"
    FLAT = "flat"


class BadAnswer(ValueError):
    """The answer is not one that the portal's page describes; the message says why."""


class Failure(ValueError):
    """The portal says that it failed, whatever the HTTP status.

    ``code`` is its own number (401, 422 …) when it gave one, ``text`` its message, made fit to
    print.
    """

    def __init__(self, code: int | None, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a report: its rows as served, and what it says of the whole.

    ``total`` and ``last`` are ``None`` where the shape has none. ``per_page`` is what the portal
    says, else 15. ``bytes`` is the length of its text.
    """

    rows: tuple[Row, ...]
    shape: Shape
    number: int | None = None
    last: int | None = None
    total: int | None = None
    per_page: int = 15
    bytes: int = 0

    @property
    def said(self) -> int:
        """How many rows a first page claims that there are, or shows against its own claim."""
        return max(self.total or 0, len(self.rows))

    @property
    def size(self) -> int:
        """How many rows a page has, by what a first page shows, else by what it says."""
        rows = len(self.rows)
        return rows if self.total is not None and 0 < rows < self.total else self.per_page

    @property
    def is_all(self) -> bool:
        """Whether a first page shows all that there is."""
        rows = len(self.rows)
        return rows < self.per_page if self.total is None else rows >= self.total

    def outside(self, window: Window) -> bool:
        """Whether a row lies outside the window (one without a readable time can't be judged)."""
        return any(row.at is not None and row.at not in window for row in self.rows)


def filter_text(window: Window, *, whole_days: bool) -> str:
    """Write a window as the filter takes it.

    >>> filter_text(Window.day(datetime(2021, 4, 1).date()), whole_days=True)
    'Apr 01, 2021 - Apr 01, 2021'

    English month names whatever the locale. With ``whole_days`` the sides carry no time of day, and
    the portal widens them to 00:00:00 and 23:59:59.
    """
    return " - ".join(_moment(side, whole_days=whole_days) for side in (window.first, window.last))


def parse_page(
    body: bytes, report: Report, known: Known = NOTHING, look: Callable[[], object] = bool
) -> Page:
    """Parse one answer, without the ``known`` secrets. Raises Failure or BadAnswer.

    An answer may have a hundred thousand rows: ``look`` is called now and then, and may end it.
    """
    if body.lstrip()[:1] == b"<":
        raise BadAnswer("a web page instead of JSON")
    try:
        answer = documents.loads(body, max_bytes=MAX_PAGE_BYTES)
    except documents.BadDocument as error:
        raise BadAnswer(str(error)) from error
    if not isinstance(answer, dict):
        raise BadAnswer("JSON, but not an object")
    _check_status(answer, known)
    data = answer.get("data")
    read = _Rows(report, known, look)
    if isinstance(data, dict):
        page = _paged(data, _rows(data.get("data"), read), Shape.NESTED)
    elif isinstance(meta := answer.get("meta"), dict):
        page = _paged(meta, _rows(data, read), Shape.RESOURCE)
    else:
        page = Page(_rows(data, read), Shape.FLAT)
    return replace(page, bytes=len(body))


def failure_in(body: bytes, known: Known = NOTHING) -> Failure | None:
    """Return what an error answer says, if it says it in the portal's own form."""
    try:
        answer = documents.loads(body, max_bytes=MAX_PAGE_BYTES)
    except documents.BadDocument:
        return None
    return _failure(answer, known) if isinstance(answer, dict) else None


def _moment(moment: datetime, *, whole_days: bool) -> str:
    day = f"{_MONTHS[moment.month - 1]} {moment.day:02}, {moment.year:04}"
    return day if whole_days else f"{day} {moment:%H:%M:%S}"


def _check_status(answer: Mapping[str, Json], known: Known) -> None:
    status = answer.get("status")
    if str(status).upper() not in {"OK", "200"} or isinstance(status, bool):
        raise _failure(answer, known)


def _failure(answer: Mapping[str, Json], known: Known) -> Failure:
    codes = (answer.get("code"), answer.get("status"))
    numbers = [int(str(code)) for code in codes if re.fullmatch(r"[45]\d\d", str(code))]
    return Failure(numbers[0] if numbers else None, _presentable(answer.get("message"), known))


def _presentable(text: Json, known: Known) -> str:
    """Make the portal's own words fit to print: one short line without numbers or addresses."""
    words = ("…" if "//" in word else word for word in clean(str(text or ""), known).split())
    line = _NUMBER.sub("…", " ".join(words))
    return "".join(c if c.isprintable() else "�" for c in line)[:_SHOWN]


def _paged(about: Mapping[str, Json], rows: tuple[Row, ...], shape: Shape) -> Page:
    return Page(
        rows=rows,
        shape=shape,
        number=_count(about, "current_page"),
        last=_count(about, "last_page"),
        total=_count(about, "total"),
        per_page=_count(about, "per_page") or 15,
    )


def _count(about: Mapping[str, Json], name: str) -> int | None:
    value = about.get(name)
    if isinstance(value, str) and _COUNT.fullmatch(value):
        value = int(value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadAnswer(f"{name} is not a count")
    return value


@dataclass(frozen=True, slots=True)
class _Rows:
    """How the rows of an answer are read."""

    report: Report
    known: Known
    look: Callable[[], object]

    def each(self, rows: list[Json]) -> Iterator[Row]:
        """Yield each row."""
        for number, row in enumerate(rows):
            if not number % LOOK_EVERY:
                self.look()
            yield _row(row, self.report, self.known)


def _rows(rows: Json, read: _Rows) -> tuple[Row, ...]:
    if not isinstance(rows, list):
        raise BadAnswer("no list of rows where the page has one")
    return tuple(read.each(rows))


def _row(row: Json, report: Report, known: Known) -> Row:
    if not isinstance(row, dict):
        raise BadAnswer("a row that is not an object")
    fields = cleaned(row, known)
    if _is_too_long(fields):
        raise BadAnswer(f"a row of more than {MAX_ROW_BYTES // 1024} KiB")
    unread: dict[Essential, str] = {}
    audio = _read(address, row.get("audio"), Essential.AUDIO, unread, known)
    return Row(
        id=identity(fields, report),
        at=_read(moment, row.get(TIME_FIELD[report]), Essential.TIME, unread, known),
        reported_ms=_read(length_ms, row.get("duration"), Essential.LENGTH, unread, known),
        link=_link(audio, known) if audio is not None else None,
        fields=fields,
        unread=unread,
    )


def _is_too_long(fields: Mapping[str, Json]) -> bool:
    """Whether its sidecar would be; of nearly all rows, even the short form rules it out."""
    if len(documents.dumps(fields)) * _MOST_INDENTED < MAX_ROW_BYTES:
        return False
    return len(documents.dumps(fields, indent=2)) > MAX_ROW_BYTES


def _link(audio: str, known: Known) -> Secret:
    """Return a row's link; nobody follows one to a host whose very name tells a secret."""
    host = _HOST.match(audio)
    tells = host is not None and known.hide(host[0]) != host[0]
    return Secret("https:///" if tells else audio)


def _read(
    reader: Callable[[Json], T | None],
    served: Json,
    what: Essential,
    unread: dict[Essential, str],
    known: Known,
) -> T | None:
    """Return what a field says; note it among ``unread`` if it is not understood."""
    try:
        return reader(served)
    except NotUnderstood:
        words = "" if what is Essential.AUDIO else _quotable(served, known)
        quoted = f' ("{words}")' if words else ""
        unread[what] = f"the portal gives its {what} in a form that is not understood{quoted}"
        return None


def _quotable(served: Json, known: Known) -> str:
    """Return a value in the portal's own words, if these are few and short, and tell of nobody.

    A number may be somebody's, and a long word a secret.
    """
    text = served if isinstance(served, str) else documents.dumps(served).decode()
    text = text.strip()[: _QUOTED + 1]
    is_short = len(text) <= _QUOTED and not _LONG_WORD.search(text)
    return text if is_short and _presentable(text, known) == text else ""
