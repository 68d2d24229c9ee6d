"""Part files: private temporary files that become objects, or vanish.

A part is locked by its writer, and the lock dies with it. So a sweep can tell what a killed run
left behind from what another command is writing at this moment.
"""

import fcntl
import os
import secrets
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO, Self

from archiver.store.disk.folders import Folders
from archiver.store.os_errors import map_os_errors

_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class TempFile:
    """One temporary file, open for reading and writing as ``file``, at ``path`` until its exit.

    ``folder`` is a descriptor of the folder that it lies in; ``undo`` removes all of it.
    """

    def __init__(self, file: BinaryIO, path: Path, folder: int, undo: ExitStack) -> None:
        self.file = file
        self.path = path
        self.folder = folder
        self._undo = undo

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove the file, whatever happened to it; harmless when done twice.

        Raises ``DestinationError`` when it may still be there, for the next sweep to remove.
        """
        with map_os_errors("removing a temporary file"):
            self._undo.close()


class TempFiles:
    """The folder of part files, ``names`` below the root of ``folders``; files get ``mode``."""

    def __init__(self, folders: Folders, names: Sequence[str], mode: int = 0o600) -> None:
        self._folders = folders
        self._names = tuple(names)
        self._mode = mode

    def new(self) -> TempFile:
        """Create an empty part; raises ``DestinationError``."""
        with map_os_errors("making a temporary file"), ExitStack() as undo:
            with self._folders.open(self._names, create=True) as folder:
                part = undo.enter_context(self._create(folder))
                # A sweep may have come in before the lock and taken the name: try another.
                while not os.fstat(part.file.fileno()).st_nlink:
                    part.remove()
                    part = undo.enter_context(self._create(folder))
            undo.pop_all()
            return part

    def sweep(self) -> int:
        """Remove what killed writers left; return how many files that were."""
        removed = 0
        with (
            map_os_errors("clearing old temporary files"),
            self._folders.open(self._names, create=True) as folder,
        ):
            for name in os.listdir(folder):  # noqa: PTH208 (pathlib has no descriptors)
                removed += _remove_if_stale(name, folder)
        return removed

    def _create(self, folder: int) -> TempFile:
        """Create and lock a file, registering how each step is undone as it is done."""
        name = secrets.token_hex(16)
        with ExitStack() as undo:
            kept = os.dup(folder)
            undo.callback(os.close, kept)
            descriptor = os.open(name, _CREATE, self._mode, dir_fd=folder)
            undo.callback(_unlink, name, kept)
            file = os.fdopen(descriptor, "w+b")
            undo.callback(_drop, file)
            os.fchmod(descriptor, self._mode)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            path = self._folders.root.joinpath(*self._names, name)
            return TempFile(file, path, kept, undo.pop_all())


def _remove_if_stale(name: str, folder: int) -> bool:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(name, dir_fd=folder)
    except (BlockingIOError, FileNotFoundError):
        return False
    finally:
        os.close(descriptor)
    return True


def _unlink(name: str, folder: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)


def _drop(file: BinaryIO) -> None:
    """Close; what is still buffered belongs to nobody any more."""
    with suppress(OSError):
        file.close()
