"""A portal in this process that shows a truth as it is told to: at the wire, without a network.

It stands where connection pools stand, so all of the product above the sockets is at work: tokens,
retries, clocks, JSON, links, transfers. What it shows on a night is a :class:`Show`; the plain one
is honest.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import parse_qs

import httpcore
import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from archiver.sandbox.faults import FilterFaults
from archiver.sandbox.portal.date_filter import Span, understand
from archiver.sandbox.portal.page_layouts import SandboxPage, SandboxShape, laid_out
from tests.lies.truth import Call, Recording, Truth

ENDPOINT = "https://portal.example/api/v2/"
MEDIA = "s30m.s3.ap-southeast-1.amazonaws.com"
FILTERS = {"recordings": "datetime[r.created_at]", "calls": "datetime[end_at]"}
DOWNLOAD = "download"
NOTHING: frozenset[str] = frozenset()
WAYS = {
    "no UTF-8": b'"notes": "Jos\xe9"',
    "a raw tab": b'"notes": "a\tb"',
    "a key twice": b'"notes": 1, "notes": 2',
    "two ids": b'"id": "another"',
    "cut text": b'"notes": "cut}',
    "null": b'"odd": null',
}
"""How the text of a row may be spoilt. Of one that is cut, nobody can tell where it ends."""
_NULLED = re.compile(rb'\{[^{}]*"odd": null[^{}]*\}')
DRAFT_S = 9
"""Seconds of an earlier version."""
Dated = tuple[datetime, Recording | Call]
"""A recording or a call, and its time by the portal's clock."""


class Served(Struct, frozen=True):
    """What the media host sends for an object, and what it tells of it."""

    body: bytes
    tells_length: bool = True
    tells_md5: bool = True
    status: int = 200


class Clock(Struct, frozen=True):
    """What the ``Date`` header says: the time, so much off; ``None`` for the header left out."""

    off: timedelta | None = timedelta()
    frozen_at: datetime | None = None


def draft_key(id_: str) -> str:
    """Return the name of the object of a recording's earlier version."""
    return f"rc/draft-{id_}.mp3"


