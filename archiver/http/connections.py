"""What both HTTP clients stand on: sockets that look around while they wait, certificates, proxies.

Closing a client wakes no thread that reads from it. So every read wakes up twice a second and asks
whether to go on: a run that stops and a deadline are noticed in headers, bodies and silence alike.
"""

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import cache
from pathlib import Path
from socket import socket
from urllib.parse import unquote, urlsplit

import certifi
import httpcore

from archiver.errors import UsageError
from archiver.http.handshake import NO_TLS, kept_open, speaks_no_tls
from archiver.http.quiet import hush
from archiver.secret import Secret

TICK_S = 0.5
KEEPALIVE_S = 15.0
Check = Callable[[int], object]
"""Told how many bytes came, 0 when there were none; raises what ends the waiting."""
SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)

hush()


class TimeLimit:
    """Ends what a thread reads when its time is up, however it dribbles in: a timeout is of a read.

    ``check`` is asked as well, whenever :meth:`check` is.
    """

    def __init__(self, check: Check, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._check = check
        self._clock = clock
        self._of_thread = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let this thread read for that long while the block runs."""
        self._of_thread.ends = self._clock() + seconds
        try:
            yield
        finally:
            self._of_thread.ends = None

    def check(self, received: int) -> None:
        """Raise ``httpcore.ReadTimeout`` when the reading thread's time is up."""
        self._check(received)
        ends: float | None = getattr(self._of_thread, "ends", None)
        if ends is not None and self._clock() > ends:
            raise httpcore.ReadTimeout


class WatchedStream(httpcore.NetworkStream):
    """A stream that never reads for longer than a tick without a look around.

    ``line`` is the socket that it reads from, unless that speaks other TLS. What has come there is
    read without waiting, all of it: TLS hands out 16 kB at a time, and each read costs a round
    through the library.
    """

    def __init__(
        self, stream: httpcore.NetworkStream, check: Check, line: socket | None = None
    ) -> None:
        self._stream = stream
        self._check = check
        self._line = line
        self._broken: httpcore.ReadError | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come, else as the stream beneath, but wake up between."""
        if self._broken is None and self._line and (data := self._at_hand(self._line, max_bytes)):
            return data
        if self._broken is not None:
            raise self._broken
        return self.wait(max_bytes, timeout)

    def wait(self, max_bytes: int, timeout: float | None) -> bytes:
        """Wait for bytes, or for the end, looking around twice a second."""
        left = timeout if timeout is not None else float("inf")
        while True:
            try:
                data = self._stream.read(max_bytes, min(left, TICK_S))
            except httpcore.ReadTimeout:
                self._check(0)
                left -= TICK_S
                if left <= 0:
                    raise
            else:
                self._check(len(data))
                return data

    def _at_hand(self, line: socket, max_bytes: int) -> bytes:
        """Read what has come, and wait for nothing.

        An error is the next reader's: what came before it is kept, and its end is never taken for
        that of a body.
        """
        more = b""
        line.settimeout(0)
        try:
            while len(more) < max_bytes and (some := line.recv(max_bytes - len(more))):
                self._check(len(some))
                more += some
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        except OSError as error:
            self._broken = httpcore.ReadError(str(error))
        return more

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write as the stream beneath, after a look around: requests are small."""
        self._check(0)
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        """Close the stream beneath."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Begin TLS; what is read through it looks around too."""
        below = self._stream.get_extra_info("socket")
        with kept_open(below) as line:
            try:
                stream = self._stream.start_tls(ssl_context, server_hostname, timeout)
            except httpcore.ConnectTimeout as error:
                if speaks_no_tls(line):
                    raise httpcore.ConnectError(NO_TLS) from error
                raise
        is_within = isinstance(below, ssl.SSLSocket)
        return type(self)(stream, self._check, None if is_within else socket_of(stream))

    def get_extra_info(self, info: str) -> object:
        """Ask the stream beneath."""
        return self._stream.get_extra_info(info)


class Backend(httpcore.NetworkBackend):
    """Connects to any address, by streams that look around."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect as httpcore does, after a look around."""
        self._check(0)
        stream = self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        return WatchedStream(stream, self._check, socket_of(stream))


def socket_of(stream: httpcore.NetworkStream) -> socket | None:
    """Return the socket of a stream, if it has one."""
    line = stream.get_extra_info("socket")
    return line if isinstance(line, socket) else None


def pool(
    backend: httpcore.NetworkBackend,
    *,
    scheme: str,
    connections: int,
    proxy: Secret | None = None,
    ca_bundle: Path | None = None,
) -> httpcore.ConnectionPool:
    """Return a pool of ``connections`` at most, over HTTP/1.1, to hosts by one ``scheme``.

    ``proxy`` is an http(s) address, perhaps with a password; ``ca_bundle`` is a PEM file that is
    trusted instead of the usual authorities. Where the scheme needs none, these are not read; a
    bundle that is set always is, so that it is told if it can't be.
    """
    trusted = trust(ca_bundle) if scheme == "https" or ca_bundle else None
    tls = trusted if trusted and scheme == "https" else _bare_tls()
    if proxy is None:
        return httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=connections,
            keepalive_expiry=KEEPALIVE_S,
            network_backend=backend,
        )
    address = urlsplit(proxy.reveal())
    port = address.port or (443 if address.scheme == "https" else 80)
    where = httpcore.URL(scheme=address.scheme, host=address.hostname or "", port=port, target="/")
    return httpcore.HTTPProxy(
        proxy_url=where,
        proxy_auth=(unquote(address.username), unquote(address.password or ""))
        if address.username
        else None,
        ssl_context=tls,
        max_connections=connections,
        keepalive_expiry=KEEPALIVE_S,
        network_backend=backend,
    )


