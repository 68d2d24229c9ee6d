"""Finding the bytes that the chain names, whichever version of a name has them.

What a plain reader gets comes first, then the version that the chain names, then every other: in a
copy of the archive none has the version that it had, and something may lie over it anywhere.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from archiver.errors import Missing
from archiver.manifest.counting import named
from archiver.manifest.model import ArchivedFile
from archiver.pull.stored.orphans import hash_of
from archiver.store.base import Store


def found(store: Store, file: ArchivedFile, key: str | None = None) -> ArchivedFile | None:
    """Return where a store has a file's bytes, under its own name or another ``key``.

    ``None`` when no version of the name has them.
    """
    key = key or file.path
    for version in _versions(store, key, file.version):
        with suppress(Missing):
            kept = store.stat(key, version)
            if kept.bytes != file.bytes:
                continue
            if (kept.sha256 or hash_of(store, key, version=version)) == file.sha256:
                return ArchivedFile(key, file.bytes, file.sha256, kept.version or version)
    return None


def copied(store: Store, file: ArchivedFile, key: str, to: BinaryIO) -> bool:
    """Copy a file's bytes from under ``key`` of a store; return whether there are such."""
    with suppress(Missing):
        if hash_of(store, key, to) == file.sha256:
            return True
    there = found(store, file, key)
    to.seek(0)
    to.truncate()
    return there is not None and hash_of(store, key, to, there.version) == file.sha256


def _versions(store: Store, key: str, hint: str | None) -> Iterator[str | None]:
    """Yield each version of a name once, as late as possible asking for their list."""
    yield None
    tried = {None, hint}
    if hint is not None:
        yield hint
    versions = (each.version for each in named(store.versions(key), key))
    yield from (version for version in versions if version not in tried)
