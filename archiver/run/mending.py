"""Bringing back what says what an archive is: its manifests, and the file that names it.

Only the bytes that the chain itself speaks of are put back: a manifest holds the hashes of
``ARCHIVE.json`` and of the one below it, and who kept a head holds the hash of the highest. No copy
is taken at its word.
"""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from archiver.documents import BadDocument
from archiver.errors import DestinationRefused, Missing
from archiver.keys import ARCHIVE_KEY, manifest_key, manifest_number
from archiver.manifest.archive import Archive
from archiver.manifest.entry import MAX_BYTES, Head, Manifest
from archiver.manifest.journal import Memory
from archiver.run.adoption import in_place
from archiver.run.audited import Flawed
from archiver.store.base import Store


@dataclass(slots=True)
class Mended:
    """The names that were put back, and those that could not be, with the reason."""

    put_back: list[str] = field(default_factory=list)
    left: list[Flawed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Named:
    """What the manifests say of ``ARCHIVE.json``: the archive's id, and the SHA-256 of the file."""

    archive: str | None = None
    identity: str | None = None

    def is_meant(self, text: bytes | None) -> bool:
        """Whether that is the file they mean."""
        own = _archive(text)
        if own is None or self.archive not in {None, own.archive}:
            return False
        return self.identity in {None, own.digest}


def mend_chain(
    store: Store, copy: Store | None, head: Head | None, memory: Memory | None = None
) -> Mended:
    """Put back damaged and missing manifests and ``ARCHIVE.json`` from a ``copy``, downwards.

    ``head`` is one that was kept, ``memory`` has one that was seen: without either nothing tells
    what the highest manifest was.
    """
    mended = Mended()
    heads = _known_heads(store, head, memory)
    named = _Named()
    below: Head | None = None
    for number in range(_top(store, heads), 0, -1):
        below = heads.get(number, below)
        key = manifest_key(number)
        right = _manifest(_bytes(store, key), below)
        if right is None:
            right = _put_back(store, copy, key, below, mended)
        below = right.previous if right else None
        if right is not None:
            named = _Named(right.archive, right.identity or named.identity)
    _mend_identity(store, copy, named, mended)
    return mended


def _known_heads(store: Store, head: Head | None, memory: Memory | None) -> dict[int, Head]:
    """Return what is known of the chain from elsewhere; the head that was given counts first."""
    own = _archive(_bytes(store, ARCHIVE_KEY))
    seen = memory.head(own.archive) if memory and own else None
    return {each.number: each for each in (seen, head) if each}


def _top(store: Store, heads: Iterable[int]) -> int:
    numbers = [manifest_number(item.key) or 0 for item in store.items("manifests/")]
    return max([*numbers, *heads], default=0)


def _put_back(
    store: Store, copy: Store | None, key: str, expected: Head | None, mended: Mended
) -> Manifest | None:
    """Put a manifest back whose hash is known, and return it; ``None`` after saying why not."""
    if expected is None:
        why = "nothing tells what it was: give a head that was kept, and another copy"
        mended.left.append(Flawed(key, why))
        return None
    text = _bytes(copy, key) if copy else None
    right = _manifest(text, expected)
    if text is None or right is None:
        mended.left.append(Flawed(key, "no copy has what the chain says it was"))
        return None
    in_place(store, key, partial(store.put, key, text))
    mended.put_back.append(key)
    return right


def _manifest(text: bytes | None, expected: Head | None) -> Manifest | None:
    """Return the manifest if it is the one that is expected, where anything is."""
    if text is None or (expected and hashlib.sha256(text).hexdigest() != expected.sha256):
        return None
    with suppress(BadDocument):
        return Manifest.from_json(text)
    return None


def _mend_identity(store: Store, copy: Store | None, named: _Named, mended: Mended) -> None:
    """Put ``ARCHIVE.json`` back, which holds its own check, if it is of this archive."""
    if named.is_meant(_bytes(store, ARCHIVE_KEY)):
        return
    text = _bytes(copy, ARCHIVE_KEY) if copy else None
    if text is None or not named.is_meant(text):
        mended.left.append(Flawed(ARCHIVE_KEY, "no copy of this archive has it whole"))
        return
    in_place(store, ARCHIVE_KEY, partial(store.put, ARCHIVE_KEY, text))
    mended.put_back.append(ARCHIVE_KEY)


def _archive(text: bytes | None) -> Archive | None:
    """Return what an ``ARCHIVE.json`` says, if it is one."""
    with suppress(BadDocument):
        return None if text is None else Archive.from_json(text)
    return None


def _bytes(store: Store, key: str) -> bytes | None:
    """Return what lies under a key, ``None`` if nothing does that can be read."""
    with suppress(Missing, DestinationRefused, OSError), store.open(key) as file:
        return file.read(MAX_BYTES + 1)
    return None
