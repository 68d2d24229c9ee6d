"""The one place where an operating system's error becomes a sentence with advice."""

import errno
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.errors import DestinationError, NotPermitted

_SPACE = "Free some space on that disk, or use a larger one, then run again."
_RIGHTS = "Check who owns it, and which user runs archiver."
_DISK = "Check the disk and the system log before writing anything more to it."
_CANNOT = (
    "the file system cannot do this",
    "Keep the archive on one with hard links, locks and folder sync: ext4, XFS, ZFS or NFS.",
)

_IN_THE_WAY = "Find out who put it there, and move it away."

_SENTENCES = {
    errno.ENOSPC: ("the disk is full", _SPACE),
    errno.EDQUOT: ("the disk quota is used up", _SPACE),
    errno.EFBIG: ("the file is larger than this place allows", "Check the limit (ulimit -f)."),
    errno.EROFS: ("the disk is mounted read-only", f"Mount it for writing. {_DISK}"),
    errno.EACCES: ("permission was denied", _RIGHTS),
    errno.EPERM: (
        "the operation is not permitted here",
        f"{_RIGHTS} The file system must have hard links and file modes; FAT has neither.",
    ),
    errno.EOPNOTSUPP: _CANNOT,
    errno.ENOSYS: _CANNOT,
    errno.EINVAL: _CANNOT,
    errno.ENOLCK: ("the file system has no locks", f"Mount it with locks. {_CANNOT[1]}"),
    errno.EIO: ("the disk reported an error", _DISK),
    errno.ENAMETOOLONG: ("the name is too long for this file system", "Use a shorter folder."),
    errno.EXDEV: (
        "the archive's folder .archiver is on another file system",
        "Keep .archiver on the same file system as the rest of the archive.",
    ),
    errno.ELOOP: (
        "a symbolic link lies where a file or folder should be",
        "archiver follows no links inside an archive. Find out who put it there.",
    ),
    errno.ENOTDIR: (
        "something else lies where a folder should be",
        "archiver follows no links inside an archive. Find out who put it there.",
    ),
    errno.EISDIR: ("a folder lies where a file should be", _IN_THE_WAY),
    errno.ENXIO: ("something that is no file lies where one should be", _IN_THE_WAY),
    errno.EMFILE: ("too many files are open", "Raise the limit (ulimit -n) or use fewer threads."),
    errno.ECONNRESET: ("the server stopped in the middle", "Check the network, then run again."),
    errno.ESTALE: ("the network file system lost the file", "Mount it again, then run again."),
}


class NotOwned(PermissionError):
    """A file may not be used as who this is; ``owner`` is the user whom it belongs to."""

    def __init__(self, error: PermissionError, owner: int) -> None:
        super().__init__(error.errno, error.strerror)
        self.owner = owner


_NOT_PERMITTED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_OF_ONE_FILE = frozenset(
    {
        errno.EIO, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.ENXIO
    }
)  # fmt: skip


def reason(error: OSError) -> str:
    """Return what went wrong, as it stands behind a colon: ``permission was denied``."""
    return _sentence(error)[0]


def destination_error(error: OSError, what: str) -> DestinationError:
    """Return the error to raise for ``error``, met while doing ``what`` (``writing x.mp3``)."""
    why, advice = _sentence(error)
    kind = NotPermitted if error.errno in _NOT_PERMITTED else DestinationError
    one = error.errno in _OF_ONE_FILE
    return kind(f"Stopped while {what}: {why}.", advice=advice, of_one_file=one)


def advice_on_rights(path: Path) -> str:
    """Return what to do where this user may not read or write what is at ``path``."""
    owner = path.stat().st_uid
    if owner == os.geteuid():
        return f"It is this user's own: chmod -R u+rwX {shlex.quote(str(path))}"
    return f"It belongs to user {owner}: run as that user, or chown it."


@contextmanager
def map_os_errors(what: str) -> Iterator[None]:
    """Turn any ``OSError`` of the block into :class:`DestinationError`."""
    try:
        yield
    except OSError as error:
        raise destination_error(error, what) from error


def _sentence(error: OSError) -> tuple[str, str]:
    """Return why, and what to do about it."""
    if isinstance(error, NotOwned):
        user = os.geteuid()
        why = f"permission was denied to user {user}, as it belongs to user {error.owner}"
        owned = f"let root type chown -R {user}, and the archive's folder"
        return why, f"Run as that user; or, where the job runs as this one, {owned}."
    code = error.errno or 0
    return _SENTENCES.get(code, (os.strerror(code) if code else "it failed", _DISK))
