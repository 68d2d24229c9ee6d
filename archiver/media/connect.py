"""The sockets beneath ``http``: which address is connected to, and who keeps the time.

Whatever is read passes a stream that wakes up twice a second and asks the watch. A connection
serves one transfer after another, so the watch belongs to the thread that reads.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import httpcore

from archiver.concurrency.turns import others_turn
from archiver.errors import Refused
from archiver.http.connections import SocketOption, WatchedStream, socket_of, tls_fault
from archiver.media.addresses import is_private, is_public
from archiver.media.allow_list import AllowList
from archiver.media.deadline import Deadline

Resolve = Callable[[str, int], Iterable[str]]


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of ``host``, in the system's order of preference."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Wire(httpcore.NetworkBackend):
    """Connects to the addresses that the allow-list and ``addresses`` permit, and to no others.

    Without ``hosts`` any address will do: behind a proxy it is the proxy that resolves names.
    """

    def __init__(self, hosts: AllowList | None, resolve: Resolve = resolve) -> None:
        self._hosts = hosts
        self._resolve = resolve
        self._backend = httpcore.SyncBackend()
        self._watching = threading.local()

    @contextmanager
    def watched(self, watch: Deadline) -> Iterator[None]:
        """Let ``watch`` keep the time of whatever this thread reads in the meantime."""
        self._watching.watch = watch
        try:
            yield
        finally:
            self._watching.watch = None

    @others_turn()
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of ``host`` that answers, once all have been judged."""
        failure = httpcore.ConnectError("the name has no address")
        for address in self._addresses(host, port):
            self.check()
            try:
                stream = self._backend.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = httpcore.ConnectError(str(error))
                continue
            return _Stream(stream, self.check, socket_of(stream))
        raise failure

    def check(self, received: int = 0) -> None:
        """Let the reading thread's watch count and look at the clock; raises as it does."""
        watch: Deadline | None = getattr(self._watching, "watch", None)
        if watch is not None:
            watch.check(received)

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            addresses = list(self._resolve(host, port))
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        if self._hosts is not None:
            for address in addresses:
                self._judge(host, address)
        return addresses

    def _judge(self, host: str, address: str) -> None:
        named = self._hosts.private if self._hosts else frozenset()
        bracketed = f"[{host}]" if ":" in host else host
        own = bracketed in named and (is_private(address) or address == host)
        if not own and not is_public(address):
            raise Refused(
                f"The name {host} leads into a private network.",
                advice=f'If that is meant, add to the settings: media_hosts = ["{host}"]',
            )


class _Stream(WatchedStream):
    """A stream to a media host, whose certificate must be its own; others go on while it waits."""

    @others_turn()
    def wait(self, max_bytes: int, timeout: float | None) -> bytes:
        """Wait as any stream that looks around."""
        return super().wait(max_bytes, timeout)

    @others_turn()
    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Begin TLS; a certificate that is not the host's is refused for good."""
        try:
            return super().start_tls(ssl_context, server_hostname, timeout)
        except httpcore.ConnectError as error:
            fault = tls_fault(error)
            if fault and isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise Refused(
                    f"No recording is fetched from {server_hostname}: {fault.value}.",
                    advice=fault.advice("the links, with the provider"),
                ) from error
            raise