def spelt(seconds: int) -> str:
    """Return a duration as the provider's page has it: ``00:01:33``."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


class Show(Struct, frozen=True):
    """How a portal shows the truth.

    ``most`` caps totals and pages, ``flat_most`` answers without pages; ``newest`` is all that a
    portal shows that ignores the filter. ``shift`` moves the filter, one that ``begins_after`` has
    nothing of the very moment at which it begins, ``blind`` shows nothing,
    ``hidden`` nothing of these, and ``hidden_by_day`` not where whole days are asked for.
    ``renamed`` gives rows another id, ``doubled`` serves these twice in place of the row after.
    ``unreported`` rows have no duration. Of ``odd`` rows the text is spoilt in that way. ``drafts``
    are shown with an earlier version, shorter, under a name of its own. ``lapse`` is given the
    number of a night's request for a report, from 1 on, and returns what is shown by that one.
    ``by_query`` names audio in the query of its link alone; of those ``in_bucket``, there is none.
    With ``local`` rows are dated in UTC, with ``zone`` behind, and the filter's clock is so far
    ahead of theirs.
    ``undated`` recordings have no date, so no filter has them, and without one they come first.
    """

    shape: SandboxShape = SandboxShape.NESTED
    per_page: int = 15
    honours_times: bool = True
    unfiltered: bool = False
    tells_total: bool = True
    most: int | None = None
    flat_most: int | None = None
    newest: int | None = None
    shift: timedelta = timedelta()
    begins_after: bool = False
    local: Callable[[datetime], timedelta] | None = None
    zone: str = "Z"
    blind: bool = False
    hidden: frozenset[str] = NOTHING
    hidden_by_day: frozenset[str] = NOTHING
    renamed: Mapping[str, str] = field(default_factory=dict)
    doubled: frozenset[str] = NOTHING
    total_off: int = 0
    clock: Clock = Clock()
    duration: Callable[[int], object] = spelt
    unreported: frozenset[str] = NOTHING
    drafts: frozenset[str] = NOTHING
    served: Mapping[str, Served] = field(default_factory=dict)
    odd: Mapping[str, str] = field(default_factory=dict)
    by_query: bool = False
    in_bucket: frozenset[str] = NOTHING
    undated: frozenset[str] = NOTHING
    lapse: "Callable[[Show, int], Show]" = lambda show, _number: show
    reports: frozenset[str] = frozenset(FILTERS)
    """Which of the reports the lies are told of; the other is shown as it is."""

    def honest(self) -> "Show":
        """Return what is shown of a report that no lie is told of."""
        return replace(
            Show(), shape=self.shape, per_page=self.per_page, honours_times=self.honours_times,
            clock=self.clock, duration=self.duration, unreported=self.unreported,
            drafts=self.drafts, by_query=self.by_query,
        )  # fmt: skip


class Portal:
    """Answers for a truth at a moment. ``heard`` is called before each answer."""

    def __init__(self, truth: Truth) -> None:
        self.truth = truth
        self.show = Show()
        self.now = truth.night(0)
        self.asked: dict[str, int] = {"recordings": 0, "calls": 0, "media": 0}
        self.heard: Callable[[], None] = lambda: None
        self._turns: Counter[str] = Counter()
        self._answered: list[tuple[Span | None, Show]] = []
        self._sorted: dict[str, list[Dated]] = {}
        self._sorted_of: tuple[Truth, datetime] | None = None

    @property
    def requests(self) -> int:
        """How many requests were answered, of any kind."""
        return sum(self.asked.values())

    def begin(self, now: datetime, show: Show) -> None:
        """Begin a night."""
        self.now, self.show = now, show
        self._turns.clear()
        self._answered.clear()

    def listing(self, path: str, query: str) -> tuple[list[tuple[str, str]], bytes]:
        """Return the headers and the body of a page."""
        report = path.rpartition("/")[2]
        self._hear(report)
        show = self.show if report in self.show.reports else self.show.honest()
        self._turns[report] += 1
        show = show.lapse(show, self._turns[report])
        asked = parse_qs(query)
        wall = self.truth.wall(self.now).replace(microsecond=0)
        span = self._span(asked.get(FILTERS[report], [""])[0], wall, show)
        if report == "recordings":
            self._answered.append((span, show))
        seen = self._seen(report, span, show)
        answer = self._answer(seen, int(asked.get("page", ["1"])[0]), report, show)
        body = msgspec.json.encode(answer)
        return self._headers(), _spoilt(body) if show.odd else body

    def audio(self, path: str) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return the status, the headers and the body of an object."""
        self._hear("media")
        served = self.show.served.get(path.lstrip("/")) or self._whole(path.lstrip("/"))
        if served is None:
            return 404, [], b"<Error><Code>NoSuchKey</Code></Error>"
        headers = [("Content-Type", "audio/mpeg")]
        if served.tells_length:
            headers.append(("Content-Length", str(len(served.body))))
        if served.tells_md5:
            digest = hashlib.md5(served.body, usedforsecurity=False).hexdigest()
            headers.append(("ETag", f'"{digest}"'))
        return served.status, headers, served.body

    def shown(self, day: date) -> frozenset[str]:
        """Return the ids of a day's recordings as they were last shown tonight, or would be."""
        midnight = datetime.combine(day, time())
        first, last = midnight, midnight + timedelta(seconds=86_399)
        show = self.show if "recordings" in self.show.reports else self.show.honest()
        for span, answered in self._answered:
            if span is None or (span[0] <= last and first <= span[1]):
                show = answered
        span = _understood(first, last, show)
        limit = show.flat_most if show.shape is SandboxShape.FLAT else show.most
        rows = self._rows(self._seen("recordings", span, show)[:limit], show)
        return frozenset(str(row["id"]) for row in rows if str(row["created_at"])[:10] == str(day))

    def _hear(self, what: str) -> None:
        self.asked[what] += 1
        self.heard()

    def _headers(self) -> list[tuple[str, str]]:
        headers = [("Content-Type", "application/json")]
        clock = self.show.clock
        if clock.off is not None:
            told = (clock.frozen_at or self.now) + clock.off
            headers.append(("Date", format_datetime(told.replace(microsecond=0), usegmt=True)))
        return headers

    def _span(self, value: str, now: datetime, show: Show) -> Span | None:
        if not value:
            return None
        first, last = understand(value, now, FilterFaults(whole_days=not show.honours_times))
        return _understood(first, last, show)

    def _seen(self, report: str, span: Span | None, show: Show) -> list[Dated]:
        """Return what is shown of a span, newest first."""
        if show.blind:
            return []
        hidden = show.hidden
        if (span is not None and span[0].hour == span[1].hour == 0) or _is_whole_day(span):
            hidden |= show.hidden_by_day
        seen = [
            (at, each)
            for at, each in self._there(report)
            if each.id not in hidden
            and (span is None or (_is_in(span, at, show) and each.id not in show.undated))
        ]
        if show.undated:
            seen.sort(key=lambda pair: pair[1].id in show.undated, reverse=True)
        for place, (_, each) in enumerate(seen[:-1] if show.doubled else ()):
            if each.id in show.doubled:
                seen[place + 1] = seen[place]
        return seen if show.newest is None else seen[: show.newest]

    def _there(self, report: str) -> list[Dated]:
        """Return what there is by now, newest first, with the portal's times."""
        if (self.truth, self.now) != self._sorted_of:
            self._sorted.clear()
            self._sorted_of = self.truth, self.now
        if report not in self._sorted:
            every: list[Recording | Call] = (
                [*self.truth.listed(self.now)]
                if report == "recordings"
                else [each for each in self.truth.calls if each.at <= self.now]
            )
            dated = [(self.truth.wall(each.at), each) for each in every]
            dated.sort(key=lambda pair: (pair[0], pair[1].id), reverse=True)
            self._sorted[report] = dated
        return self._sorted[report]

    def _rows(self, seen: Sequence[Dated], show: Show) -> list[dict[str, object]]:
        return [self._row(at, each, show) for at, each in seen]

    def _row(self, at: datetime, each: Recording | Call, show: Show) -> dict[str, object]:
        caller, called = each.numbers
        is_draft = each.id in show.drafts
        key, seconds = (draft_key(each.id), DRAFT_S) if is_draft else (each.key, each.seconds)
        link = f"s3://rc-bucket/{key}" if each.id in show.in_bucket else self._link(key)
        row: dict[str, object] = {
            "id": show.renamed.get(each.id, each.id), "call_from": caller, "call_to": called,
            "audio": link if each.body and each.audio_from <= self.now else None,
            "duration": None if each.id in show.unreported else show.duration(seconds),
        }  # fmt: skip
        if spoilt := show.odd.get(each.id):
            row["odd"] = spoilt
        zone = "" if show.local is None else show.zone
        shown = None if each.id in show.undated else f"{at.replace(microsecond=0)}{zone}"
        if isinstance(each, Recording):
            return row | {"agent": None, "created_at": shown}
        began = at.replace(microsecond=0) - timedelta(seconds=each.seconds)
        return row | {"status": "RECEIVED", "start_at": f"{began}{zone}", "end_at": shown}

    def _answer(
        self, seen: Sequence[Dated], number: int, report: str, show: Show
    ) -> dict[str, object]:
        total = len(seen)
        if show.shape is SandboxShape.FLAT:
            rows = self._rows(seen[: show.flat_most], show)
            return laid_out(SandboxPage(rows, 1, 15, total, "", ""), show.shape)
        total = max(0, total + show.total_off)
        if show.most is not None:
            total, seen = min(total, show.most), seen[: show.most]
        first = (number - 1) * show.per_page
        rows = self._rows(seen[first : first + show.per_page], show)
        path = f"{ENDPOINT}voice/{report}"
        document = laid_out(SandboxPage(rows, number, show.per_page, total, path, path), show.shape)
        if not show.tells_total:
            for about in (document.get("data"), document.get("meta")):
                if isinstance(about, dict):
                    about.pop("total", None)
                    about.pop("last_page", None)
        return document

    def _link(self, key: str) -> str:
        query = _signed(self.now)
        if self.show.by_query:
            return f"https://{MEDIA}/{DOWNLOAD}?{query}&name={key}"
        return f"https://{MEDIA}/{key}?{query}"

    def _whole(self, key: str) -> Served | None:
        every: list[Recording | Call] = [*self.truth.recordings, *self.truth.calls]
        bodies = (each.body for each in every if each.key == key and each.body)
        return next(map(Served, bodies), None)


