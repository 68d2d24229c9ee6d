"""Whether a file of the copy is the archive's own, by another name: a bad block takes both."""

from contextlib import suppress

from archiver.errors import Missing
from archiver.store.base import Store


def is_one_file(source: Store, copy: Store, key: str) -> bool:
    """Whether both stores have one file of this machine under ``key``: a hard link is no copy."""
    if source.capabilities.is_remote or copy.capabilities.is_remote:
        return False
    with suppress(Missing):
        inode = copy.stat(key).inode
        return inode is not None and inode == source.stat(key).inode
    return False
