"""Everything below a folder, sorted by its whole key, following no symbolic link."""

import os
from collections.abc import Iterator
from contextlib import suppress

from archiver.keys import PRIVATE

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DEEPEST = 12
"""Levels to walk; the layout has five. What lies deeper shows as the folder it is in."""


def walk(folder: int, path: str, prefix: str, depth: int = 0) -> Iterator[tuple[str, int]]:
    """Yield key and size of all that starts with ``prefix`` below the folder open at ``folder``.

    ``path`` is the folder's own key with its slash. ``.archiver`` at the top is passed over.
    """
    with os.scandir(folder) as entries:
        names = sorted(
            entry.name + ("/" if entry.is_dir(follow_symlinks=False) else "") for entry in entries
        )
    for name in names:
        key = path + name
        within = key.startswith(prefix)
        leads_there = name.endswith("/") and prefix.startswith(key)
        if not (within or leads_there) or key == f"{PRIVATE}/":
            continue
        if name.endswith("/") and depth < _DEEPEST:
            yield from _inside(folder, name, key, prefix, depth)
        elif within:
            # What went away since the names were read is simply not there any more.
            with suppress(FileNotFoundError):
                yield key, os.stat(name, dir_fd=folder, follow_symlinks=False).st_size


def _inside(folder: int, name: str, key: str, prefix: str, depth: int) -> Iterator[tuple[str, int]]:
    inner = os.open(name, _FOLDER, dir_fd=folder)
    try:
        yield from walk(inner, key, prefix, depth + 1)
    finally:
        os.close(inner)
