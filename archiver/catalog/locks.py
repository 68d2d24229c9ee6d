"""Whether a folder grants the locks that a catalog takes: shares without a lock daemon don't.

SQLite waits for a lock that is refused as for one that somebody has, for a minute, and then calls
the file locked. So the same two kinds of lock are tried beforehand, on a file that nobody has.
"""

import fcntl
import os
import tempfile
from pathlib import Path

PENDING_BYTE = 0x4000_0000
"""Where SQLite locks a file first (SQLite, "File Locking And Concurrency", 6)."""


def refused(folder: Path) -> str | None:
    """Return why no lock is granted in ``folder``, or above where it is to be made; else ``None``.

    Raises ``OSError`` where nothing can be written.
    """
    place = next(each for each in (folder, *folder.parents) if each.is_dir())
    descriptor, name = tempfile.mkstemp(prefix=".archiver-lock-", dir=place)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, PENDING_BYTE)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return os.strerror(error.errno or 0)
    finally:
        os.close(descriptor)
        Path(name).unlink()
    return None