@lru_cache(maxsize=8)
def _signed(now: datetime) -> str:
    """Return the query of a link that is signed at a moment."""
    return f"X-Amz-Date={now:%Y%m%dT%H%M%SZ}&X-Amz-Expires=3600&X-Amz-Signature=00"


def _understood(first: datetime, last: datetime, show: Show) -> Span | None:
    """Return what a portal looks at that is asked for a span; ``None`` is everything."""
    if show.unfiltered or show.newest is not None:
        return None
    return first + show.shift, last + show.shift


def _is_in(span: Span, at: datetime, show: Show) -> bool:
    """Whether the filter finds a row of a moment in a span."""
    local = at if show.local is None else at + show.local(at)
    begins = span[0] < local if show.begins_after else span[0] <= local
    return begins and local <= span[1]


def _spoilt(body: bytes) -> bytes:
    """Return a page with the rows spoilt that are to be."""
    for way, text in WAYS.items():
        body = body.replace(f'"odd":"{way}"'.encode(), text)
    return _NULLED.sub(b"null", body)


def _is_whole_day(span: Span | None) -> bool:
    return span is not None and f"{span[0]:%H%M%S}{span[1]:%H%M%S}" == "000000235959"


class ListingPool:
    """What the portal's client sends its requests over."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def handle_request(self, request: httpcore.Request) -> httpcore.Response:
        """Answer one request."""
        path, _, query = request.url.target.decode().partition("?")
        headers, body = self._portal.listing(path, query)
        return httpcore.Response(200, headers=headers, content=body)

    def close(self) -> None:
        """Close nothing."""


class MediaPool:
    """What recordings are fetched over."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    @contextmanager
    def stream(
        self, _method: str, url: httpcore.URL, **_rest: object
    ) -> Iterator[httpcore.Response]:
        """Answer one request."""
        path, _, query = url.target.decode().partition("?")
        if path == f"/{DOWNLOAD}":
            path = query.rpartition("&name=")[2]
        status, headers, body = self._portal.audio(path)
        yield httpcore.Response(status, headers=headers, content=body)

    def close(self) -> None:
        """Close nothing."""
