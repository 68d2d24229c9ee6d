"""Bringing back what says what an archive is: its manifests, and the file that names it.

Only the bytes that the chain itself speaks of are put back: a manifest holds the hash of the one
below it, and who kept a head holds the hash of the highest. No copy is taken at its word.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from archiver.documents import BadDocument
from archiver.errors import DestinationRefused, Missing
from archiver.keys import ARCHIVE_KEY, manifest_key, manifest_number
from archiver.manifest.entry import MAX_BYTES, Head, Manifest
from archiver.manifest.journal import Archive
from archiver.run.adoption import in_place
from archiver.run.audited import Flawed
from archiver.store.base import Store


@dataclass(slots=True)
class Mended:
    """The names that were put back, and those that could not be, with the reason."""

    put_back: list[str] = field(default_factory=list)
    left: list[Flawed] = field(default_factory=list)


def mend_chain(store: Store, copy: Store | None, head: Head | None) -> Mended:
    """Put back damaged and missing manifests and ``ARCHIVE.json`` from a ``copy``, downwards.

    ``head`` is one that was kept: without it nothing tells what the highest manifest was.
    """
    mended = Mended()
    archive: str | None = None
    below = head
    for number in range(_top(store, head), 0, -1):
        if head and head.number == number:
            below = head
        key = manifest_key(number)
        right = _manifest(_bytes(store, key), below)
        if right is None:
            right = _put_back(store, copy, key, below, mended)
        below = right.previous if right else None
        archive = right.archive if right else archive
    _mend_identity(store, copy, archive, mended)
    return mended


def _top(store: Store, head: Head | None) -> int:
    numbers = [manifest_number(item.key) or 0 for item in store.items("manifests/")]
    return max([*numbers, head.number if head else 0])


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


def _mend_identity(store: Store, copy: Store | None, archive: str | None, mended: Mended) -> None:
    """Put ``ARCHIVE.json`` back, which holds its own check, if it is of this archive."""
    if _identity(_bytes(store, ARCHIVE_KEY), archive):
        return
    text = _bytes(copy, ARCHIVE_KEY) if copy else None
    if text is None or not _identity(text, archive):
        mended.left.append(Flawed(ARCHIVE_KEY, "no copy of this archive has it whole"))
        return
    in_place(store, ARCHIVE_KEY, partial(store.put, ARCHIVE_KEY, text))
    mended.put_back.append(ARCHIVE_KEY)


def _identity(text: bytes | None, archive: str | None) -> bool:
    with suppress(BadDocument):
        return text is not None and archive in {None, Archive.from_json(text).archive}
    return False


def _bytes(store: Store, key: str) -> bytes | None:
    """Return what lies under a key, ``None`` if nothing does that can be read."""
    with suppress(Missing, DestinationRefused, OSError), store.open(key) as file:
        return file.read(MAX_BYTES + 1)
    return None
