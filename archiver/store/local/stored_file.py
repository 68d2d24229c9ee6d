"""A file of the archive, open for reading: what fails in it is the store's own error."""

import io
from typing import TYPE_CHECKING

from archiver.store.os_errors import destination_error

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class StoredFile(io.FileIO):
    """The file behind a descriptor, which is closed with it. ``key`` is its name in the archive.

    Reading raises :class:`archiver.errors.DestinationError`.
    """

    def __init__(self, descriptor: int, key: str) -> None:
        super().__init__(descriptor, "rb")
        self._what = f"reading {key}"

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        """Read some bytes."""
        try:
            return super().readinto(buffer)
        except OSError as error:
            raise destination_error(error, self._what) from error

    def readall(self) -> bytes:
        """Read all that is left."""
        try:
            return super().readall() or b""
        except OSError as error:
            raise destination_error(error, self._what) from error

    def close(self) -> None:
        """Close it."""
        try:
            super().close()
        except OSError as error:
            raise destination_error(error, self._what) from error
