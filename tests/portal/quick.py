"""A portal of one answer, and a client that counts its pauses instead of waiting."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from msgspec import Struct, field

from archiver.config.settings import Auth
from archiver.domain.recordings import Report
from archiver.domain.times.clocks import Trust
from archiver.errors import ArchiverError
from archiver.http.connections import Check
from archiver.http.retry import Backoff
from archiver.portal.client import Client
from archiver.portal.clock import Clock
from archiver.portal.exchange import PortalRoute
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.rate_limiter import Limiter
from archiver.portal.wire.answers import Page
from archiver.sandbox.loopback import LoopbackServer
from archiver.sandbox.wire import Request, Response
from archiver.secret import Secret

TOKEN = "canary-4711-token"  # noqa: S105  # guards a world of tones
ATTEMPTS = 3
ASK = PageQuery.first(Report.RECORDINGS, None)
EMPTY_PAGE = b'{"status": "OK", "data": []}'


def quick(  # noqa: PLR0913 - what a client needs to know, each by name
    endpoint: str,
    token: str = TOKEN,
    *,
    auth: Auth = Auth.AUTO,
    wait: Callable[[float], object] = bool,
    check: Check = bool,
    trust: Trust = Trust.AUTO,
    say: Callable[[str], object] = bool,
) -> Client:
    """Return a client of ``endpoint`` that tries three times; ``wait`` is told every pause."""
    limiter = Limiter(60_000, clock=lambda: 0.0, wait=wait)
    return Client(
        PortalRoute(endpoint), Secret(token), auth=auth, limiter=limiter, wait=wait,
        check=check, backoff=Backoff(attempts=ATTEMPTS), clock=Clock(trust),
        say=say,
    )  # fmt: skip


class Portal(Struct):
    """Gives one answer to everything, and keeps what it was asked."""

    response: Response
    requests: list[Request] = field(default_factory=list)
    endpoint: str = ""

    def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return self.response

    def ask(self, *, auth: Auth = Auth.HEADER) -> Page:
        with quick(self.endpoint, auth=auth) as client:
            (page,) = client.fetch((ASK,))
        return page

    def refuse(self, *, auth: Auth = Auth.HEADER) -> ArchiverError:
        """Return the error that asking ends with; no secret may be in it or its causes."""
        with pytest.raises(ArchiverError) as caught:
            self.ask(auth=auth)
        error: BaseException | None = caught.value
        while error is not None:
            assert TOKEN not in f"{error!r} {vars(error)}"
            error = error.__cause__
        return caught.value


@contextmanager
def portal(
    status: int = 200, body: bytes = EMPTY_PAGE, *headers: tuple[str, str]
) -> Iterator[Portal]:
    """Open a portal on loopback."""
    served = Portal(Response(status, headers, body))
    door = LoopbackServer(served.answer)
    door.open()
    served.endpoint = f"http://{door.host}/api/v2/"
    try:
        yield served
    finally:
        door.close()


@contextmanager
def hanging(after: str) -> Iterator[tuple[str, threading.Semaphore]]:
    """Open a portal that sends ``after`` to every request and then nothing.

    Yields its endpoint and what is released once for each request.
    """
    asked = threading.Semaphore(0)
    listener = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                taken.append(listener.accept()[0])
                taken[-1].recv(65_536)
                taken[-1].sendall(after.encode())
                asked.release()

    server = threading.Thread(target=serve)
    server.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/api/v2/", asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        server.join()
        for each in (listener, *taken):
            each.close()
