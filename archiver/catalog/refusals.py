"""What goes wrong with a catalog's file, in words."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archiver.catalog.schema import Damaged, is_damage
from archiver.errors import DestinationError


@contextmanager
def refusals(folder: Path, distrust: Callable[[], object] = bool) -> Iterator[None]:
    """Say in words what goes wrong. What is found to be damaged is not opened again."""
    try:
        yield
    except (OSError, sqlite3.Error, Damaged) as error:
        if not is_damage(error):
            raise _refusal(folder, error) from error
        with suppress(OSError):
            distrust()
        raise DestinationError(
            f"The catalog in {folder} was damaged while it was in use.",
            advice="Run it again: the catalog is made anew from the archive.",
        ) from error


def _refusal(folder: Path, error: Exception) -> DestinationError:
    if _is_locked(error):
        return DestinationError(
            f"The catalog in {folder} stayed locked for a minute.",
            advice="Run it again when no other archiver works on it; archiver doctor tells "
            "whether its file system grants locks at all.",
        )
    return DestinationError(
        f"The catalog in {folder} cannot be used: {error}.",
        advice="Check its disk. The catalog may be deleted: it is made again from the archive.",
    )


def _is_locked(error: Exception) -> bool:
    """Whether SQLite, or whoever holds the seal, waited for a lock in vain."""
    if isinstance(error, TimeoutError):
        return True
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
