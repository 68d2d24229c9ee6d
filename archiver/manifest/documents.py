"""Reading what the chain is made of and what it names: manifests, sidecars, files of calls."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import BinaryIO, Protocol, TypeVar

from archiver.errors import ChainBroken, DestinationError, Missing
from archiver.json_documents import BadDocument, Json
from archiver.manifest.chain import head_of
from archiver.manifest.counting import ListedVersion
from archiver.manifest.model import MAX_BYTES
from archiver.manifest.named_files.call_files import read_calls
from archiver.manifest.named_files.sidecar import Sidecar, read_sidecar
from archiver.manifest.records.files import ArchivedFile, Head

T = TypeVar("T")
_REPLACEABLE = frozenset({None, "null"})
"""What names no fixed bytes: a name alone, and what S3 calls a version that was stored before any
were kept. Whatever else a bucket calls a version always is of the same bytes.
"""
_KEPT = 2
"""So many versions are not read again: whoever follows the chain asks for its end several times."""


class Readable(Protocol):
    """What can be read by name."""

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """Open for reading; raises :class:`Missing`, and its reads :class:`DestinationError`."""
        ...


class Documents:
    """The documents of the archive in ``store``."""

    def __init__(self, store: Readable) -> None:
        self._store = store
        self._read_fixed = lru_cache(_KEPT)(self._read)

    def read(self, key: str, version: str | None = None) -> bytes:
        """Return what lies there, a byte more than :data:`MAX_BYTES` at most.

        Raises :class:`Missing`, and :class:`ChainBroken` where it can't be read.
        """
        read = self._read if version in _REPLACEABLE else self._read_fixed
        return read(key, version)

    def _read(self, key: str, version: str | None) -> bytes:
        with self._store.open(key, version) as file:
            try:
                return file.read(MAX_BYTES + 1)
            except DestinationError as error:
                raise ChainBroken(
                    error.message,
                    advice="Run it again; if it stays so, restore the file from a copy.",
                ) from error

    def read_any(self, each: ListedVersion) -> bytes | None:
        """Return the bytes of a version that was listed; ``None`` where it is there no more."""
        with suppress(Missing):
            return self.read(each.key, each.version)
        return None

    def head_of(self, each: ListedVersion) -> Head:
        """Return the head that a manifest makes."""
        return head_of(each.key, self.read(each.key, each.version))

    def sidecar(self, file: ArchivedFile) -> Sidecar | None:
        """Return what a sidecar says, ``None`` when it is missing, unreadable or damaged."""
        return self.parsed(file, read_sidecar)

    def calls(self, file: ArchivedFile) -> list[dict[str, Json]] | None:
        """Return the rows of a file of calls, ``None`` when it is missing or damaged."""
        return self.parsed(file, read_calls)

    def parsed(self, file: ArchivedFile, read: Callable[[bytes], T]) -> T | None:
        """Return what a file is read as, ``None`` when it is missing, or a :class:`BadDocument`."""
        with suppress(BadDocument):
            text = self.as_entered(file)
            return None if text is None else read(text)
        return None

    def as_entered(self, file: ArchivedFile) -> bytes | None:
        """Return the bytes that were entered, be it from under what lies over them now."""
        for version in dict.fromkeys((None, file.version)):
            with suppress(Missing, ChainBroken):
                text = self.read(file.path, version)
                if hashlib.sha256(text).hexdigest() == file.sha256:
                    return text
        return None
