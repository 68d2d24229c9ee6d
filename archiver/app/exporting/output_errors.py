"""What goes wrong where an export is written to, in words: it is the user's own disk."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.errors import DestinationError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn any ``OSError`` of the block into :class:`DestinationError`."""
    try:
        yield
    except OSError as error:
        is_full = error.errno in _FULL
        raise DestinationError(
            f"{path} cannot be written: {error.strerror or 'it failed'}.",
            advice="Free some space and run it again: it goes on where it was."
            if is_full
            else "Name another place with --out.",
        ) from error
