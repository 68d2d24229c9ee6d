"""A zip file that comes out the same whenever it is written of the same files.

Nothing is compressed: audio is already, and what is stored looks the same in every version of zlib.
All times are one that is given. What is large has the form of ZIP64, which the standard library
writes by itself.
"""

import shutil
from datetime import UTC, datetime
from typing import BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

CHUNK = 1 << 20
_FILE, _PROGRAM = 0o100644, 0o100755
_EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
_HEADERS = 30 + 46
_ZIP64 = 20 + 28
"""What a large file takes more, in its header and in the directory."""
END = 22 + 56 + 20
"""What the end of the directory takes at most, in bytes."""


class StoredZip:
    """Writes into an open ``file``, from its beginning; every entry is dated ``at`` (UTC).

    What the file held before is written over, entry by entry, and what is left of it at the end is
    cut off.
    """

    def __init__(self, file: BinaryIO, at: datetime) -> None:
        self._file = file
        self._zip = ZipFile(file, "w", ZIP_STORED)
        year, month, day, hour, minute, second = max(at, _EARLIEST).utctimetuple()[:6]
        self._at = year, month, day, hour, minute, second

    def add(self, name: str, source: BinaryIO, size: int, *, is_program: bool = False) -> int:
        """Add a file of ``size`` bytes; return where in the zip file its bytes begin."""
        entry = ZipInfo(name, self._at)
        entry.file_size = size
        entry.external_attr = (_PROGRAM if is_program else _FILE) << 16
        with self._zip.open(entry, "w") as into:
            begins = self._file.tell()
            shutil.copyfileobj(source, into, CHUNK)
        return begins

    def close(self) -> None:
        """Write the directory."""
        self._zip.close()
        self._file.truncate()

    def abandon(self) -> None:
        """Write no directory, not even when this is forgotten."""
        self._zip.fp = None


def entry_size(name: str, size: int) -> int:
    """Return how many bytes a file of ``size`` takes in a zip file, at most."""
    return size + _HEADERS + _ZIP64 + 2 * len(name.encode())
