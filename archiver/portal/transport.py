"""The way to the portal: httpx over connections that can be called off while they wait.

httpx brings no way to choose the sockets beneath it, only to choose what sends its requests.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast
from urllib.parse import urlsplit

import httpcore
import httpx

from archiver.errors import NoAnswer, StopRun
from archiver.http.connections import tls_fault

_NUMBER = re.compile(r"\[Errno (-?[0-9]{1,4})\]")
"""What is below 0 is of the names (getaddrinfo)."""
_NO_HTTP = "illegal status line"
"""How h11 calls what begins no answer, among bytes that are not to be shown."""


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


def address_of(endpoint: str) -> str:
    """Return the host and port of an http(s) address, which may be shown."""
    parts = urlsplit(endpoint)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@contextmanager
def network_errors(where: str) -> Iterator[None]:
    """Map what a request over a :class:`Transport` raises to :class:`NoAnswer` or :class:`StopRun`.

    ``where`` is the portal's host and port. The messages of these libraries may hold the address or
    a header, and so the token: none is kept.
    """
    try:
        yield
    except httpcore.ConnectTimeout as error:
        raise _unreached(where, "no connection in time") from _nameless(error)
    except httpcore.TimeoutException as error:
        raise NoAnswer(f"The portal at {where} did not answer in time.") from _nameless(error)
    except httpcore.ConnectError as error:
        if fault := tls_fault(error):
            raise StopRun(
                f"Cannot reach the portal at {where}: {fault.value}.",
                advice=fault.advice("the endpoint"),
            ) from _nameless(error)
        raise _unreached(where, _reason(error)) from _nameless(error)
    except httpcore.ProxyError as error:
        raise StopRun("The proxy refused to connect.", advice="Check `proxy`.") from _nameless(
            error
        )
    except httpcore.RemoteProtocolError as error:
        if _NO_HTTP in str(error):
            raise NoAnswer(
                f"What answers at {where} does not speak http.",
                advice="Check the endpoint: the port, or whether it is to begin with https://.",
            ) from _nameless(error)
        raise _broken(where, error) from _nameless(error)
    except (httpcore.NetworkError, httpcore.ProtocolError, httpx.HTTPError) as error:
        raise _broken(where, error) from _nameless(error)


def _unreached(where: str, why: str) -> NoAnswer:
    return NoAnswer(
        f"Cannot reach the portal at {where}: {why}.",
        advice="Check the endpoint, the network and `proxy`.",
    )


def _broken(where: str, error: Exception) -> NoAnswer:
    return NoAnswer(
        f"The connection to the portal at {where} broke ({type(error).__name__}).",
        advice="If this stays so, check the endpoint: the port, and http:// or https://.",
    )


def _reason(error: httpcore.ConnectError) -> str:
    """Say why there is no connection, by the number alone in which the system tells it."""
    told = _NUMBER.match(str(error))
    if told is None:
        return "no connection"
    number = int(told[1])
    return os.strerror(number).lower() if number > 0 else "its name is not known"


def _nameless(error: Exception) -> Exception:
    return type(error)(type(error).__name__)
