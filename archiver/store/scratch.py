"""Temporary folders: what a command needs for a moment only."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.errors import UsageError
from archiver.store.os_errors import map_os_errors


def temporary() -> Path:
    """Return the folder for temporary files; raises :class:`UsageError` where there is none.

    That may be so in a container whose own disk is read-only.
    """
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise UsageError(
            "There is no folder for temporary files that this user may write.",
            advice="Set TMPDIR to such a folder.",
        ) from error


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield a folder of our own, readable by nobody else; it is gone afterwards.

    Raises :class:`archiver.errors.DestinationError` where it can't be made.
    """
    place = temporary()
    with map_os_errors(f"making a folder in {place}"):
        made = tempfile.TemporaryDirectory(prefix="archiver-", dir=place)
    with made as folder:
        yield Path(folder)
