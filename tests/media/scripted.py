"""A loopback server that answers each request as it is told to, and can end as badly as any."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import Enum, auto
from typing import Self

from msgspec import Struct, field


class End(Enum):
    """How an answer ends: the connection stays, is closed, or is reset."""

    KEEP = auto()
    CLOSE = auto()
    RESET = auto()


class Asked(Struct, frozen=True):
    """One request: ``number`` counts from 0 over all connections."""

    number: int
    target: str
    headers: dict[str, str]

    @property
    def first(self) -> int:
        """The first byte asked for."""
        return int(self.headers.get("range", "bytes=0-").removeprefix("bytes=").rstrip("-"))


class Answer(Struct, frozen=True):
    """What to send: a status, headers, pieces of a body, an end."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Iterable[bytes] = ()
    end: End = End.KEEP
    version: str = "1.1"

    def head(self) -> bytes:
        lines = [f"HTTP/{self.version} {self.status} Said"]
        lines += [f"{name}: {text}" for name, text in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


Script = Callable[[Asked], Answer]


def always(answer: Answer) -> Script:
    """Give the same answer to every request."""
    return lambda _asked: answer


def whole(body: bytes, **headers: str) -> Answer:
    """Answer 200 with a length."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(200, {"content-length": str(len(body)), **named}, [body])


def rest(body: bytes, asked: Asked, etag: str, end: End = End.KEEP, keep: int = 1 << 62) -> Answer:
    """Answer as S3 does, 206 for a range and 200 otherwise, and send only ``keep`` bytes of it."""
    first = asked.first
    part = body[first:]
    headers = {"content-length": str(len(part)), "etag": etag}
    if first:
        headers["content-range"] = f"bytes {first}-{len(body) - 1}/{len(body)}"
    return Answer(206 if first else 200, headers, [part[:keep]], end)


class Scripted:
    """Serves ``script`` on 127.0.0.1; ``asked`` is every request so far."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self.done = threading.Event()
        self._script = script
        self._tls = tls
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.done.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            with suppress(OSError):  # it has ended by itself
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self.done.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                while self._one(connection):
                    pass
        except OSError:
            connection.close()

    def _one(self, connection: socket.socket) -> bool:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            more = connection.recv(65_536)
            if not more:
                return False
            head += more
        request, *lines = head.decode("latin-1").rstrip().split("\r\n")
        pairs = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): text for name, text in pairs}
        asked = Asked(len(self.asked), request.split(" ")[1], headers)
        self.asked.append(asked)
        answer = self._script(asked)
        connection.sendall(answer.head())
        for piece in answer.body:
            connection.sendall(piece)
        if answer.end is End.RESET:
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return answer.end is End.KEEP
