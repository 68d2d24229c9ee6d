"""The bytes of what lies in a store, read as a stream."""

import hashlib
from typing import BinaryIO

from archiver.store.base import CHUNK, Store
from archiver.store.os_errors import map_os_errors


def hash_of(
    store: Store,
    key: str,
    copy: BinaryIO | None = None,
    version: str | None = None,
    place: str = "a temporary file",
) -> str:
    """Return the SHA-256 of what lies under ``key``, after writing it to ``copy`` if there is one.

    ``place`` is where that copy lies, in words. Raises
    :class:`archiver.errors.DestinationError` when either disk fails.
    """
    digest = hashlib.sha256()
    with store.open(key, version) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            if copy is not None:
                with map_os_errors(f"copying {key} to {place}"):
                    copy.write(chunk)
    return digest.hexdigest()
