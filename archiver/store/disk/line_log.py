"""A private file of lines that several processes add to: none is lost, none is written into.

Each addition takes a lock beside the file, is on the disk when it returns, and stands on a line of
its own even after one that was cut off by a kill or a full disk.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archiver.store.os_errors import map_os_errors

_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_DRAFT = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class LineLog:
    """The file at ``path``, and what it is called in errors."""

    path: Path
    what: str

    def add(self, line: bytes, is_over: Callable[[bytes], bool]) -> None:
        """Add a line, given with its end; once the first line is over, all that are go.

        Raises :class:`DestinationError` where the line could not be written whole.
        """
        with map_os_errors(f"writing {self.what}"):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _opened(self.path.with_suffix(".lock"), _APPEND) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._shorten(is_over)
                with _opened(self.path, _APPEND) as file:
                    _write(file, (b"" if _ends_a_line(file) else b"\n") + line)
                    os.fsync(file)

    def _shorten(self, is_over: Callable[[bytes], bool]) -> None:
        """Put a file without the lines that are over in the place of one whose first line is."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            if not is_over(file.readline()):
                return
            file.seek(0)
            draft = self.path.with_suffix(".draft")
            with _opened(draft, _DRAFT) as new:
                for line in file:
                    if not is_over(line):
                        _write(new, line)
                os.fsync(new)
        os.replace(draft, self.path)  # noqa: PTH105 - in one step


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    file = os.open(path, flags, _PRIVATE)
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
