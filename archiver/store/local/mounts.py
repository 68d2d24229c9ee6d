"""Which file system an archive is on, remembered: a disk that is not mounted is no new archive.

What is left of an unmounted disk is an empty folder. A run that names its days (``--day``,
``--since``) would begin another archive there, and nobody would miss the first.
"""

import os
from contextlib import suppress
from pathlib import Path

from archiver.domain.layout import ARCHIVE_KEY
from archiver.errors import DestinationError


def mount_of(folder: Path) -> Path:
    """Return where the file system that a folder is on, or would be made on, is mounted."""
    return next(path for path in (folder, *folder.parents) if os.path.ismount(path))


def require_mounted(folder: Path, memory: Path) -> None:
    """Raise :class:`DestinationError` where the archive's file system is not mounted.

    ``memory`` is the file in which :func:`remember` has noted where that is.
    """
    with suppress(OSError):  # what can't be looked at is told by whoever needs it
        if (folder / ARCHIVE_KEY).exists():
            return
        mount = Path(os.fsdecode(memory.read_bytes()))
        if mount in (folder, *folder.parents) and not os.path.ismount(mount):
            raise DestinationError(
                f"The archive {folder} was on the disk at {mount}, which is not mounted.",
                advice=f"Mount it. To begin another archive there all the same, delete {memory}.",
            )


def remember(folder: Path, memory: Path) -> None:
    """Note where the file system of the archive in ``folder`` is mounted, if that can be noted."""
    mount = os.fsencode(mount_of(folder))
    with suppress(OSError):
        if memory.exists() and memory.read_bytes() == mount:
            return
        memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        memory.write_bytes(mount)
