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
from codecs import BOM_UTF8
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

import archiver.json_documents as documents
from archiver.domain.recordings import Report, Row
from archiver.domain.times.window import Window
from archiver.json_documents import Json
from archiver.portal.wire.mending import mend
from archiver.portal.wire.rows import Broken, RowReader, needed
from archiver.portal.wire.words import presentable
from archiver.scrubbing import NO_SECRETS, KnownSecrets

MAX_PAGE_BYTES = 8 * 1024 * 1024
FILTERS = {
    Report.RECORDINGS: "datetime[r.created_at]",
    Report.CALLS: "datetime[end_at]",
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_COUNT = re.compile(r"[0-9]{1,18}")
_MOST = 10**15
"""A fraction that is larger may stand for another count than it says."""


class AnswerShape(StrEnum):
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


class Page(Struct, frozen=True):
    """One page of a report: its rows as served, and what it says of the whole.

    ``total`` and ``last`` are ``None`` where the shape has none. ``per_page`` is what the portal
    says, else 15. ``bytes`` is the length of its text. ``doubt`` says in words what keeps it from
    being the answer to what was asked, if anything does.
    """

    rows: tuple[Row, ...]
    shape: AnswerShape
    last: int | None = None
    total: int | None = None
    per_page: int = 15
    bytes: int = 0
    doubt: str = ""

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

    @property
    def oldest_in_order(self) -> datetime | None:
        """The time of the last row where all come newest first, each once, else ``None``.

        So of a first page: no row that is newer lies on a later one.
        """
        once = {(row.id, row.at) for row in self.rows}
        times = [row.at for row in self.rows if row.at is not None]
        in_order = len(times) == len(once) and times == sorted(times, reverse=True)
        return times[-1] if times and in_order else None

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
    body: bytes,
    report: Report,
    known: KnownSecrets = NO_SECRETS,
    look: Callable[[], object] = bool,
    asked: str = "",
) -> Page:
    """Parse one answer, without the ``known`` secrets. Raises Failure or BadAnswer.

    ``asked`` is the address that it is the answer of, with its query and without a token.

    An answer may have a hundred thousand rows: ``look`` is called now and then, and may end it.
    """
    text = _unmarked(body)
    if text.lstrip()[:1] == b"<":
        raise BadAnswer("a web page instead of JSON")
    answer, broken = _answer(text, needed(report))
    _check_status(answer, known)
    data, meta = answer.get("data"), answer.get("meta")
    if isinstance(data, dict) and "data" in data:
        page, rows = _paged(data, AnswerShape.NESTED), data["data"]
    elif isinstance(meta, dict):
        page, rows = _paged(meta, AnswerShape.RESOURCE), data
    else:
        page, rows = Page((), AnswerShape.FLAT), data
    read = RowReader(report, known, look, asked).read(_rows(rows), broken)
    return replace(page, rows=read, bytes=len(body))


def failure_in(body: bytes, known: KnownSecrets = NO_SECRETS) -> Failure | None:
    """Return what an error answer says, if it says it in the portal's own form."""
    try:
        answer = documents.loads(body, max_bytes=MAX_PAGE_BYTES)
    except documents.BadDocument:
        return None
    return _failure(answer, known) if isinstance(answer, dict) else None


def _moment(moment: datetime, *, whole_days: bool) -> str:
    day = f"{_MONTHS[moment.month - 1]} {moment.day:02}, {moment.year:04}"
    return day if whole_days else f"{day} {moment:%H:%M:%S}"


def _check_status(answer: Mapping[str, Json], known: KnownSecrets) -> None:
    status = answer.get("status")
    if str(status).upper() not in {"OK", "200"} or isinstance(status, bool):
        raise _failure(answer, known)


def _failure(answer: Mapping[str, Json], known: KnownSecrets) -> Failure:
    codes = (answer.get("code"), answer.get("status"))
    numbers = [int(str(code)) for code in codes if re.fullmatch(r"[45]\d\d", str(code))]
    return Failure(numbers[0] if numbers else None, presentable(answer.get("message"), known))


def _unmarked(body: bytes) -> bytes:
    """Return an answer without the marks of UTF-8 that editors leave at the top of PHP's files."""
    text = body.lstrip()
    while text.startswith(BOM_UTF8):
        text = text.removeprefix(BOM_UTF8).lstrip()
    return text


def _answer(text: bytes, names: Collection[str]) -> tuple[Mapping[str, Json], Mapping[int, Broken]]:
    """Return an answer, with null for each row that can't be read, and those rows by their place.

    Each row has all of ``names``. Raises BadAnswer if it can't be told where its rows are.
    """
    broken: Mapping[int, Broken] = {}
    try:
        answer = documents.loads(text, max_bytes=MAX_PAGE_BYTES)
    except documents.BadDocument as error:
        try:
            mended = mend(text, names)
            answer, broken = documents.loads(mended.text, max_bytes=MAX_PAGE_BYTES), mended.broken
        except documents.BadDocument:
            raise BadAnswer(str(error)) from error
    if not isinstance(answer, dict):
        raise BadAnswer("JSON, but not an object")
    return answer, broken


def _rows(served: Json) -> list[Json]:
    """Return rows in the order served, also of a list that PHP has filtered and numbers now."""
    if isinstance(served, dict) and all(map(_COUNT.fullmatch, served)):
        return [*served.values()]
    if not isinstance(served, list):
        raise BadAnswer("no list of rows where the page has one")
    return served


def _paged(about: Mapping[str, Json], shape: AnswerShape) -> Page:
    return Page(
        rows=(),
        shape=shape,
        last=_count(about, "last_page"),
        total=_count(about, "total"),
        per_page=_count(about, "per_page") or 15,
    )


def _count(about: Mapping[str, Json], name: str) -> int | None:
    value = about.get(name)
    if isinstance(value, str) and _COUNT.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= _MOST:
        value = int(value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadAnswer(f"{name} is not a count")
    return value
