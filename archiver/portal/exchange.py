"""One request to the portal and its answer: the rate, the network, the time that is told.

Requests go straight to the transport: there is no client above it that has cookies, follows
redirects or takes anything from the environment. Certificates are always checked, and an answer is
read up to a limit and no further.
"""

import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

from archiver.http.codings import Undecodable, coding_of, decoded
from archiver.http.connections import Backend, Check, TimeLimit, pool
from archiver.portal.clock import Clock
from archiver.portal.http_errors import AnswerNotUnderstood
from archiver.portal.rate_limiter import Limiter
from archiver.portal.transport import Transport, address_of, network_errors
from archiver.portal.wire.answers import MAX_PAGE_BYTES
from archiver.secret import Secret

TIMEOUT = httpx.Timeout(30.0, connect=15.0)
HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "archiver",
}
MOST_S = 120.0
"""For one answer, its headers included: one that comes a byte now and then is not waited for."""


class PortalRoute(Struct, frozen=True):
    """How to reach the portal: its base address, and what stands between."""

    endpoint: str
    proxy: Secret | None = None
    ca_bundle: Path | None = None


class HttpAnswer(Struct, frozen=True):
    """What came back, its body with any coding undone."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Exchange:
    """Sends requests over ``connections`` at most; safe to use from many threads.

    ``check`` raises when a request may not go on. ``clock`` and ``limiter`` hear what answers tell.
    ``requests`` counts what was sent.
    """

    def __init__(
        self, route: PortalRoute, *, limiter: Limiter, clock: Clock, check: Check, connections: int
    ) -> None:
        self.requests = 0
        self._where = address_of(route.endpoint)
        self._limiter = limiter
        self._clock = clock
        self._lock = threading.Lock()
        self._deadline = TimeLimit(check)
        self._transport = Transport(
            pool(
                Backend(self._deadline.check),
                scheme=urlsplit(route.endpoint).scheme,
                connections=connections,
                proxy=route.proxy,
                ca_bundle=route.ca_bundle,
            )
        )

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def get(
        self, address: str, params: Mapping[str, str], headers: Mapping[str, str]
    ) -> HttpAnswer:
        """Ask once, when the rate allows it.

        Raises :class:`TryAgain` or :class:`StopRun` for what the network does, and
        :class:`AnswerNotUnderstood` for a body that can't be read.
        """
        request = httpx.Request(
            "GET",
            address,
            params=params,
            headers=HEADERS | dict(headers),
            extensions={"timeout": TIMEOUT.as_dict()},
        )
        self._limiter.acquire()
        with self._lock:
            self.requests += 1
        with (
            network_errors(self._where),
            self._deadline.within(MOST_S),
            closing(self._transport.handle_request(request)) as answer,
        ):
            self._clock.hear(answer.headers.get("date"))
            self._limiter.heed(answer.headers.get("x-ratelimit-remaining"))
            return HttpAnswer(answer.status_code, answer.headers, _body(answer))


def _body(answer: httpx.Response) -> bytes:
    """Read an answer up to a size, whatever it promises; one that is compressed is undone."""
    taken = bytearray()
    for chunk in answer.iter_raw():
        taken += chunk
        if len(taken) > MAX_PAGE_BYTES:
            raise AnswerNotUnderstood(f"it is larger than {MAX_PAGE_BYTES} bytes")
    try:
        coding = coding_of(answer.headers.get("content-encoding"))
        return decoded(bytes(taken), coding, max_bytes=MAX_PAGE_BYTES)
    except Undecodable as error:
        raise AnswerNotUnderstood(str(error)) from error
