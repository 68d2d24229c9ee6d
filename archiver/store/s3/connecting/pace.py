"""Answers of a bucket that dribble in: given up, as those of the portal and of media hosts are.

botocore bounds the silence before each byte, and nothing else: a server that sends one byte a
minute, of a header or a body, would hold a run up for ever. What is read below it is counted here.
"""

import io
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from botocore.awsrequest import AWSHTTPConnection, AWSHTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3 import S3Client

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
GRACE_S = 120.0
LEAST_BYTES_PER_S = 1_000
"""An answer may take the grace, and a second more for so many bytes of it."""


class AnswerDeadline:
    """Keeps the time of one answer, from its first byte on: silence is bounded already."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.begin()

    def begin(self) -> None:
        """Wait for another answer."""
        self._since: float | None = None
        self._bytes = 0

    def check(self, received: int) -> None:
        """Count what came; raises ``TimeoutError`` when that is too little for its time."""
        now = self._clock()
        self._since = now if self._since is None else self._since
        self._bytes += received
        if now - self._since > GRACE_S + self._bytes / LEAST_BYTES_PER_S:
            raise TimeoutError("the answer dribbles in")


class _Reader(io.RawIOBase):
    """Reads from a socket's own file, and lets the pace look at it."""

    def __init__(self, sock: socket.socket, pace: AnswerDeadline) -> None:
        self._sock = sock
        self._file = cast("io.RawIOBase", sock.makefile("rb", buffering=0))
        self._pace = pace

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        _acknowledge_at_once(self._sock)
        received: int | None = self._file.readinto(buffer)
        self._pace.check(received or 0)
        return received

    def close(self) -> None:
        self._file.close()
        super().close()


def _acknowledge_at_once(sock: socket.socket) -> None:
    """Have the kernel acknowledge the next bytes as they come, where it can be asked to (Linux).

    Ceph's gateway sends the fields of an answer one by one, and each waits until the one before is
    acknowledged (RFC 9293, 3.7.4); that comes after 40 ms (3.8.6.3), unless there is an answer to
    send it with. The option holds for a while only, so it is set before each read.
    """
    if _QUICKACK is not None:
        with suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)


class _Socket:
    """A connected socket whose files are read at a pace; all else is the socket's."""

    def __init__(self, sock: socket.socket, pace: AnswerDeadline) -> None:
        self._sock = sock
        self._pace = pace

    def __getattr__(self, name: str) -> object:
        return getattr(self._sock, name)

    def makefile(self, mode: str = "rb", buffering: int = -1) -> io.RawIOBase | io.BufferedReader:
        """Return a file to read the socket by, as ``socket.makefile`` does."""
        if mode != "rb":
            raise ValueError("a file to read an answer by")
        reader = _Reader(self._sock, self._pace)
        return reader if buffering == 0 else io.BufferedReader(reader)


class _Paced:
    """Mixed into a connection: every answer that it reads has a pace."""

    sock: Any

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]  # of the connection that this is mixed into
        self._pace = AnswerDeadline()
        self.sock = _Socket(self.sock, self._pace)

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as urllib3 gives them
        if self.sock is not None:
            self._pace.begin()
        super().request(*args, **kwargs)  # type: ignore[misc]  # same


class _Plain(_Paced, AWSHTTPConnection):  # type: ignore[misc]  # botocore's bases disagree
    pass


class _Encrypted(_Paced, AWSHTTPSConnection):  # type: ignore[misc]  # same
    pass


class _Answering:
    """Mixed into a pool: a redirect is an answer. urllib3 would follow a 303, and fails at it."""

    def urlopen(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as urllib3 gives them
        return super().urlopen(*args, **kwargs | {"redirect": False})  # type: ignore[misc]  # same


class _PlainPool(_Answering, HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(_Answering, HTTPSConnectionPool):
    ConnectionCls = _Encrypted


def pace(client: "S3Client") -> None:
    """Let a client read every answer at a pace. botocore has no way in but its own session."""
    session = cast("Any", client)._endpoint.http_session  # noqa: SLF001 - see above
    classes = {"http": _PlainPool, "https": _EncryptedPool}
    session._pool_classes_by_scheme.update(classes)  # noqa: SLF001 - same
