"""A private file of lines that several processes add to: none is lost, none is written into.

Each addition is on the disk when it returns, and stands on a line of its own even after one that
was cut off by a kill or a full disk. Nothing that was written is ever written anew.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_PRIVATE = 0o600


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file, which nobody else holds meanwhile; its folder is made where it lacks."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _opened(path) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def add_lines(path: Path, lines: bytes) -> None:
    """Add lines, given with their ends, to a file whose lock is held."""
    with _opened(path) as file:
        _write(file, (b"" if _ends_a_line(file) else b"\n") + lines)
        os.fsync(file)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    file = os.open(path, _APPEND, _PRIVATE)
    try:
        yield file
    finally:
        os.close(file)


def _ends_a_line(file: int) -> bool:
    """Whether what is in a file ends with a whole line, or nothing is in it."""
    size = os.fstat(file).st_size
    return size == 0 or os.pread(file, 1, size - 1) == b"\n"


def _write(file: int, data: bytes) -> None:
    """Write all of it; a disk that fills takes a part, and refuses the rest."""
    while data:
        data = data[os.write(file, data) :]
