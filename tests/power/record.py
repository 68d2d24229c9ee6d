"""What this process does to the files below a folder, noted from the calls of ``os`` as it runs.

A call that changes or syncs anything is made and noted under one lock, so that the notes have the
order of the disk, whatever the threads. Bytes go to a file behind the calls' back: what every file
open for writing holds is looked at before each call. Notes are kept in a file, since the process
may be killed; inode numbers, which a system gives out again, are told apart when they are read.

SQLite's files are not noted: the catalog may vanish at any time.
"""

import hashlib
import itertools
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from msgspec.structs import fields, replace

from archiver.store.base import PutResult, TempFile
from archiver.store.local import LocalStore
from archiver.store.local.folder_clearing import FolderClearing
from tests.power.steps import (
    ROOT,
    Create,
    Link,
    Mkdir,
    Moving,
    Promised,
    Rename,
    Step,
    Sync,
    Unlink,
    Write,
)

Call = Callable[..., Any]
Deadly = Callable[[Step], bool]
_NUMBERED = {"inode", "folder", "new_folder"}


def read(log: Path, base: Path) -> list[Step]:
    """Return the steps in ``log``, of one process or several, with ``base`` as :data:`ROOT`."""
    numbers, next_number = {base.stat().st_ino: ROOT}, itertools.count(ROOT + 1)
    steps: list[Step] = []
    with log.open("rb") as file:
        while file.peek(1):
            noted: Any = pickle.load(file)  # noqa: S301 - written by a child of this process
            if isinstance(noted, Create | Mkdir):
                numbers[noted.inode] = next(next_number)
            known = {each.name for each in fields(noted)} & _NUMBERED
            steps.append(replace(noted, **{name: numbers[getattr(noted, name)] for name in known}))
    return steps


@contextmanager
def without_waiting() -> Iterator[None]:
    """Let ``fsync`` return at once: it is this page's disk that loses things, not the machine's."""
    with mock.patch.object(os, "fsync"):
        yield


def note(log: Path, *steps: Step) -> None:
    """Add steps to ``log`` by hand, with the system's own inode numbers."""
    with log.open("ab") as file:
        for step in steps:
            pickle.dump(step, file)


def nowhere(_: Step) -> bool:
    """Let the process live."""
    return False


def at(number: int) -> Deadly:
    """Let the process be killed right after its step of that number, from 1."""
    numbers = itertools.count(1)
    return lambda _: next(numbers) == number


@contextmanager
def recording(log: Path, base: Path, deadly: Deadly) -> Iterator[None]:
    """Add to ``log`` what is done below ``base``; be killed right after a step that is deadly."""
    with log.open("ab", buffering=0) as file, ExitStack() as undo:
        recorder = _Recorder(base, file.write, deadly)
        undo.enter_context(without_waiting())
        for name in ("open", "fsync", "link", "unlink", "mkdir", "rename", "replace"):
            noted = recorder.noted(name, getattr(os, name))
            undo.enter_context(mock.patch.object(os, name, noted))
        put, move = LocalStore.put_part, FolderClearing.set_aside
        undo.enter_context(mock.patch.object(LocalStore, "put_part", recorder.noted_put(put)))
        undo.enter_context(
            mock.patch.object(FolderClearing, "set_aside", recorder.noted_move(move))
        )
        yield


