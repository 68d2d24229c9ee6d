"""Everything below a folder, sorted by its whole key, following no symbolic link.

What cannot be looked at is yielded in its place, so that it hides nothing but itself.
"""

import os
from collections.abc import Callable, Iterator

from msgspec import Struct

from archiver.domain.layout import PRIVATE
from archiver.store.base import Item

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DEEPEST = 12
"""Levels to walk; the layout has five. What lies deeper shows as the folder it is in."""

Failed = Callable[[str, OSError], Item]
"""Told of a key that could not be looked at: returns the item to yield for it, or raises.

The key of a folder ends in a slash; that of the topmost one is empty.
"""


class TreeWalk(Struct, frozen=True):
    """A walk to all whose key starts with ``prefix``; ``.archiver`` at the top is passed over."""

    prefix: str
    failed: Failed

    def below(self, folder: int, path: str = "", depth: int = 0) -> Iterator[Item]:
        """Yield what lies below the folder open at ``folder``; ``path`` is its own key."""
        names, error = _names_in(folder)
        for name in names:
            key = path + name
            within = key.startswith(self.prefix)
            leads_there = name.endswith("/") and self.prefix.startswith(key)
            if not (within or leads_there) or key == f"{PRIVATE}/":
                continue
            if name.endswith("/") and depth < _DEEPEST:
                yield from self._inside(folder, name, key, depth)
            elif within:
                yield from self._item(folder, name, key)
        if error is not None:
            yield self.failed(path, error)

    def _inside(self, folder: int, name: str, key: str, depth: int) -> Iterator[Item]:
        try:
            # With its slash, a name that was swapped for a link meanwhile would be followed.
            inner = os.open(name.rstrip("/"), _FOLDER, dir_fd=folder)
        except FileNotFoundError:
            return
        except OSError as error:
            yield self.failed(key, error)
            return
        try:
            yield from self.below(inner, key, depth + 1)
        finally:
            os.close(inner)

    def _item(self, folder: int, name: str, key: str) -> Iterator[Item]:
        """Yield a file; what went away since the names were read is not there any more."""
        try:
            size = os.stat(name, dir_fd=folder, follow_symlinks=False).st_size
        except FileNotFoundError:
            return
        except OSError as error:
            yield self.failed(key, error)
        else:
            yield Item(key, size)


def _names_in(folder: int) -> tuple[list[str], OSError | None]:
    """Return the names in a folder, sorted, and the error that ended their reading early."""
    names: list[str] = []
    try:
        with os.scandir(folder) as entries:
            names.extend(
                entry.name + ("/" if entry.is_dir(follow_symlinks=False) else "")
                for entry in entries
            )
    except OSError as error:
        return sorted(names), error
    return sorted(names), None
