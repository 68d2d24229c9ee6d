"""Whether a run may use what is there of the private folder that this machine has for an archive.

Another user leaves files of its own there: who ran a command as root once, or restored a copy.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from archiver.errors import NotPermitted
from archiver.overview.seal import path_of, read_seal
from archiver.store.os_errors import advice_on_rights, map_os_errors

_USE = os.R_OK | os.W_OK


def require_usable_workroom(folder: Path) -> None:
    """Raise :class:`NotPermitted` for the first of what a run needs there and can't use.

    Nothing is changed. What is not there is made by the run.
    """
    with map_os_errors(f"looking at {folder}"):
        for path, needed in _needs(folder):
            with suppress(FileNotFoundError):  # also what another run took away meanwhile
                _require(path, needed)


def require_usable_memory(path: Path) -> None:
    """Raise :class:`NotPermitted` where the newest head is in a file there that can't be used.

    A run goes on without it, and notices nothing of a chain that was set back.
    """
    with map_os_errors(f"looking at {path}"), suppress(FileNotFoundError):
        _require(path, _USE)


def require_keeping(folder: Path) -> None:
    """Raise :class:`DestinationError` where nothing new can be kept in a folder; leaves nothing.

    A run goes on without it, and doesn't notice an archive that is gone or not mounted.
    """
    place = next(each for each in (folder, *folder.parents) if each.is_dir())
    with map_os_errors(f"trying to write in {place}"), TemporaryFile(dir=place) as tried:
        tried.write(b"archiver doctor")
        tried.flush()


def _needs(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield what a run opens, and what for. The seal it can do without: a new one is written."""
    parts = folder / "parts"
    yield folder, _USE | os.X_OK
    yield folder / "lock", _USE
    yield parts, _USE | os.X_OK
    yield from ((path, os.R_OK) for path in parts.glob("*"))
    yield path_of(folder, "lock"), _USE
    if seal := read_seal(folder):
        yield folder / seal.database, _USE


def _require(path: Path, needed: int) -> None:
    if not os.access(path, needed):
        if os.access(path, needed & ~os.W_OK) and os.statvfs(path).f_flag & os.ST_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        raise NotPermitted(
            f"Cannot use {path} as user {os.geteuid()}: permission denied.",
            advice=advice_on_rights(path),
        )
