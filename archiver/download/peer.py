"""The address that was really connected to, checked before a byte is sent.

A name that is allowed may still lead inside (DNS rebinding, a hostile zone). So the connection
itself is asked for its peer, in the network backend below httpx, and closed if it is not public,
unless the endpoint itself is inside or the host is listed in ``media_hosts``.
"""

import ipaddress
from collections.abc import Callable, Iterable

import httpcore

from archiver.download.hosts import is_public

SocketOption = tuple[int, int, int | bytes] | tuple[int, int, None, int]


class PrivatePeerError(httpcore.ConnectError):
    """The connected address is not one that a media host may have."""


class CheckedBackend(httpcore.SyncBackend):
    """A network backend that refuses connections to addresses that are not public."""

    def __init__(self, may_be_private: Callable[[str], bool]) -> None:
        super().__init__()
        self._may_be_private = may_be_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect, then look at where that led."""
        stream = super().connect_tcp(host, port, timeout, local_address, socket_options)
        peer = ipaddress.ip_address(stream.get_extra_info("server_addr")[0].partition("%")[0])
        if not is_public(peer) and not self._may_be_private(host):
            stream.close()
            raise PrivatePeerError("the media host's address is not public")
        return stream
