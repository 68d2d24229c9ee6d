"""An object's body as a file, whose troubles are the store's own errors."""

import errno
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError, HTTPClientError
from botocore.response import StreamingBody
from urllib3.exceptions import HTTPError

from archiver.store.os_errors import map_os_errors

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_LOST = (BotoCoreError, HTTPClientError, HTTPError)
_RESUMES = 4
"""How often what a lost connection left out is asked for."""


class Body(io.RawIOBase):
    """The bytes of an object, read once from the start. Closing it gives the connection back.

    ``key`` is its name in the archive. ``rest`` asks for the same object's bytes from a place on,
    and gets none from a server that can't give a part. Reading raises
    :class:`archiver.errors.DestinationError`. Whether the bytes are the right ones is for whoever
    reads: a checksum that the client finds wrong ends the file like any other end.
    """

    def __init__(
        self, key: str, body: StreamingBody, rest: Callable[[int], StreamingBody | None]
    ) -> None:
        self._key = key
        self._body = body
        self._rest = rest
        self._resumes = _RESUMES
        self._at = 0

    def readable(self) -> bool:
        """Return true: it can only be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read some bytes."""
        view = memoryview(buffer)
        with map_os_errors(f"reading {self._key}"):
            data = self._read(len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """Close the connection, unless the body was read to its end."""
        self._body.close()
        super().close()

    def _read(self, size: int) -> bytes:
        while True:
            try:
                return bytes(self._body.read(size))
            except FlexibleChecksumError:
                return b""
            except _LOST as error:
                self._resume(error)

    def _resume(self, error: Exception) -> None:
        """Go on where the connection was lost."""
        self._body.close()
        if not self._resumes:
            raise _stopped() from error
        self._resumes -= 1
        try:
            rest = self._rest(self._at)
        except (*_LOST, ClientError) as failure:
            raise _stopped() from failure
        if rest is None:
            raise _stopped() from error
        self._body = rest


def _stopped() -> OSError:
    return OSError(errno.ECONNRESET, "the server stopped in the middle")
