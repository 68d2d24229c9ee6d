"""The private folder beside an archive: the lock of the run that writes, and its part files."""

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from msgspec import Struct

from archiver.errors import Locked
from archiver.store.disk.folders import Folders
from archiver.store.disk.temp_files import TempFile, TempFiles
from archiver.store.os_errors import destination_error, map_os_errors

_LOCK = "lock"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class FreeSpace(Struct, frozen=True):
    """How many bytes may still be written, and how many files made; ``None`` has no answer."""

    bytes: int | None = None
    files: int | None = None


class Workdir:
    """The folder that ``names`` lead to below ``folders``; ``archive`` is how people call it."""

    def __init__(
        self, folders: Folders, names: Sequence[str], archive: str, file_mode: int = 0o600
    ) -> None:
        self._folders = folders
        self._names = tuple(names)
        self._archive = archive
        self._file_mode = file_mode
        self._parts = TempFiles(folders, (*names, "parts"), file_mode)

    def part(self) -> TempFile:
        """Return a part file."""
        return self._parts.new()

    def free(self) -> FreeSpace:
        """Return the space that an ordinary user may still fill.

        Files are not counted everywhere (btrfs, FAT).
        """
        disk = self._disk()
        return FreeSpace(disk.f_bavail * disk.f_frsize, disk.f_favail if disk.f_files else None)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the run lock, which dies with its holder, and clear what killed runs left."""
        with (
            map_os_errors(f"locking {self._archive}"),
            self._folders.open(self._names, create=True) as folder,
        ):
            lock = os.open(_LOCK, _CREATE, self._file_mode, dir_fd=folder)
        try:
            self._take(lock)
            self._parts.sweep()
            yield
        finally:
            with map_os_errors(f"unlocking {self._archive}"):
                os.close(lock)

    def _disk(self) -> os.statvfs_result:
        root = self._folders.root
        with map_os_errors("asking for free space"):
            return next(filter(None, map(_disk_at, chain([root], root.parents))))

    def _take(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Locked(
                f"Another run is writing to {self._archive}.",
                advice="Wait for it to end, then run again.",
            ) from error
        except OSError as error:
            raise destination_error(error, f"locking {self._archive}") from error
        with suppress(OSError):  # it is another user's: it tells when that one took it
            now = time.time_ns()
            os.utime(lock, ns=(now, now))


def _disk_at(path: Path) -> os.statvfs_result | None:
    try:
        return os.statvfs(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def is_locked(workdir: Path) -> bool:
    """Return whether a run holds the lock of the workroom at that path; nothing is written."""
    return locked_since(workdir) is not None


def locked_since(workdir: Path) -> datetime | None:
    """Return when the lock of the workroom at that path was taken, ``None`` if nobody holds it.

    The lock is shared for an instant to find out. Where that cannot be asked, nobody does.
    """
    try:
        lock = os.open(workdir / _LOCK, _READ)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        is_held = isinstance(error, BlockingIOError)
        return datetime.fromtimestamp(os.fstat(lock).st_mtime, UTC) if is_held else None
    finally:
        os.close(lock)
    return None
