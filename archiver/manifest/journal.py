"""The chain in its archive: read it in order, find its head, add to it.

The number is the token for concurrency: a manifest is created under the next number or not at all.
Who loses reads what the winner wrote and decides again, so ``append`` takes a function and not a
manifest. Where a place keeps several versions of a name, :mod:`archiver.manifest.counting` says
which one of them is in the chain.
"""

import hashlib
import itertools
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from archiver.documents import BadDocument, dumps, loads
from archiver.errors import ChainBroken, DestinationRefused, Exists, Missing, UsageError
from archiver.keys import ARCHIVE_KEY, manifest_key
from archiver.manifest.callfile import read_calls
from archiver.manifest.chain import Problem, broken, follow, head_of
from archiver.manifest.counting import Version, counting, numbered
from archiver.manifest.entry import (
    FORMAT,
    MAX_BYTES,
    File,
    Head,
    Manifest,
    checked_format,
    refuse_newer,
)
from archiver.manifest.shape import plain, read
from archiver.manifest.sidecar import Sidecar, read_sidecar
from archiver.recordings import Json

_ARCHIVE_BYTES = 1 << 16
_PATIENCE = 8
"""How often a number may be lost to somebody of whom nothing is listed then."""


class Objects(Protocol):
    """What the journal needs of a store: create-only objects that can be listed and read."""

    def claim(self, key: str, data: bytes) -> object:
        """Create a name that others may want as well; raises :class:`Exists` if one of them won."""
        ...

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """Open for reading; raises :class:`Missing`."""
        ...

    def secure(self, key: str) -> None:
        """Bring to disk what another run may have left on its way there."""
        ...

    def everything(self, prefix: str) -> Iterator[Version]:
        """Yield all versions of what lies under a prefix, by key, the oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Archive:
    """``ARCHIVE.json``: which archive this is (a UUID), and of which portal. Written once.

    No manifest names this file, so it holds its own check: ``sha256`` is over ``archive`` and
    ``endpoint``, a newline after each.
    """

    format: int
    archive: str
    endpoint: str
    sha256: str

    def __post_init__(self) -> None:
        checked_format(self.format)
        if self.sha256 != _check_of(self.archive, self.endpoint):
            raise ValueError("its own check says that it was changed")

    @classmethod
    def new(cls, endpoint: str) -> "Archive":
        """Return a new archive of the portal at ``endpoint``."""
        archive = str(uuid.uuid4())
        return cls(FORMAT, archive, endpoint, _check_of(archive, endpoint))

    @classmethod
    def from_json(cls, text: bytes) -> "Archive":
        """Read the file; raises :class:`BadDocument` unless it is one to the last byte."""
        document = loads(text, max_bytes=_ARCHIVE_BYTES)
        refuse_newer(document, ARCHIVE_KEY)
        archive = read(cls, document)
        if archive.to_json() != text:
            raise BadDocument("it has bytes that were added or changed")
        return archive

    def to_json(self) -> bytes:
        """Return the file."""
        return dumps(plain(self), indent=2)


def _taken_unseen(key: str) -> DestinationRefused:
    return DestinationRefused(
        f"Stopped: {key} is taken, says the archive, and then doesn't list it.",
        advice="Run it again later; if it stays so, run `archiver verify`.",
    )


def _check_of(archive: str, endpoint: str) -> str:
    return hashlib.sha256(f"{archive}\n{endpoint}\n".encode()).hexdigest()


class Journal:
    """The manifests of the archive in ``store``."""

    def __init__(self, store: Objects) -> None:
        self._store = store
        self._durable: Head | None = None
        self._archive: Archive | None = None

    def create_or_open(self, endpoint: str, *, any_endpoint: bool = False) -> Archive:
        """Return the archive's identity, after making it for ``endpoint`` if there was none.

        Raises :class:`UsageError` for an archive of another portal, unless told that any will do,
        and for one of a higher format.
        """
        try:
            return self._matching(endpoint, any_endpoint=any_endpoint)
        except Missing:
            made = Archive.new(endpoint)
        try:
            self._store.claim(ARCHIVE_KEY, made.to_json())
        except Exists:
            return self._matching(endpoint, any_endpoint=any_endpoint)
        return made

    def archive(self) -> Archive:
        """Return the archive's identity; raises :class:`Missing` when there is no archive."""
        if self._archive is None:
            self._archive = self._oldest_archive()
        return self._archive

    def _oldest_archive(self) -> Archive:
        """Return what ``ARCHIVE.json`` says: of several versions, the oldest that holds up."""
        damage: BadDocument | None = None
        for each in self._store.everything(ARCHIVE_KEY):
            if each.key != ARCHIVE_KEY or each.is_marker:
                continue
            try:
                return Archive.from_json(self._read(each.key, each.version))
            except BadDocument as error:
                damage = damage or error
        if damage is None:
            raise Missing(f"The archive has no {ARCHIVE_KEY}.")
        raise broken(Problem(ARCHIVE_KEY, None, str(damage))) from damage

    def head(self) -> Head | None:
        """Return the highest manifest, after checking that none is missing below it."""
        chosen = self._chosen()
        for number, expected in zip(chosen, itertools.count(1), strict=False):
            if number != expected:
                raise broken(Problem(manifest_key(expected), None, "the file is missing"))
        return self._head_of(chosen[len(chosen)]) if chosen else None

    def head_at(self, number: int) -> Head | None:
        """Return the head that manifest ``number`` makes, ``None`` when there is no such file."""
        key = manifest_key(number)
        versions = numbered(self._store.everything(key)).get(number, [])
        if len(versions) > 1:
            versions = [self._chosen()[number]]
        try:
            return self._head_of(versions[0]) if versions else None
        except Missing:
            return None

    def manifests(self, after: int = 0) -> Iterator[tuple[Head, Manifest]]:
        """Yield the manifests above number ``after``; raises :class:`ChainBroken` at a break."""
        archive = self.archive().archive
        below = self.head_at(after) if after else None
        if after and below is None:
            raise broken(Problem(manifest_key(after), None, "the file is missing"))
        for number, each in self._chosen().items():
            if number <= after:
                continue
            text = self._read(each.key, each.version)
            manifest = follow(each.key, text, below, archive)
            below = head_of(each.key, text)
            yield below, manifest

    def append(self, build: Callable[[Head | None], Manifest]) -> Head:
        """Write what ``build`` makes of the head, and return the new head.

        ``build`` is called again whenever someone else took the number first.
        """
        lost = Counter[Head | None]()
        while True:
            below = self.head()
            self._make_durable(below)
            manifest = build(below)
            if manifest.previous != below:
                raise ValueError("a manifest must follow the head that it was built on")
            text = manifest.to_json()
            if len(text) > MAX_BYTES:
                raise ValueError("a manifest that nothing would read: write several")
            key = manifest_key(manifest.number)
            try:
                self._store.claim(key, text)
            except Exists as error:
                lost[below] += 1
                if lost[below] == _PATIENCE:
                    raise _taken_unseen(key) from error
                continue
            self._durable = Head(manifest.number, hashlib.sha256(text).hexdigest())
            return self._durable

    def sidecar(self, file: File) -> Sidecar | None:
        """Return what a sidecar says, ``None`` when it is missing, unreadable or damaged."""
        with suppress(BadDocument):
            text = self._as_entered(file)
            return None if text is None else read_sidecar(text)
        return None

    def calls(self, file: File) -> list[dict[str, Json]] | None:
        """Return the rows of a file of calls, ``None`` when it is missing or damaged."""
        with suppress(BadDocument):
            text = self._as_entered(file)
            return None if text is None else read_calls(text)
        return None

    def _as_entered(self, file: File) -> bytes | None:
        """Return the bytes that were entered, be it from under what lies over them now."""
        for version in dict.fromkeys((None, file.version)):
            with suppress(Missing, ChainBroken):
                text = self._read(file.path, version)
                if hashlib.sha256(text).hexdigest() == file.sha256:
                    return text
        return None

    def _chosen(self) -> dict[int, Version]:
        """Return the version of each manifest that counts, the lowest number first."""
        return counting(numbered(self._store.everything("manifests/")), self._read_any)

    def _read_any(self, each: Version) -> bytes | None:
        with suppress(Missing):
            return self._read(each.key, each.version)
        return None

    def _head_of(self, each: Version) -> Head:
        return head_of(each.key, self._read(each.key, each.version))

    def _make_durable(self, head: Head | None) -> None:
        """Secure a head that another run wrote, so that it is on disk before the next one is.

        That run may have been killed before it synced the name. The power could then take the
        lower manifest and leave the upper one.
        """
        if head is not None and head != self._durable:
            self._store.secure(manifest_key(head.number))
            self._durable = head

    def _matching(self, endpoint: str, *, any_endpoint: bool) -> Archive:
        archive = self.archive()
        if archive.endpoint != endpoint and not any_endpoint:
            raise UsageError(
                f"This archive is of {archive.endpoint}, not of {endpoint}.",
                advice="Name another archive for this portal, or set the endpoint back.",
            )
        return archive

    def _read(self, key: str, version: str | None = None) -> bytes:
        try:
            with self._store.open(key, version) as file:
                return file.read(MAX_BYTES + 1)
        except OSError as error:
            raise ChainBroken(
                f"{key} cannot be read.",
                advice="Run it again; if it stays so, restore the file from a copy.",
            ) from error
