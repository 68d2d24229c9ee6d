"""Bringing back what says what an archive is: its manifests, and the file that names it.

Only the bytes that the chain itself speaks of are put back: a manifest holds the hashes of
``ARCHIVE.json`` and of the one below it, and who kept a head holds the hash of the highest. No copy
is taken at its word. Where a place keeps versions, the right one may be there still, under a delete
marker or under another.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

from msgspec import Struct, field

from archiver.check.audit_report import FileProblem
from archiver.domain.layout import ARCHIVE_KEY, manifest_key
from archiver.errors import DestinationError, Missing
from archiver.json_documents import BadDocument
from archiver.manifest.archive import ArchiveFile, oldest_whole
from archiver.manifest.counting import named, numbered
from archiver.manifest.journal import Memory
from archiver.manifest.model import MAX_BYTES, Manifest
from archiver.manifest.records.files import Head
from archiver.removal.making_way import in_place, uncover
from archiver.store.base import Item, Store

T = TypeVar("T")
NO_MANIFEST = "no manifest is there: give a head that was kept (--head), and a copy (--from)"


class ChainMended(Struct):
    """The names that were put back, and those that could not be, with the reason.

    ``uncovered`` were there all the time, under something else.
    """

    put_back: list[str] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)
    left: list[FileProblem] = field(default_factory=list)


class _Meant(Struct, frozen=True):
    """What the manifests say of ``ARCHIVE.json``: the archive's id, and the SHA-256 of the file."""

    archive: str | None = None
    identity: str | None = None

    def fits(self, archive: ArchiveFile | None) -> bool:
        """Whether that is what the file they mean says."""
        if archive is None or self.archive not in {None, archive.archive}:
            return False
        return self.identity in {None, archive.digest}

    def read(self, text: bytes | None) -> ArchiveFile | None:
        """Return what that says, if it is the file they mean."""
        archive = _archive(text)
        return archive if self.fits(archive) else None


def mend_chain(
    store: Store, copy: Store | None, head: Head | None, memory: Memory | None = None
) -> ChainMended:
    """Put back damaged and missing manifests and ``ARCHIVE.json`` from a ``copy``, downwards.

    ``head`` is one that was kept, ``memory`` has one that was seen: without either nothing tells
    what the highest manifest was.
    """
    mended = ChainMended()
    heads = _known_heads(store, head, memory)
    meant = _Meant()
    below: Head | None = None
    listed = numbered(store.versions("manifests/"))
    top = max([*listed, *heads], default=0)
    for number in range(top, 0, -1):
        below = heads.get(number, below)
        key = manifest_key(number)
        is_right = partial(_manifest, expected=below)
        right = _brought_up(store, listed.get(number, ()), is_right, mended)
        if right is None:
            right = _put_back(store, copy, key, below, mended)
        if right is not None and number == top:
            _see_that_it_counts(store, key, below, mended)
        below = right.previous if right else None
        if right is not None:
            meant = _Meant(right.archive, right.identity or meant.identity)
    _mend_identity(store, copy, meant, mended)
    if not top:
        mended.left.append(FileProblem(manifest_key(1), NO_MANIFEST))
    elif copy is not None and not mended.left:
        _see_that_nothing_follows(store, copy, top, mended)
    return mended


def _known_heads(store: Store, head: Head | None, memory: Memory | None) -> dict[int, Head]:
    """Return what is known of the chain from elsewhere; the head that was given counts first."""
    own = _own(store)
    seen = memory.head(own.archive) if memory and own else None
    return {each.number: each for each in (seen, head) if each}


def _own(store: Store) -> ArchiveFile | None:
    """Return what the archive is taken for as it lies there, ``None`` where nothing tells."""
    with suppress(BadDocument):
        found = oldest_whole(_versions(store, ARCHIVE_KEY), partial(_bytes, store))
        return found[1] if found else None
    return None


def _brought_up(
    store: Store,
    versions: Sequence[Item],
    read: Callable[[bytes | None], T | None],
    mended: ChainMended,
) -> T | None:
    """Return what the right version of a document says; a plain reader gets it from now on.

    ``read`` returns ``None`` of any other. Of several that are right it is the oldest.
    """
    texts = {each: _bytes(store, each) for each in versions}
    plain = next((text for each, text in texts.items() if each.is_current), None)
    for each, text in texts.items():
        right = read(text)
        if right is None or text is None:
            continue
        if text != plain:
            uncover(store, each.key, each.version, hashlib.sha256(text).hexdigest())
            mended.uncovered.append(each.key)
        return right
    return None


