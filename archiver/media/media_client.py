"""Fetch what a link leads to into the caller's file: the only network client of this package.

It speaks HTTP/1.1 through httpcore, which has no cookies, credentials,
redirects, decoding, netrc or environment: what must never happen here can't be switched on.

    with Media(AllowList.of(endpoint, media_hosts), stop) as media:
        fetched = media.fetch(Transfer(byte_cap(reported_ms)), link, part_file)
"""

import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Self

import httpcore
from msgspec import Struct, field
from msgspec.structs import replace

from archiver.concurrency.stop import StopToken
from archiver.errors import ArchiverError, DestinationError, TryAgain
from archiver.http.connections import pool, tls_fault
from archiver.http.retry import SAID_FROM_S, Backoff, delay, retry_after
from archiver.media.allow_list import AllowList
from archiver.media.connect import Wire
from archiver.media.deadline import Deadline, DeadlineExceeded, LeastRate
from archiver.media.error_answers import MAX_ERROR_BODY, code_of, error_of, headers_of
from archiver.media.link import Link, parse
from archiver.media.throttle import Throttle
from archiver.media.transfer import FetchedBody, Transfer
from archiver.secret import Secret

_JUDGED_BY_TRANSFER = frozenset({200, 206, 304, 416})


class MediaRoute(Struct, frozen=True):
    """How to get there: ``connections`` at most, one a thread, a proxy, certificates, waits (s).

    ``bytes_per_s`` is what all of them may take together, ``None`` as much as comes.

    ``proxy_for`` returns the proxy of a link, an http(s) address, perhaps with a password, or
    ``None``; ``ca_bundle`` is a PEM file that is trusted instead of the usual authorities.
    """

    connections: int = 16
    proxy_for: Callable[[Link], Secret | None] = lambda _link: None
    ca_bundle: Path | None = None
    connect_s: float = 10.0
    read_s: float = 30.0
    bytes_per_s: int | None = None


class Rhythm(Struct, frozen=True):
    """When to give up and when to try again, and the clocks to go by."""

    backoff: Backoff = field(default_factory=Backoff)
    pace: LeastRate = field(default_factory=LeastRate)
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    random01: Callable[[], float] = random.random


