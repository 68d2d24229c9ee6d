"""Bringing back what says what an archive is: its manifests, and the file that names it.

Only the bytes that the chain itself speaks of are put back: a manifest holds the hash of the one
below it, and who kept a head holds the hash of the highest. No copy is taken at its word. Where a
place keeps versions, the right one may be there still, under a delete marker or under another.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from archiver.documents import BadDocument
from archiver.errors import DestinationRefused, Missing
from archiver.keys import ARCHIVE_KEY, manifest_key
from archiver.manifest.counting import numbered
from archiver.manifest.entry import MAX_BYTES, Head, Manifest
from archiver.manifest.journal import Archive
from archiver.run.adoption import in_place
from archiver.run.audited import Flawed
from archiver.store.base import Item, Store

T = TypeVar("T")


@dataclass(slots=True)
class Mended:
    """The names that were put back, and those that could not be, with the reason.

    ``uncovered`` were there all the time, under something else.
    """

    put_back: list[str] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)
    left: list[Flawed] = field(default_factory=list)


def mend_chain(store: Store, copy: Store | None, head: Head | None) -> Mended:
    """Put back damaged and missing manifests and ``ARCHIVE.json`` from a ``copy``, downwards.

    ``head`` is one that was kept: without it nothing tells what the highest manifest was.
    """
    mended = Mended()
    archive: str | None = None
    below = head
    listed = numbered(store.everything("manifests/"))
    top = max([*listed, head.number if head else 0])
    for number in range(top, 0, -1):
        if head and head.number == number:
            below = head
        key = manifest_key(number)
        is_right = partial(_manifest, expected=below)
        right = _brought_up(store, listed.get(number, ()), is_right, mended)
        if right is None:
            right = _put_back(store, copy, key, below, mended)
            if right is not None and number == top:
                _see_that_it_counts(store, key, below, mended)
        below = right.previous if right else None
        archive = right.archive if right else archive
    _mend_identity(store, copy, archive, mended)
    return mended


def _brought_up(
    store: Store, versions: Sequence[Item], read: Callable[[bytes | None], T | None], mended: Mended
) -> T | None:
    """Return what the right version of a document says; a plain reader gets it from now on.

    ``read`` returns ``None`` of any other. Of several that are right it is the oldest.
    """
    texts = {each: _bytes(store, each.key, each.version) for each in versions}
    plain = next((text for each, text in texts.items() if each.is_current), None)
    for each, text in texts.items():
        right = read(text)
        if right is None:
            continue
        if text != plain:
            store.uncover(each.key, each.version)
            mended.uncovered.append(each.key)
        return right
    return None


def _put_back(
    store: Store, copy: Store | None, key: str, expected: Head | None, mended: Mended
) -> Manifest | None:
    """Put a manifest back whose hash is known, and return it; ``None`` after saying why not."""
    if expected is None:
        why = "nothing tells what it was: give a head that was kept, and another copy"
        mended.left.append(Flawed(key, why))
        return None
    texts = _copies(copy, key)
    text = next((one for one in texts if _manifest(one, expected)), None)
    if text is None:
        mended.left.append(Flawed(key, "no copy has what the chain says it was"))
        return None
    in_place(store, key, partial(store.put, key, text))
    mended.put_back.append(key)
    return _manifest(text, expected)


def _see_that_it_counts(store: Store, key: str, head: Head | None, mended: Mended) -> None:
    """See that what was put back as the highest is taken for it: of several the oldest is."""
    oldest = next(each for each in store.everything(key) if each.key == key and not each.is_marker)
    if _manifest(_bytes(store, key, oldest.version), head) is None:
        why = f"version {oldest.version}, which may not be deleted, is older and taken for it"
        mended.left.append(Flawed(key, f"{why}: have it deleted", oldest.version))


def _manifest(text: bytes | None, expected: Head | None) -> Manifest | None:
    """Return the manifest if it is the one that is expected, where anything is."""
    if text is None or (expected and hashlib.sha256(text).hexdigest() != expected.sha256):
        return None
    with suppress(BadDocument):
        return Manifest.from_json(text)
    return None


def _mend_identity(store: Store, copy: Store | None, archive: str | None, mended: Mended) -> None:
    """Put ``ARCHIVE.json`` back, which holds its own check, if it is of this archive."""
    is_right = partial(_identity, archive=archive)
    every = store.everything(ARCHIVE_KEY)
    versions = [each for each in every if each.key == ARCHIVE_KEY and not each.is_marker]
    if _brought_up(store, versions, is_right, mended):
        return
    text = next((one for one in _copies(copy, ARCHIVE_KEY) if is_right(one)), None)
    if text is None:
        mended.left.append(Flawed(ARCHIVE_KEY, "no copy of this archive has it whole"))
        return
    in_place(store, ARCHIVE_KEY, partial(store.put, ARCHIVE_KEY, text))
    mended.put_back.append(ARCHIVE_KEY)


def _identity(text: bytes | None, archive: str | None) -> Archive | None:
    """Return what the file says, if it is one of this archive."""
    with suppress(BadDocument):
        read = Archive.from_json(text) if text is not None else None
        return read if read and archive in {None, read.archive} else None
    return None


def _copies(copy: Store | None, key: str) -> Iterator[bytes | None]:
    """Yield what a copy has under a name, in every version."""
    if copy is not None:
        for each in copy.everything(key):
            if each.key == key and not each.is_marker:
                yield _bytes(copy, key, each.version)


def _bytes(store: Store, key: str, version: str | None) -> bytes | None:
    """Return what lies under a key, ``None`` if nothing does that can be read."""
    with suppress(Missing, DestinationRefused, OSError), store.open(key, version) as file:
        return file.read(MAX_BYTES + 1)
    return None