def _put_back(
    store: Store, copy: Store | None, key: str, expected: Head | None, mended: ChainMended
) -> Manifest | None:
    """Put a manifest back whose hash is known, and return it; ``None`` after saying why not."""
    if expected is None:
        why = "nothing tells what it was: give a head that was kept, and another copy"
        mended.left.append(FileProblem(key, why))
        return None
    texts = _copies(copy, key)
    text = next((one for one in texts if _manifest(one, expected)), None)
    if text is None:
        mended.left.append(FileProblem(key, "no copy has what the chain says it was"))
        return None
    in_place(store, key, partial(store.put, key, text))
    mended.put_back.append(key)
    return _manifest(text, expected)


def _see_that_it_counts(store: Store, key: str, head: Head | None, mended: ChainMended) -> None:
    """See that what is right as the highest is taken for it: of several the oldest is."""
    oldest, *_ = _versions(store, key)
    if _manifest(_bytes(store, oldest), head) is None:
        why = f"version {oldest.version}, which may not be deleted, is older and taken for it"
        mended.left.append(FileProblem(key, f"{why}: have it deleted", oldest.version))


def _see_that_nothing_follows(store: Store, copy: Store, top: int, mended: ChainMended) -> None:
    """See that a copy does not go on from what is the highest here: the end of it is lost then.

    A copy is not taken at its word: whoever kept its head brings back what follows.
    """
    there = numbered(copy.versions("manifests/"))
    ours = {_sha256(_bytes(store, each)) for each in _versions(store, manifest_key(top))}
    nexts = (_manifest(text, None) for text in _copies(copy, manifest_key(top + 1)))
    if any(each and each.previous and each.previous.sha256 in ours for each in nexts):
        why = f"the copy goes on from here to manifest {max(there)}: give its head (--head)"
        mended.left.append(FileProblem(manifest_key(top + 1), why))


def _manifest(text: bytes | None, expected: Head | None) -> Manifest | None:
    """Return the manifest if it is the one that is expected, where anything is."""
    if text is None or (expected and _sha256(text) != expected.sha256):
        return None
    with suppress(BadDocument):
        return Manifest.from_json(text)
    return None


def _mend_identity(store: Store, copy: Store | None, meant: _Meant, mended: ChainMended) -> None:
    """Put ``ARCHIVE.json`` back, which holds its own check, if it is of this archive."""
    right = _brought_up(store, _versions(store, ARCHIVE_KEY), meant.read, mended)
    if right is None:
        text = next((one for one in _copies(copy, ARCHIVE_KEY) if meant.read(one)), None)
        if text is None:
            mended.left.append(FileProblem(ARCHIVE_KEY, "no copy of this archive has it whole"))
            return
        in_place(store, ARCHIVE_KEY, partial(store.put, ARCHIVE_KEY, text))
        mended.put_back.append(ARCHIVE_KEY)
    if not meant.fits(_own(store)):
        why = "another version, which may not be deleted, is older and taken for it"
        mended.left.append(FileProblem(ARCHIVE_KEY, f"{why}: have it deleted"))


def _archive(text: bytes | None) -> ArchiveFile | None:
    """Return what an ``ARCHIVE.json`` says, if it is one."""
    with suppress(BadDocument):
        return None if text is None else ArchiveFile.from_json(text)
    return None


def _copies(copy: Store | None, key: str) -> Iterator[bytes | None]:
    """Yield what a copy has under a name, in every version."""
    if copy is not None:
        for each in _versions(copy, key):
            yield _bytes(copy, each)


def _versions(store: Store, key: str) -> list[Item]:
    return named(store.versions(key), key)


def _sha256(text: bytes | None) -> str | None:
    return None if text is None else hashlib.sha256(text).hexdigest()


def _bytes(store: Store, item: Item) -> bytes | None:
    """Return a version's bytes, ``None`` if they can't be read."""
    with suppress(Missing, DestinationError), store.open(item.key, item.version) as file:
        return file.read(MAX_BYTES + 1)
    return None
