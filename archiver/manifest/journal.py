"""The chain in its archive: read it in order, find its head, add to it.

The number is the token for concurrency: a manifest is created under the next number or not at all.
Who loses reads what the winner wrote and decides again, so ``append`` takes a function and not a
manifest. Where a place keeps several versions of a name, :mod:`archiver.manifest.counting` says
which one of them is in the chain.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Protocol

from msgspec.structs import replace

from archiver.domain.layout import ARCHIVE_KEY, manifest_key
from archiver.errors import DestinationError, Exists, Missing, UsageError
from archiver.json_documents import BadDocument
from archiver.manifest.archive import ArchiveFile, oldest_whole
from archiver.manifest.chain import (
    ChainProblem,
    Seen,
    another_archive,
    archive_gone,
    bare_marker,
    broken,
    follow,
    head_of,
    see_named,
    set_back,
)
from archiver.manifest.counting import ListedVersion, counting, deleted, named, numbered
from archiver.manifest.documents import Documents, Readable
from archiver.manifest.extract import Extract
from archiver.manifest.model import MAX_BYTES, Manifest
from archiver.manifest.portal_of import ArchivePortal, portal_of
from archiver.manifest.records.files import Head
from archiver.manifest.records.reads import ReadDay

_SERVED = ("recordings/", "quarantine/", "calls/")
"""Under these lies what came from a portal."""
_PATIENCE = 8
"""How often a number may be lost to somebody of whom nothing is listed then."""


class VersionLocking(Protocol):
    """What the journal needs of how a store locks."""

    def hold(self, key: str, version: str | None) -> None:
        """Lock what another run may not have come to lock."""
        ...


class Objects(Readable, Protocol):
    """What the journal needs of a store: create-only objects that can be listed and read."""

    @property
    def locking(self) -> VersionLocking:
        """How what is stored is locked."""
        ...

    def claim(self, key: str, data: bytes) -> object:
        """Create a name that others may want as well; raises :class:`Exists` if one of them won."""
        ...

    def sync(self, key: str) -> None:
        """Bring to disk what another run may have left on its way there."""
        ...

    def versions(self, prefix: str) -> Iterator[ListedVersion]:
        """Yield all versions of what lies under a prefix, by key, the oldest first."""
        ...

    def stat(self, key: str) -> object:
        """Look at what a plain reader gets; raises :class:`Missing`."""
        ...


class Memory(Protocol):
    """Remembers the highest manifest that was seen of an archive from this machine."""

    @property
    def place(self) -> str:
        """Where it is kept, as a person finds it."""
        ...

    def head(self, archive: str) -> Head | None:
        """Return what is remembered of the archive of that id."""
        ...

    def other(self, archive: str) -> Seen | None:
        """Return what is remembered, if that is another archive than the one of that id."""
        ...

    def gone(self) -> Seen | None:
        """Return what is remembered, where no archive is."""
        ...

    def remember(self, archive: str, head: Head) -> None:
        """Remember a head, unless a higher one is, or another archive."""
        ...


class UnenteredReads(Protocol):
    """A read log whose days are entered with the next manifest, whatever that is about."""

    def unentered(self) -> tuple[ReadDay, ...]:
        """Return the days that have grown since they were entered."""
        ...

    def note_entered(self, days: tuple[ReadDay, ...]) -> None:
        """Note what was entered."""
        ...


class Journal:
    """The manifests of the archive in ``store``; ``documents`` reads what they name.

    An ``extract`` of them is kept for whoever asks several things of the chain. With a ``memory`` a
    chain that was set back below what was seen before is :class:`ChainBroken`, and so is another
    archive in its place. The days of a ``read_log`` are entered with whatever is appended.
    """

    def __init__(
        self, store: Objects, memory: Memory | None = None, read_log: UnenteredReads | None = None
    ) -> None:
        self.documents = Documents(store)
        self.extract = Extract(self.manifests)
        self._store = store
        self._memory = memory
        self._read_log = read_log
        self._archive: ArchiveFile | None = None
        self._portal: ArchivePortal | None = None
        self._is_named = False
        self._durable: Head | None = None
        self._held: Head | None = None
        self._own: tuple[bytes, Manifest] | None = None
        self._end: int | None = None

    def create_or_open(self, endpoint: str) -> ArchiveFile:
        """Return the archive's identity, after making it for ``endpoint`` if there was none.

        Raises :class:`UsageError` for an archive of another portal, and for one of a higher format;
        :class:`ChainBroken` where there was one, and none is.
        """
        try:
            return self.matching(endpoint)
        except Missing:
            if self._memory and (seen := self._memory.gone()):
                raise archive_gone(seen) from None
            made = ArchiveFile.new(endpoint)
        try:
            self._store.claim(ARCHIVE_KEY, made.to_json())
        except Exists:
            return self.matching(endpoint)
        return made

    def matching(self, endpoint: str) -> ArchiveFile:
        """Return the identity of the archive, which must be of the portal at ``endpoint``.

        Raises :class:`UsageError` where something came from another, and :class:`Missing`.
        """
        archive, portal = self.archive(), self.portal()
        if portal.is_final and portal.endpoint != endpoint:
            raise UsageError(
                f"This archive is of {portal.endpoint}, not of {endpoint}.",
                advice="Name another archive for this portal, or set the endpoint back.",
            )
        return archive

    def portal(self) -> ArchivePortal:
        """Return of which portal the archive is; raises :class:`Missing` where there is none.

        Files that no manifest names came from there, too: a run may have been killed.
        """
        if self._portal is None or not self._portal.is_final:
            told = portal_of(self.archive().endpoint, (each for _, each in self.manifests()))
            is_final = told.is_final or any(
                True for prefix in _SERVED for _ in self._store.versions(prefix)
            )
            self._portal = replace(told, is_final=is_final)
        return self._portal

    def archive(self) -> ArchiveFile:
        """Return the archive's identity, read once; raises :class:`Missing` where there is none."""
        if self._archive is None:
            versions = named(self._store.versions(ARCHIVE_KEY), ARCHIVE_KEY)
            try:
                found = oldest_whole(versions, self.documents.read_any)
            except BadDocument as error:
                raise broken(ChainProblem(ARCHIVE_KEY, None, str(error))) from error
            if found is None:
                raise Missing(f"The archive has no {ARCHIVE_KEY}.")
            _, archive = found
            if self._memory and (seen := self._memory.other(archive.archive)):
                raise another_archive(seen, archive.archive)
            self._archive = archive
        return self._archive

    def head(self) -> Head | None:
        """Return the highest manifest, after checking that none is missing."""
        chain = self._chain()
        return self.documents.head_of(chain[len(chain)]) if chain else None

    def head_at(self, number: int) -> Head | None:
        """Return the head that manifest ``number`` makes, ``None`` when there is no such file."""
        text = self.text_at(number)
        return None if text is None else head_of(manifest_key(number), text)

    def text_at(self, number: int) -> bytes | None:
        """Return a manifest's bytes, be it from under what lies over it; ``None`` without any."""
        several = numbered(self._store.versions(manifest_key(number))).get(number, [])
        version = self.counted().get(number) if len(several) > 1 else next(iter(several), None)
        return self.documents.read_any(version) if version else None

    def manifests(self, after: int | Head = 0) -> Iterator[tuple[Head, Manifest]]:
        """Yield the manifests above a number, or above a head that was read before.

        Raises :class:`ChainBroken` at a break, and where the chain has another head there.
        """
        chain = self._chain()
        number = after.number if isinstance(after, Head) else after
        if number and number not in chain:
            raise broken(ChainProblem(manifest_key(number), None, "the file is missing"))
        below = self.documents.head_of(chain[number]) if number else None
        if isinstance(after, Head) and below != after:
            problem = "it is not the one that was read before"
            raise broken(ChainProblem(manifest_key(number), None, problem))
        for each in (chain[higher] for higher in range(number + 1, len(chain) + 1)):
            text = self.documents.read(each.key, each.version)
            manifest = follow(each.key, text, below, self.archive(), self._parsed)
            below = head_of(each.key, text)
            yield below, manifest
        if below is not None:
            self._remember(below)

    def counted(self) -> dict[int, ListedVersion]:
        """Return the version of each manifest that counts, the lowest number first."""
        return counting(numbered(self._store.versions("manifests/")), self.documents.read_any)

    def append(self, build: Callable[[Head | None], Manifest]) -> Head:
        """Write what ``build`` makes of the head, and return the new head.

        ``build`` is called again whenever someone else took the number first.
        """
        lost = Counter[Head | None]()
        while True:
            below = self._to_build_on()
            reads = self._read_log.unentered() if self._read_log else ()
            manifest = replace(build(below), identity=self.archive().digest, reads=reads)
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
            if self._read_log and reads:
                self._read_log.note_entered(reads)
            self._own, self._end = (text, manifest), manifest.number
            self._durable = self._held = head_of(key, text)
            self._remember(self._durable)
            return self._durable

    def _parsed(self, text: bytes) -> Manifest:
        """Parse a manifest, unless it is the very bytes that this run wrote last."""
        own, manifest = self._own or (None, None)
        return manifest if manifest and own == text else Manifest.from_json(text)

    def _chain(self) -> dict[int, ListedVersion]:
        """Return what :meth:`counted` does; raises :class:`ChainBroken` if a manifest is missing.

        That is so in the middle, and above it where one was seen or deleted. Raises
        :class:`DestinationError` where the listing lags behind.
        """
        # What is remembered is asked for first: other runs may add to the chain meanwhile.
        seen = self._memory.head(self.archive().archive) if self._memory else None
        listed = self._listed()
        chain = counting(numbered(listed), self.documents.read_any)
        for number, expected in zip(chain, itertools.count(1), strict=False):
            if number != expected:
                raise broken(ChainProblem(manifest_key(expected), None, "the file is missing"))
        for number in deleted(listed):
            raise broken(bare_marker(number))
        if self._memory and seen:
            there = chain.get(seen.number)
            if there is None or self.documents.head_of(there) != seen:
                raise set_back(seen, len(chain), self._memory.place)
        if chain and not self._is_named:
            highest = chain[len(chain)]
            see_named(
                highest.key, self.documents.read(highest.key, highest.version), self.archive()
            )
            self._is_named = True
        return chain

    def _listed(self) -> list[ListedVersion]:
        """Return what is listed of the manifests, after asking once for the one behind their end.

        Where that is there, another run may have entered it at this moment: then it is listed next.
        """
        lagging = None
        while True:
            listed = [*self._store.versions("manifests/")]
            end = max(numbered(listed), default=0)
            if end == self._end or not has_manifest(self._store.stat, end + 1):
                self._end = end
                return listed
            if end == lagging:
                raise _lags_behind(end + 1)
            lagging = end

    def _to_build_on(self) -> Head | None:
        """Return the head, once it is as safe as what is written on it.

        The run that wrote it may have been killed before it had synced or locked it.
        """
        chain = self._chain()
        if not chain:
            return None
        highest = chain[len(chain)]
        head = self.documents.head_of(highest)
        self._make_durable(head)
        if head != self._held:
            self._store.locking.hold(highest.key, highest.version)
            self._held = head
        return head

    def _remember(self, head: Head) -> None:
        """Remember a head, once it can't be lost with the power; where that can't be, don't."""
        if self._memory is None or self._memory.head(self.archive().archive) == head:
            return
        with suppress(DestinationError, Missing):
            self._make_durable(head)
            self._memory.remember(self.archive().archive, head)

    def _make_durable(self, head: Head) -> None:
        """Sync a head that another run wrote, so that it is on disk before the next one is.

        Else the power could take the lower manifest and leave the upper one.
        """
        if head != self._durable:
            self._store.sync(manifest_key(head.number))
            self._durable = head


def has_manifest(stat: Callable[[str], object], number: int) -> bool:
    """Whether a plain reader gets a manifest of that number, as ``stat`` of the store says."""
    try:
        stat(manifest_key(number))
    except Missing:
        return False
    return True


def _lags_behind(number: int) -> DestinationError:
    return DestinationError(
        f"Stopped: {manifest_key(number)} is there, and the archive doesn't list it: the listing "
        "lags behind.",
        advice="Run it again later; what is listed is not all that was archived.",
    )


def _taken_unseen(key: str) -> DestinationError:
    return DestinationError(
        f"Stopped: {key} is taken, says the archive, and then doesn't list it.",
        advice="Run it again later; if it stays so, run `archiver verify`.",
    )