@cache
def trust(ca_bundle: Path | None) -> ssl.SSLContext:
    """Verify hosts by ``ca_bundle`` or the usual authorities, TLS 1.2 at least.

    Made once for all pools of a process: reading the authorities takes some 30 ms.
    """
    tls = _bare_tls()
    try:
        tls.load_verify_locations(ca_bundle or certifi.where())
    except OSError as error:
        why = "there are none in it" if isinstance(error, ssl.SSLError) else error.strerror
        raise UsageError(
            f"The certificates of ca_bundle cannot be used: {why}.",
            advice="Name a file with certificates in PEM form.",
        ) from error
    return tls


def _bare_tls() -> ssl.SSLContext:
    """Return what trusts no certificate yet.

    Not by :func:`ssl.create_default_context`, which would write session keys to ``SSLKEYLOGFILE``.
    """
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    return tls


class TlsFault(Enum):
    """Why TLS could not begin with a server, in words that fit after a colon."""

    OTHER_HOST = "its certificate is that of another host"
    DATES = "its certificate is not valid today"
    UNTRUSTED = "its certificate is not trusted"
    NO_TLS = "it does not speak https there"

    def advice(self, address: str) -> str:
        """Return what to do about it; ``address`` is what a person calls where it is set."""
        match self:
            case TlsFault.OTHER_HOST:
                return f"Check the host in {address}."
            case TlsFault.DATES:
                return "Have it renewed, or set this machine's clock."
            case TlsFault.UNTRUSTED:
                return "If an authority of your own signs it, set ca_bundle to its file."
            case TlsFault.NO_TLS:
                return f"Check {address}: the port, or whether it is to begin with http://."


_SIGNS = {
    TlsFault.OTHER_HOST: ("HOSTNAME MISMATCH", "IP ADDRESS MISMATCH", "DOESN'T MATCH"),
    TlsFault.DATES: ("EXPIRED", "NOT YET VALID"),
    TlsFault.UNTRUSTED: ("CERTIFICATE",),
    TlsFault.NO_TLS: (
        "WRONG_VERSION_NUMBER", "RECORD_LAYER", "RECORD LAYER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST",
        NO_TLS.upper(),
    ),
}  # fmt: skip
"""OpenSSL's words, the most telling first: it tells of a certificate in words alone."""


def tls_fault(error: Exception) -> TlsFault | None:
    """Return why TLS could not begin, ``None`` where something else went wrong."""
    text = str(error).upper()
    return next((fault for fault, signs in _SIGNS.items() if any(s in text for s in signs)), None)
