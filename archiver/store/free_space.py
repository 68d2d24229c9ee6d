"""Room in the archive: looked at before a run, and again before each recording.

What is kept back is for the manifest: a run that fills the disk must still enter what it stored.
"""

from archiver.errors import DestinationError
from archiver.store.base import Store

RESERVE_BYTES = 32_000_000
RESERVE_FILES = 500
"""What must be free to begin: several recordings for each thread, and the books of the run."""


def require_free_space(store: Store) -> None:
    """Raise :class:`DestinationError` when there is too little left to begin with anything."""
    free = store.free()
    if free.bytes is not None and free.bytes < RESERVE_BYTES:
        raise DestinationError(
            f"Stopped: {_mb(free.bytes)} MB are free for the archive, and "
            f"{_mb(RESERVE_BYTES)} must be.",
            advice="Free some space or give the archive a larger disk, then run again.",
        )
    if free.files is not None and free.files < RESERVE_FILES:
        raise DestinationError(
            f"Stopped: the disk can take {free.files} more files, and must take {RESERVE_FILES}.",
            advice="Remove files, or make a file system with more inodes (df -i), then run again.",
        )


def has_room(size: int, free: int | None) -> bool:
    """Whether so many bytes fit into what is ``free``, as far as that is known, and no run stops.

    >>> has_room(1_000, None), has_room(1_000, RESERVE_BYTES + 1_000), has_room(1, RESERVE_BYTES)
    (True, True, False)
    """
    return free is None or size + RESERVE_BYTES <= free


def _mb(size: int) -> str:
    return f"{size / 1_000_000:.1f}"
