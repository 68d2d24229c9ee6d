"""Folders below a root, walked by descriptor so that no symbolic link below it is ever followed.

A path can be swapped between looking and using; a descriptor cannot. A folder that is made here is
on disk (its parent synced) before anything is put into it.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from archiver.concurrency.turns import others_turn

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Folders:
    """The folders below ``root``; those made here get ``mode`` whatever the umask says.

    Errors are plain ``OSError``: its users know what they were doing, and say so.
    """

    def __init__(self, root: Path, mode: int = 0o700) -> None:
        self.root = root
        self._mode = mode
        self._durable: set[tuple[str, ...]] = set()

    @contextmanager
    def open(self, names: Sequence[str], *, create: bool = False) -> Iterator[int]:
        """Yield a descriptor of the folder ``names`` lead to; ``FileNotFoundError`` if it isn't."""
        descriptor = self._open_root(create=create)
        try:
            for depth, name in enumerate(names, start=1):
                if create:
                    self._make(descriptor, tuple(names[:depth]))
                inner = os.open(name, _FOLDER, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    def _open_root(self, *, create: bool) -> int:
        if create and () not in self._durable:
            for path in reversed((self.root, *self.root.absolute().parents)):
                self._make_above(path)
            self._durable.add(())
        return os.open(self.root, _FOLDER & ~os.O_NOFOLLOW)

    def _make_above(self, path: Path) -> None:
        """Make the root, or a folder above it, and sync its entry if it may be one of ours."""
        if path.exists():
            if _is_a_strangers(path):
                return
        else:
            with suppress(FileExistsError):
                path.mkdir(self._mode)
                path.chmod(self._mode)
        sync_folder_at(path.parent)

    def _make(self, parent: int, names: tuple[str, ...]) -> None:
        """Make the folder if need be, and sync its entry once per process.

        One that is there may have been made by a run that was killed before its sync, so the first
        use in a process syncs it all the same.
        """
        if names in self._durable:
            return
        with suppress(FileExistsError):
            os.mkdir(names[-1], self._mode, dir_fd=parent)
            made = os.open(names[-1], _FOLDER, dir_fd=parent)
            try:
                os.fchmod(made, self._mode)
            finally:
                os.close(made)
        sync(parent)
        self._durable.add(names)


def sync(descriptor: int) -> None:
    """Bring a file or the entries of a folder to disk; other threads go on meanwhile."""
    with others_turn():
        os.fsync(descriptor)


def _is_a_strangers(path: Path) -> bool:
    """Whether no run of ours, killed before its sync, can have made this folder."""
    return path.is_mount() or not os.access(path.parent, os.R_OK | os.W_OK)


def sync_folder_at(path: Path) -> None:
    """Bring the entries of the folder at ``path`` to disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)
