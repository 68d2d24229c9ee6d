"""The way to the portal: httpx over connections that can be called off while they wait.

httpx brings no way to choose the sockets beneath it, only to choose what sends its requests.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import httpcore
import httpx

from archiver.errors import StopRun, TryAgain
from archiver.http.connections import tls_fault


class Transport(httpx.BaseTransport):
    """Sends requests over ``pool``; its errors are for :func:`network_errors`."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its answer's body is read as it is asked for."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=cast("httpx.SyncByteStream", request.stream),
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def network_errors() -> Iterator[None]:
    """Map what a request over a :class:`Transport` raises to :class:`TryAgain` or :class:`StopRun`.

    The messages of these libraries may hold the address or a header, and so the token: none is
    kept.
    """
    try:
        yield
    except httpcore.TimeoutException as error:
        raise TryAgain("The portal did not answer in time.") from _nameless(error)
    except httpcore.ConnectError as error:
        if fault := tls_fault(error):
            raise StopRun(
                f"The portal could not be reached: {fault.value}.",
                advice=fault.advice("the endpoint"),
            ) from _nameless(error)
        raise TryAgain(
            "The portal could not be reached (no connection).",
            advice="Check the endpoint, the network and `proxy`.",
        ) from _nameless(error)
    except httpcore.ProxyError as error:
        raise StopRun("The proxy refused to connect.", advice="Check `proxy`.") from _nameless(
            error
        )
    except (httpcore.NetworkError, httpcore.ProtocolError, httpx.HTTPError) as error:
        raise TryAgain(
            f"The connection to the portal broke ({type(error).__name__})."
        ) from _nameless(error)


def _nameless(error: Exception) -> Exception:
    return type(error)(type(error).__name__)
