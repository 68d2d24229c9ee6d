"""HTTP/1.1 as the sandbox speaks it: lean enough to be fast, and able to misbehave.

A request's body is as long as its Content-Length says; no other framing is understood. A response
says not only what is sent but how it ends, so that every fault of a network is a value; ``write``
is the only place that sends one. Framing: RFC 9112.
"""

import socket
import struct
import threading
from collections.abc import Mapping
from http import HTTPStatus
from itertools import cycle
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

_MAX_HEAD = 65_536
_MAX_BODY = 1 << 26
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_RESET = struct.pack("ii", 1, 0)


class Request(Struct, frozen=True):
    """A request: ``path`` and ``query`` as they came (quoted), header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


class Pace(Struct, frozen=True):
    """Send ``start`` bytes at once, then ``piece`` bytes every ``interval`` seconds."""

    start: int
    piece: int
    interval: float


class Response(Struct, frozen=True):
    """An answer. ``body`` is what is sent, which need not be what was promised.

    ``framing`` is how its end is told: a ``length`` (``promised``, else the body's), ``chunks``
    (without the last one), or the ``close`` of an HTTP/1.0 connection. ``ending`` is what happens
    to the connection after the body; ``silence`` resets it and sends nothing of the answer.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    framing: Literal["length", "chunks", "close"] = "length"
    promised: int | None = None
    ending: Literal["keep", "close", "reset", "silence"] = "keep"
    pace: Pace | None = None
    endless: bool = False


class RequestReader:
    """Takes requests off a connection, one after the other."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = b""

    def next(self) -> Request | None:
        """Return the next request; ``None`` when the client is done or talks nonsense."""
        while b"\r\n\r\n" not in self._buffer:
            piece = self._sock.recv(_MAX_HEAD) if len(self._buffer) < _MAX_HEAD else b""
            if not piece:
                return None
            self._buffer += piece
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        request = _parse(head.decode("latin-1"))
        return request and self._with_body(request)

    def _with_body(self, request: Request) -> Request | None:
        length = request.headers.get("content-length", "0")
        if length == "0":
            return request
        if not length.isdecimal() or int(length) > _MAX_BODY:
            return None
        if request.headers.get("expect", "").lower() == "100-continue":
            self._sock.sendall(_CONTINUE)
        return self._filled(request, int(length))

    def _filled(self, request: Request, length: int) -> Request | None:
        body = bytearray(self._buffer[:length])
        self._buffer = self._buffer[length:]
        while len(body) < length:
            piece = self._sock.recv(length - len(body))
            if not piece:
                return None
            body += piece
        return replace(request, body=bytes(body))


def _parse(head: str) -> Request | None:
    first, *lines = head.split("\r\n")
    try:
        method, target, _ = first.split(" ")
        pairs = (line.split(":", 1) for line in lines)
        headers = {name.lower(): value.strip() for name, value in pairs}
    except ValueError:
        return None
    path, _, query = target.partition("?")
    return Request(method, path, query, headers)


def write(sock: socket.socket, method: str, answer: Response, closing: threading.Event) -> bool:
    """Send ``answer``; return whether the connection can be used again.

    Waits (of a slow body) end at once when ``closing`` is set. ``OSError`` when the client is gone.
    """
    if answer.ending == "silence":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        return False
    head = _head(answer)
    body = b"" if method == "HEAD" else answer.body
    if answer.framing == "chunks":
        body = b"%x\r\n%b\r\n" % (len(body), body)
    if answer.endless:
        _send_for_ever(sock, head, body, closing)
    elif answer.pace is not None:
        _send_slowly(sock, head, body, answer.pace, closing)
    else:
        _send(sock, head, body)
    if answer.ending == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    return answer.ending == "keep" and answer.framing == "length"


def _head(answer: Response) -> bytes:
    version = "1.0" if answer.framing == "close" else "1.1"
    lines = [f"HTTP/{version} {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if answer.framing == "length" and answer.status != HTTPStatus.NOT_MODIFIED:
        promised = len(answer.body) if answer.promised is None else answer.promised
        lines.append(f"Content-Length: {promised}")
    elif answer.framing == "chunks":
        lines.append("Transfer-Encoding: chunked")
    return "\r\n".join((*lines, "\r\n")).encode("latin-1")


def _send(sock: socket.socket, head: bytes, body: bytes) -> None:
    """Send both with one system call where the socket's buffer allows, without joining them."""
    sent = sock.sendmsg((head, body))
    if sent < len(head):
        sock.sendall(head[sent:])
        sent = len(head)
    if sent < len(head) + len(body):
        sock.sendall(memoryview(body)[sent - len(head) :])


def _send_slowly(
    sock: socket.socket, head: bytes, body: bytes, pace: Pace, closing: threading.Event
) -> None:
    _send(sock, head, body[: pace.start])
    for at in range(pace.start, len(body), pace.piece):
        if closing.wait(pace.interval):
            return
        sock.sendall(body[at : at + pace.piece])


def _send_for_ever(sock: socket.socket, head: bytes, body: bytes, closing: threading.Event) -> None:
    sock.sendall(head)
    for piece in cycle((body,)):
        if closing.is_set():
            return
        sock.sendall(piece)
