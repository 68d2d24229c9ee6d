"""Who may read the reports, and how often: token, rate, and the failures of the portal itself."""

import json
import threading
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import parse_qs

from archiver.sandbox.faults import ClockFaults, Faults, PageFaults
from archiver.sandbox.switchboard import Switchboard
from archiver.sandbox.tally import RequestTally
from archiver.sandbox.terms import Terms
from archiver.sandbox.wire import Request, Response

_MINUTE = 60
_MESSAGES = {
    401: "Unauthenticated.",
    403: "This address may not use the API.",
    404: "Not found.",
    405: "The method is not allowed.",
    409: "The request conflicts with another.",
    422: "The given data was invalid.",
    429: "Too Many Attempts.",
}


class Rate:
    """Counts requests by the clock's minute, as the portal's framework does."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._lock = threading.Lock()
        self._minute = 0
        self._used = 0

    @property
    def used(self) -> int:
        """How many requests there were in this minute."""
        return self._used

    def use(self, limit: int) -> tuple[int, int]:
        """Count one request; return how many remain (-1: none) and the seconds to wait."""
        second = int(self._terms.now().timestamp())
        minute = second // _MINUTE
        with self._lock:
            if minute != self._minute:
                self._minute, self._used = minute, 0
            self._used += 1
            return max(-1, limit - self._used), _MINUTE - second % _MINUTE


def failure(
    status: int, headers: tuple[tuple[str, str], ...] = (), http: int | None = None
) -> Response:
    """Return the portal's way to say that a request failed, under HTTP ``http`` or ``status``."""
    message = _MESSAGES.get(status, "Server Error")
    body = {"status": status, "code": HTTPStatus(status).name, "message": message}
    return answer(http or status, json.dumps(body).encode(), headers)


def answer(status: int, body: bytes, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Return a JSON answer."""
    return Response(status, (("Content-Type", "application/json"), *headers), body)


class Gate:
    """Lets a request for a report in, or says why not."""

    def __init__(self, terms: Terms, board: Switchboard, tally: RequestTally) -> None:
        self._terms = terms
        self._board = board
        self._tally = tally
        self._rate = Rate(terms)

    def refuse(self, request: Request, faults: Faults) -> Response | None:
        """Return the refusal of ``request`` under ``faults``, ``None`` when it may pass."""
        if limited := self._limited(faults):
            self._tally.tick("limited")
            return limited
        if not self._known(request) or self._revoked(faults.pages):
            self._tally.tick("unauthorized")
            return failure(401)
        return self._failing(faults)

    def stamped(self, response: Response, faults: ClockFaults) -> tuple[tuple[str, str], ...]:
        """Return the headers with those of every answer: its Date, by its own clock, and rate."""
        moment = (faults.stands_at or self._terms.now()).timestamp() + faults.skew_seconds
        own: tuple[tuple[str, str], ...] = ()
        if not faults.dateless:
            own += (("Date", formatdate(moment, usegmt=True)),)
        if self._terms.rate_limit is not None:
            remaining = max(0, self._terms.rate_limit - self._rate.used)
            own += (("X-RateLimit-Remaining", str(remaining)),)
        return own + response.headers

    def _limited(self, faults: Faults) -> Response | None:
        limit = self._terms.rate_limit
        if limit is None:
            return None
        remaining, wait = self._rate.use(limit)
        if remaining >= 0:
            return None
        after = faults.retry_after or str(wait)
        return failure(429, (("Retry-After", after),))

    def _known(self, request: Request) -> bool:
        given = []
        if self._terms.auth != "query":
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            given += [token] * (scheme.lower() == "bearer")
        if self._terms.auth != "header":
            given += parse_qs(request.query).get("access_token", [])
        return not self._terms.tokens.isdisjoint(given)

    def _revoked(self, faults: PageFaults) -> bool:
        limit = faults.token_dies_after
        return limit is not None and not self._board.spend("token", limit)

    def _failing(self, faults: Faults) -> Response | None:
        pages = faults.pages
        if pages.errors and self._board.spend("errors", pages.errors):
            again = (("Retry-After", faults.retry_after),) if faults.retry_after else ()
            return failure(pages.error_status, again)
        return failure(500, http=200) if pages.failed_under_200 else None
