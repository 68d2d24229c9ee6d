"""The portal's two reports: voice/recordings and voice/calls."""

import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby
from urllib.parse import parse_qs

from msgspec import Struct
from msgspec.structs import replace

from archiver.sandbox.faults import Faults, ListingFaults, PageFaults
from archiver.sandbox.media.presigned import sign
from archiver.sandbox.portal.date_filter import Span, understand
from archiver.sandbox.portal.gate import Gate, answer, failure
from archiver.sandbox.portal.page_layouts import Row, SandboxPage, SandboxShape, laid_out
from archiver.sandbox.switchboard import Switchboard
from archiver.sandbox.tally import RequestTally
from archiver.sandbox.terms import BUCKET, Terms
from archiver.sandbox.wire import Request, Response
from archiver.sandbox.world.timeline import Item, Timeline
from archiver.sandbox.world.world import Call, Recording, World

_FILTERS = {"recordings": "datetime[r.created_at]", "calls": "datetime[end_at]"}
_SECOND = timedelta(seconds=1)


class _Ask(Struct, frozen=True):
    """A page of a span (of everything, when ``None``), and the faults that it meets."""

    span: Span | None
    number: int
    faults: Faults


class Reports:
    """Answers requests for reports about ``world``; links lead to ``media_host``."""

    def __init__(
        self, world: World, terms: Terms, board: Switchboard, tally: RequestTally, media_host: str
    ) -> None:
        self._world = world
        self._terms = terms
        self._board = board
        self._tally = tally
        self._media_host = media_host
        self._gate = Gate(terms, board, tally)
        self.portal_host = ""

    def answer(self, request: Request) -> Response:
        """Answer one request, refusals included."""
        faults = self._board.met_by_report()
        if faults is not self._board.faults:
            self._tally.tick("passing")
        response = self._answer(request, faults)
        return replace(response, headers=self._gate.stamped(response, faults.clock))

    def _answer(self, request: Request, faults: Faults) -> Response:
        prefix = f"{self._terms.root_path}voice/"
        report = request.path.removeprefix(prefix)
        if not request.path.startswith(prefix) or report not in _FILTERS:
            return failure(404)
        self._tally.tick(report)
        if refusal := self._gate.refuse(request, faults):
            return refusal
        if request.method != "GET":
            return failure(405)
        return self._listing(report, parse_qs(request.query), faults)

    def _listing(self, report: str, query: dict[str, list[str]], faults: Faults) -> Response:
        wanted = query.get(_FILTERS[report], [""])[0]
        now = self._world.wall(self._terms.now())
        span = None
        if wanted and not faults.filter.ignored:
            span = understand(wanted, now, faults.filter)
        number = _page_number(query)
        if faults.pages.body is not None:
            return answer(200, faults.pages.body)
        listing = faults.listing
        page = self._page(report, _Ask(span, 1 if listing.first_page_again else number, faults))
        page = replace(page, number=number, total=page.total + listing.total_off)
        if listing.empty_total is not None or report in listing.unseen_reports:
            page = replace(page, rows=(), total=listing.empty_total or 0)
        self._unsettle(span, faults)
        body = json.dumps(laid_out(page, self._terms.shape, counted=not listing.no_total)).encode()
        return self._sent(body, faults.pages)

    def _sent(self, body: bytes, faults: PageFaults) -> Response:
        """Return the answer with a page, or with a part of it."""
        if faults.cut and self._board.spend("cut", faults.cut):
            body = body[: len(body) // 2]
        whole = answer(200, body)
        if faults.reset and self._board.spend("reset", faults.reset):
            half = body[: len(body) // 2]
            return replace(whole, body=half, promised=len(body), ending="reset")
        return whole

    def _page(self, report: str, ask: _Ask) -> SandboxPage:
        if report == "recordings":
            total, rows = self._rows(self._world.recordings, ask, self._recording)
        else:
            total, rows = self._rows(self._world.calls, ask, self._call)
        host = f"http://{self.portal_host}{self._terms.root_path}voice/{report}"
        foreign = ask.faults.listing.next_page_host
        following = f"http://{foreign}/voice/{report}" if foreign else host
        return SandboxPage(rows, ask.number, self._terms.per_page, total, host, following)

    def _rows(
        self, line: Timeline[Item], ask: _Ask, row: Callable[[Item], Row]
    ) -> tuple[int, list[Row]]:
        """Return how many items the span holds, and the rows of the page, newest first."""
        first, before = self._moments(ask.span, ask.faults)
        size = self._terms.per_page
        skip = (ask.number - 1) * size
        faults = ask.faults.listing
        limit = faults.limit
        if limit is not None:
            size = max(0, min(size, limit - skip))
        if self._terms.shape is SandboxShape.FLAT:
            skip, size = 0, sys.maxsize if limit is None else limit
        if faults.shuffled_ties or faults.unseen_agents:
            _, items = line.between(first, before, 0, None)
            items = [item for item in items if _may_be_seen(item, faults)]
            if faults.shuffled_ties:
                items = self._shuffled(items)
            total, items = len(items), items[skip : skip + size]
        else:
            total, items = line.between(first, before, skip, size)
        return total if limit is None else min(total, limit), [row(item) for item in items]

    def _moments(self, span: Span | None, faults: Faults) -> tuple[datetime | None, datetime]:
        """Return the moments from and before which rows are listed: nothing is from the future."""
        now = self._terms.now() + timedelta(microseconds=1)
        if span is None:
            return None, now
        last = timedelta(microseconds=1) if faults.filter.exact_ends else _SECOND
        return self._world.moment(span[0]), min(now, self._world.moment(span[1]) + last)

    def _shuffled(self, items: list[Item]) -> list[Item]:
        """Return ``items`` with those of the same second in an order of chance."""
        mixed: list[Item] = []
        for _, group in groupby(items, key=lambda item: self._world.wall(item.at)):
            tied = list(group)
            mixed += [tied[n] for n in self._board.shuffled(len(tied))]
        return mixed

    def _unsettle(self, span: Span | None, faults: Faults) -> None:
        """Let a recording arrive or vanish after a page, when that is switched on."""
        first, before = self._moments(span, faults)
        arrivals, departures = faults.listing.arrivals, faults.listing.departures
        if arrivals and self._board.spend("arrivals", arrivals):
            self._world.arrive(before - timedelta(microseconds=1))
        if departures and self._board.spend("departures", departures):
            for recording in self._world.recordings.between(first, before, 0, 1)[1]:
                self._world.remove(recording.id)

    def _recording(self, recording: Recording) -> Row:
        return {
            "id": recording.id,
            "call_from": recording.call_from,
            "call_to": recording.call_to,
            "audio": self._link(recording.key),
            "duration": _clock(recording.seconds),
            "agent": recording.agent,
            "created_at": str(self._world.wall(recording.at)),
            **recording.fields,
        }

    def _call(self, call: Call) -> Row:
        return {
            "id": call.id,
            "call_from": call.call_from,
            "call_to": call.call_to,
            "service": "IN",
            "bridge": call.call_to,
            "status": "RECEIVED",
            "duration": _clock(call.seconds),
            "billing": _clock(call.seconds),
            "pulsing": "30",
            "charges": "0.0150",
            "start_at": str(self._world.wall(call.at - call.seconds * _SECOND)),
            "end_at": str(self._world.wall(call.at)),
            "hangup_by": "caller",
            "dtmf": None,
            "location": "IN",
            "region": "AP",
            "provider": "RJ",
            "notes": None,
            "audio": self._link(call.key),
            "name": None,
            **call.fields,
        }

    def _link(self, key: str | None) -> str | None:
        if key is None:
            return None
        path = f"/{BUCKET}/{key}"
        return sign(self._media_host, path, self._terms.now(), self._terms.link_life)


def _may_be_seen(item: object, faults: ListingFaults) -> bool:
    return not (isinstance(item, Recording) and item.agent in faults.unseen_agents)


def _page_number(query: dict[str, list[str]]) -> int:
    """Return the page asked for; what is no number is page 1, as the framework has it."""
    text = query.get("page", ["1"])[0]
    return max(1, int(text)) if text.isascii() and text.isdigit() else 1


def _clock(seconds: int) -> str:
    """Return ``HH:MM:SS``."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
