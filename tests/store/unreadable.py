"""A file that is there and can't be read: the kernel itself reports the error."""

import io
import os
from typing import BinaryIO

from archiver.store.local.stored_file import StoredFile


def unreadable(key: str) -> BinaryIO:
    """Return an open file of a folder's store whose first read fails with ``EIO``."""
    return io.BufferedReader(StoredFile(os.open("/proc/self/mem", os.O_RDONLY), key))