class MediaClient:
    """Fetches from media hosts; one for all threads of a run. Close it, or use it with ``with``.

    Behind a proxy only names can be checked, not the addresses they lead to: say so to the user.
    ``say`` hears that a host asks to wait.
    """

    def __init__(
        self,
        hosts: AllowList,
        stop: StopToken,
        *,
        route: MediaRoute | None = None,
        rhythm: Rhythm | None = None,
        say: Callable[[str], object] = bool,
    ) -> None:
        self._say = say
        self._told_until: dict[str, float] = {}
        self._hosts = hosts
        self._stop = stop
        self._rhythm = rhythm or Rhythm()
        self._route = route or MediaRoute()
        self._throttle: Throttle | None = None
        if limit := self._route.bytes_per_s:
            pace = self._rhythm.pace.shared(limit, self._route.connections)
            self._rhythm = replace(self._rhythm, pace=pace)
            self._throttle = Throttle(limit, clock=self._rhythm.clock, stop=stop)
        self._ways: dict[tuple[str, Secret | None, int], _Way] = {}
        self._making = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        for way in self._ways.values():
            way.pool.close()

    def fetch(self, transfer: Transfer, link: Secret, sink: BinaryIO) -> FetchedBody:
        """Bring what ``link`` leads to into ``sink``, trying again what may pass.

        ``sink`` is empty and seekable, and is the same in every call for one ``transfer``. Raises
        LinkExpired when the link has died: call again with a new one, and it goes on where it was.
        Raises Unchanged when the object is what the transfer says; Gone, Refused or another
        RecordingError for good; TryAgain when the attempts are
        spent; StopRun when the run is stopping; DestinationError when ``sink`` can't be written.
        """
        address = parse(link)
        self._hosts.permit(address)
        rhythm = self._rhythm
        watch = Deadline(rhythm.pace, transfer.cap, clock=rhythm.clock, stop=self._stop)
        attempt = 0
        while True:
            attempt += 1
            try:
                with self._way(address).wire.watched(watch):
                    return self._attempt(transfer, address, sink)
            except DeadlineExceeded:
                raise
            except TryAgain as error:
                pause = delay(rhythm.backoff, attempt, error.after, rhythm.random01())
                if pause is None:
                    raise
                if error.after is not None:
                    self._tell_of(error, address.host, pause)
                watch.pause(pause)

    def _tell_of(self, error: TryAgain, host: str, pause: float) -> None:
        """Say that a host asks to wait, once for all threads that hear it at once."""
        now = self._rhythm.clock()
        with self._making:
            is_new = pause >= SAID_FROM_S and self._told_until.get(host, now) <= now
            self._told_until[host] = max(self._told_until.get(host, now), now + pause)
        if is_new:
            self._say(f"{host}: {error.message}")

    def _way(self, link: Link) -> "_Way":
        """Return this thread's way to a host: by its own proxy, or direct.

        A pool that several threads share looks at every connection before and after each request.
        """
        proxy = self._route.proxy_for(link)
        key = link.scheme, proxy, threading.get_ident()
        with self._making:
            if key not in self._ways:
                hosts = None if proxy else self._hosts
                self._ways[key] = _Way(hosts, self._route, link.scheme, proxy)
            return self._ways[key]

    def _attempt(self, transfer: Transfer, link: Link, sink: BinaryIO) -> FetchedBody:
        try:
            with self._get(link, transfer.request()) as response:
                headers = headers_of(response.headers, link)
                if response.status not in _JUDGED_BY_TRANSFER:
                    raise self._refusal(response, headers, link)
                transfer.accept(response.status, headers)
                _go_to(sink, transfer.offset)
                for chunk in response.iter_stream():
                    transfer.take(chunk)
                    _write(sink, chunk)
                    if self._throttle:
                        self._throttle.take(len(chunk))
            return transfer.finish()
        except httpcore.TimeoutException as error:
            raise TryAgain(f"No answer from {link.host} in time.") from error
        except (httpcore.NetworkError, httpcore.ProxyError) as error:
            fault = tls_fault(error)
            why = f"failed: {fault.value}" if fault else "failed or broke off"
            raise TryAgain(f"The connection to {link.host} {why}.") from error
        except httpcore.ProtocolError:
            # Not chained: its text quotes what came over the wire, which may echo the link.
            raise TryAgain(f"{link.host} broke off, or does not speak proper HTTP.") from None

    def _get(
        self, link: Link, headers: dict[str, str]
    ) -> AbstractContextManager[httpcore.Response]:
        """Send the request made of ``link``'s own parts; its path goes out as it came."""
        usual = link.port == (443 if link.scheme == "https" else 80)
        host = link.host if usual else f"{link.host}:{link.port}"
        url = httpcore.URL(
            scheme=link.scheme, host=link.host.strip("[]"), port=link.port, target=link.target
        )
        fields = [("Host", host), *headers.items()]
        route = self._route
        seconds = {"connect": route.connect_s, "pool": route.read_s}
        seconds |= {"read": route.read_s, "write": route.read_s}
        pool = self._way(link).pool
        return pool.stream("GET", url, headers=fields, extensions={"timeout": seconds})

    def _refusal(
        self, response: httpcore.Response, headers: dict[str, str], link: Link
    ) -> ArchiverError:
        body = b""
        for chunk in response.iter_stream():
            body += chunk
            if len(body) >= MAX_ERROR_BODY:
                break
        after = retry_after(headers.get("retry-after"), self._rhythm.now())
        return error_of(response.status, code_of(body, link), after)


class _Way:
    """A connection that goes one way: direct, each address judged by ``hosts``, or by a proxy."""

    def __init__(
        self, hosts: AllowList | None, route: MediaRoute, scheme: str, proxy: Secret | None
    ) -> None:
        self.wire = Wire(hosts)
        self.pool = pool(
            self.wire, scheme=scheme, connections=1, proxy=proxy, ca_bundle=route.ca_bundle
        )


def _go_to(sink: BinaryIO, offset: int) -> None:
    try:
        sink.seek(offset)
        sink.truncate()
    except OSError as error:
        raise _unwritable(error) from error


def _write(sink: BinaryIO, chunk: bytes) -> None:
    try:
        sink.write(chunk)
    except OSError as error:
        raise _unwritable(error) from error


def _unwritable(error: OSError) -> DestinationError:
    return DestinationError(
        f"A recording can't be written: {error.strerror}.",
        advice="Free or mend the destination, then run it again.",
    )
