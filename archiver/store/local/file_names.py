"""What is done with one name in an open folder: opened, hashed, synced, linked, adopted."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from archiver.errors import Exists, Missing
from archiver.store.base import CHUNK
from archiver.store.disk.folders import sync
from archiver.store.os_errors import NotOwned, map_os_errors

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@contextmanager
def handling(key: str, what: str) -> Iterator[None]:
    """Raise :class:`Missing` where there is no such file, and say in words what else is wrong."""
    with map_os_errors(what):
        try:
            yield
        except FileNotFoundError as error:
            raise Missing(f"The archive has no {key}.") from error


def link(old_folder: int, old: str, new_folder: int, new: str) -> bool:
    """Give the file a second name; return whether that name was free."""
    try:
        os.link(old, new, src_dir_fd=old_folder, dst_dir_fd=new_folder, follow_symlinks=False)
    except FileExistsError:
        return False
    return True


def adopt(key: str, folder: int, name: str, sha256: str) -> None:
    """Accept what has the name if it is the same content; raises :class:`Exists` otherwise.

    It is synced again: it may have been copied in, or left by a run that was killed before that.
    """
    if hash_on_disk(folder, name)[1] != sha256:
        raise Exists(
            f"{key} is there already, with other content.",
            advice="Run `archiver verify`: the file is damaged or was put there by someone else.",
        )
    sync_file(folder, name)


def sync_file(folder: int, name: str) -> None:
    """Bring the bytes under that name to disk."""
    descriptor = open_file(folder, name)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def open_file(folder: int, name: str) -> int:
    """Open what has that name for reading; links, pipes and the like are refused."""
    try:
        descriptor = os.open(name, _READ, dir_fd=folder)
    except PermissionError as error:
        owner = os.stat(name, dir_fd=folder, follow_symlinks=False).st_uid
        raise (error if owner == os.geteuid() else NotOwned(error, owner)) from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = errno.EISDIR if stat.S_ISDIR(mode) else errno.ENXIO
        raise OSError(kind, os.strerror(kind))
    return descriptor


def hash_on_disk(folder: int, name: str) -> tuple[int, str]:
    """Return size and SHA-256 of what the disk has under that name."""
    digest, size = hashlib.sha256(), 0
    with os.fdopen(open_file(folder, name), "rb", buffering=0) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()
