"""The steps of a process on its disk, in the order in which they were done. Values only.

Files and folders go by number (``inode``); :data:`ROOT` is the folder that everything lies below.
"""

from collections.abc import Iterable

from msgspec import Struct

ROOT = 0


class Create(Struct, frozen=True):
    """An empty file came to be under a name."""

    folder: int
    name: str
    inode: int


class Mkdir(Struct, frozen=True):
    """An empty folder came to be under a name."""

    folder: int
    name: str
    inode: int


class Write(Struct, frozen=True):
    """A file holds ``data`` now, all in all; as far as the running system sees."""

    inode: int
    data: bytes


class Sync(Struct, frozen=True):
    """``fsync`` of a file's bytes, or of a folder's names, has returned."""

    inode: int


class Link(Struct, frozen=True):
    """A file got one more name."""

    folder: int
    name: str
    inode: int


class Unlink(Struct, frozen=True):
    """A name went."""

    folder: int
    name: str


class Rename(Struct, frozen=True):
    """A name gave way to another."""

    folder: int
    name: str
    new_folder: int
    new_name: str


class Promised(Struct, frozen=True):
    """The store has returned: bytes of this SHA-256 lie under ``key`` from now on."""

    key: str
    sha256: str


class Moving(Struct, frozen=True):
    """The store has begun to set ``key`` aside: its bytes lie under one of both names."""

    key: str
    new_key: str
    sha256: str


Step = Create | Mkdir | Write | Sync | Link | Unlink | Rename | Promised | Moving


def paths(steps: Iterable[Step]) -> dict[int, str]:
    """Return the path that each file and folder had last, the root's being empty."""
    found = {ROOT: ""}
    for step in steps:
        if isinstance(step, Create | Mkdir | Link):
            found[step.inode] = f"{found[step.folder]}/{step.name}".lstrip("/")
    return found
