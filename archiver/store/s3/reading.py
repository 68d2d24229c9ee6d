"""An object's body as a file, whose troubles are ``OSError`` like those of any file."""

import errno
import io
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, HTTPClientError
from botocore.response import StreamingBody
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Body(io.RawIOBase):
    """The bytes of one GET, read once from the start. Closing it gives the connection back."""

    def __init__(self, body: StreamingBody) -> None:
        self._body = body

    def readable(self) -> bool:
        """Return true: it can only be read."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read some bytes; raises ``OSError`` when the connection ends before they do."""
        view = memoryview(buffer)
        try:
            data = self._body.read(len(view))
        except (BotoCoreError, HTTPClientError, HTTPError) as error:
            raise OSError(errno.EIO, "the server stopped in the middle") from error
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the connection, unless the body was read to its end."""
        self._body.close()
        super().close()