class _Recorder:
    """The calls of ``os`` as they are, each noted once it is made."""

    def __init__(self, base: Path, write: Callable[[bytes], object], deadly: Deadly) -> None:
        self._write = write
        self._deadly = deadly
        self._lock = threading.RLock()
        self._inodes = {path.stat().st_ino for path in (base, *base.rglob("*"))}
        self._eyes: dict[int, int] = {}
        self._seen: dict[int, bytes] = {}

    def noted(self, name: str, real: Call) -> Call:
        """Return a call of ``os`` that is noted when it has been made."""
        noting: Call = getattr(self, f"_{name}")

        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the call takes
            with self._lock:
                self._note_writes()
                return noting(real, *args, **kwargs)

        return call

    def noted_put(self, real: Callable[..., PutResult]) -> Call:
        """Return a ``put_part`` whose promise is noted when it returns."""

        def put_part(
            store: LocalStore, key: str, part: TempFile, sha256: str, *about: object
        ) -> PutResult:
            stored = real(store, key, part, sha256, *about)
            self._note(Promised(key, sha256))
            return stored

        return put_part

    def noted_move(self, real: Callable[[FolderClearing, str, str], None]) -> Call:
        """Return a ``set_aside`` whose promises are noted when it begins and when it returns."""

        def set_aside(clearing: FolderClearing, key: str, new_key: str) -> None:
            sha256 = hashlib.sha256((clearing.folders.root / key).read_bytes()).hexdigest()
            self._note(Moving(key, new_key, sha256))
            real(clearing, key, new_key)
            self._note(Promised(new_key, sha256))

        return set_aside

    def _open(
        self, real: Call, path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None
    ) -> int:
        inode = _inode(path, dir_fd) if flags & os.O_CREAT else None
        descriptor = int(real(path, flags, mode, dir_fd=dir_fd))
        made = os.fstat(descriptor).st_ino
        if flags & os.O_CREAT and inode is None and (at := self._place(path, dir_fd)):
            self._inodes.add(made)
            self._note(Create(*at, made))
        if flags & (os.O_WRONLY | os.O_RDWR) and made in self._inodes and made not in self._eyes:
            self._eyes[made] = real(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=dir_fd)
            self._seen[made] = self._look(made)
        return descriptor

    def _fsync(self, real: Call, descriptor: int) -> None:
        real(descriptor)
        inode = os.fstat(descriptor).st_ino
        if inode in self._inodes:
            self._note(Sync(inode))

    def _mkdir(
        self, real: Call, path: str, mode: int = 0o777, *, dir_fd: int | None = None
    ) -> None:
        real(path, mode, dir_fd=dir_fd)
        made = _inode(path, dir_fd)
        if made is not None and (at := self._place(path, dir_fd)):
            self._inodes.add(made)
            self._note(Mkdir(*at, made))

    def _link(
        self, real: Call, old: str, new: str, *, dst_dir_fd: int | None = None, **how: object
    ) -> None:
        real(old, new, dst_dir_fd=dst_dir_fd, **how)
        inode = _inode(new, dst_dir_fd)
        if inode is not None and (at := self._place(new, dst_dir_fd)):
            self._note(Link(*at, inode))

    def _unlink(self, real: Call, path: str, *, dir_fd: int | None = None) -> None:
        at, inode = self._place(path, dir_fd), _inode(path, dir_fd)
        real(path, dir_fd=dir_fd)
        if inode in self._eyes:
            os.close(self._eyes.pop(inode))
        if at:
            self._note(Unlink(*at))

    def _rename(
        self,
        real: Call,
        old: str,
        new: str,
        *,
        src_dir_fd: int | None = None,
        dst_dir_fd: int | None = None,
    ) -> None:
        at, new_at = self._place(old, src_dir_fd), self._place(new, dst_dir_fd)
        real(old, new, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)
        if at and new_at:
            self._note(Rename(*at, *new_at))

    _replace = _rename

    def _place(self, path: str, dir_fd: int | None) -> tuple[int, str] | None:
        """Return folder and name of a path, ``None`` when it is not below the base."""
        folder = os.fstat(dir_fd).st_ino if dir_fd is not None else _inode(Path(path).parent, None)
        return (folder, Path(path).name) if folder in self._inodes else None

    def _look(self, inode: int) -> bytes:
        return os.pread(self._eyes[inode], os.fstat(self._eyes[inode]).st_size, 0)

    def _note_writes(self) -> None:
        for inode in self._eyes:
            data = self._look(inode)
            if data != self._seen[inode]:
                self._seen[inode] = data
                self._note(Write(inode, data))

    def _note(self, step: Step) -> None:
        with self._lock:
            self._write(pickle.dumps(step))
            if self._deadly(step):
                os.kill(os.getpid(), signal.SIGKILL)


def _inode(path: str | Path, dir_fd: int | None) -> int | None:
    """Return the inode number of what has that name, ``None`` when nothing has."""
    try:
        return os.stat(path, dir_fd=dir_fd, follow_symlinks=False).st_ino
    except FileNotFoundError:
        return None
