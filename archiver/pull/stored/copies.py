"""Finding the bytes that the chain names, whichever version of a name has them.

What a plain reader gets comes first, then the version that the chain names, then every other: in a
copy of the archive none has the version that it had, and something may lie over it anywhere.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from msgspec import Struct

from archiver.errors import DestinationError, Missing
from archiver.manifest.counting import named
from archiver.manifest.records.files import ArchivedFile
from archiver.store.base import Store
from archiver.store.content import hash_of

UNREADABLE = "unreadable"


class CopyFlaw(Struct, frozen=True):
    """Why a file can't be copied: ``damaged``, ``missing`` or ``unreadable``, and in words."""

    what: str
    why: str


def found(store: Store, file: ArchivedFile) -> ArchivedFile | None:
    """Return where a store has a file's bytes, ``None`` when no version of its name has them."""
    key = file.path
    for version in _versions(store, key, file.version):
        with suppress(Missing):
            kept = store.stat(key, version)
            if kept.bytes != file.bytes:
                continue
            if (kept.sha256 or hash_of(store, key, version=version)) == file.sha256:
                return ArchivedFile(key, file.bytes, file.sha256, kept.version or version)
    return None


def copied_or_flaw(
    store: Store, file: ArchivedFile, to: BinaryIO, place: str = "a temporary file"
) -> CopyFlaw | None:
    """Copy a file's bytes from a store; return what is wrong with them there, if anything is.

    ``place`` is where the copy lies, in words. Raises :class:`DestinationError` where it can't be
    written, or the store not be reached.
    """
    try:
        is_whole = _is_copied(store, file, to, place)
    except DestinationError as error:
        if not error.of_one_file or _is_readable(store, file):
            raise
        return CopyFlaw(UNREADABLE, f"{file.path} can't be read")
    return None if is_whole else _flaw(store, file)


def _is_copied(store: Store, file: ArchivedFile, to: BinaryIO, place: str) -> bool:
    """Copy a file's bytes from a store; return whether there are such."""
    with suppress(Missing):
        if hash_of(store, file.path, to, place=place) == file.sha256:
            return True
    there = found(store, file)
    to.seek(0)
    to.truncate()
    if there is None:
        return False
    return hash_of(store, file.path, to, there.version, place) == file.sha256


def _is_readable(store: Store, file: ArchivedFile) -> bool:
    """Whether a file can be read to its end: then the error was met where it was written."""
    with suppress(DestinationError, Missing):
        hash_of(store, file.path)
        return True
    return False


def _flaw(store: Store, file: ArchivedFile) -> CopyFlaw:
    try:
        store.stat(file.path)
    except Missing:
        return CopyFlaw("missing", f"{file.path} is not in the archive")
    return CopyFlaw("damaged", f"{file.path} has not the bytes that the chain names")


def _versions(store: Store, key: str, hint: str | None) -> Iterator[str | None]:
    """Yield each version of a name once, as late as possible asking for their list."""
    yield None
    tried = {None, hint}
    if hint is not None:
        yield hint
    versions = (each.version for each in named(store.versions(key), key))
    yield from (version for version in versions if version not in tried)
