"""The chain in its archive: read it in order, find its head, add to it.

The number is the token for concurrency: a manifest is created under the next number or not at all.
Who loses reads what the winner wrote and decides again, so ``append`` takes a function and not a
manifest.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import BinaryIO, Protocol

from archiver.documents import BadDocument, loads
from archiver.errors import ChainBroken, DestinationRefused, Exists, Missing, UsageError
from archiver.keys import ARCHIVE_KEY, manifest_key, manifest_number
from archiver.manifest.archive import Archive
from archiver.manifest.callfile import read_calls
from archiver.manifest.chain import Problem, broken, follow, head_of, hidden, see_named, set_back
from archiver.manifest.entry import MAX_BYTES, File, Head, Manifest
from archiver.manifest.sidecar import Sidecar, read_sidecar
from archiver.outcomes import Outcome
from archiver.recordings import Json

_ARCHIVED = Outcome.ARCHIVED.value


class _Named(Protocol):
    @property
    def key(self) -> str: ...


class Objects(Protocol):
    """What the journal needs of a store: create-only objects that can be listed and read."""

    def put(self, key: str, data: bytes) -> object:
        """Create; raises :class:`Exists` when other bytes have the name."""
        ...

    def open(self, key: str) -> BinaryIO:
        """Open for reading; raises :class:`Missing`."""
        ...

    def secure(self, key: str) -> None:
        """Bring to disk what another run may have left on its way there."""
        ...

    def items(self, prefix: str) -> Iterator[_Named]:
        """Yield what lies under a prefix, sorted by key."""
        ...

    def is_hidden(self, key: str) -> bool:
        """Whether there was something under a key that was deleted, and is kept all the same."""
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

    def remember(self, archive: str, head: Head) -> None:
        """Remember a head, unless a higher one is."""
        ...


class Journal:
    """The manifests of the archive in ``store``.

    With a ``memory`` a chain that was set back below what was seen before is :class:`ChainBroken`.
    """

    def __init__(self, store: Objects, memory: Memory | None = None) -> None:
        self._store = store
        self._memory = memory
        self._archive: Archive | None = None
        self._is_named = False
        self._durable: Head | None = None

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
            self._store.put(ARCHIVE_KEY, made.to_json())
        except Exists:
            return self._matching(endpoint, any_endpoint=any_endpoint)
        return made

    def archive(self) -> Archive:
        """Return the archive's identity, read once; raises :class:`Missing` where there is none."""
        if self._archive is None:
            try:
                self._archive = Archive.from_json(self._read(ARCHIVE_KEY))
            except BadDocument as error:
                raise broken(Problem(ARCHIVE_KEY, None, str(error))) from error
        return self._archive

    def head(self) -> Head | None:
        """Return the highest manifest, after checking that none is missing."""
        last = self._last()
        return self.head_at(last) if last else None

    def head_at(self, number: int) -> Head | None:
        """Return the head that manifest ``number`` makes, ``None`` when there is no such file."""
        try:
            return head_of(manifest_key(number), self._read(manifest_key(number)))
        except Missing:
            return None

    def manifests(self, after: int = 0) -> Iterator[tuple[Head, Manifest]]:
        """Yield the manifests above number ``after``; raises :class:`ChainBroken` at a break."""
        last = self._last()
        below = self.head_at(after) if after else None
        if after and below is None:
            raise broken(Problem(manifest_key(after), None, "the file is missing"))
        for number in range(after + 1, last + 1):
            key = manifest_key(number)
            text = self._read(key)
            manifest = follow(key, text, below, self.archive())
            below = head_of(key, text)
            yield below, manifest
        if below is not None:
            self._remember(below)

    def archived_in(self, number: int) -> frozenset[str]:
        """Return the ids that a manifest says were archived; empty where it can't be read."""
        try:
            document = loads(self._read(manifest_key(number)), max_bytes=MAX_BYTES)
        except (Missing, BadDocument):
            return frozenset()
        entries = document.get("recordings") if isinstance(document, dict) else None
        entries = entries if isinstance(entries, list) else []
        said = [each for each in entries if isinstance(each, dict)]
        return frozenset(str(each.get("id")) for each in said if each.get("outcome") == _ARCHIVED)

    def naming(self, keys: Collection[str]) -> frozenset[str]:
        """Return which of these files the chain names anywhere."""
        files = (file for _head, manifest in self.manifests() for file in manifest.files())
        return frozenset(file.path for file in files if file.path in keys)

    def append(self, build: Callable[[Head | None], Manifest]) -> Head:
        """Write what ``build`` makes of the head, and return the new head.

        ``build`` is called again whenever someone else took the number first.
        """
        while True:
            below = self.head()
            self._make_durable(below)
            manifest = replace(build(below), identity=self.archive().digest)
            if manifest.previous != below:
                raise ValueError("a manifest must follow the head that it was built on")
            text = manifest.to_json()
            if len(text) > MAX_BYTES:
                raise ValueError("a manifest that nothing would read: write several")
            key = manifest_key(manifest.number)
            try:
                self._store.put(key, text)
            except Exists:
                continue
            self._durable = head_of(key, text)
            self._remember(self._durable)
            return self._durable

    def sidecar(self, file: File) -> Sidecar | None:
        """Return what a sidecar says, ``None`` when it is missing, unreadable or damaged."""
        try:
            text = self._read(file.path)
            is_as_entered = hashlib.sha256(text).hexdigest() == file.sha256
            return read_sidecar(text) if is_as_entered else None
        except (Missing, BadDocument, ChainBroken):
            return None

    def calls(self, file: File) -> list[dict[str, Json]] | None:
        """Return the rows of a file of calls, ``None`` when it is missing or damaged."""
        try:
            text = self._read(file.path)
            is_as_entered = hashlib.sha256(text).hexdigest() == file.sha256
            return read_calls(text) if is_as_entered else None
        except (Missing, BadDocument, ChainBroken):
            return None

    def _last(self) -> int:
        """Return the number of the highest manifest; raises :class:`ChainBroken` if one is missing.

        That is so in the middle, and above it where one was seen or is hidden.
        """
        # What is remembered is asked for first: other runs may add to the chain meanwhile.
        seen = self._memory.head(self.archive().archive) if self._memory else None
        last = 0
        for item in self._store.items("manifests/"):
            number = manifest_number(item.key)
            if number is not None and number != last + 1:
                raise broken(Problem(manifest_key(last + 1), None, "the file is missing"))
            last = number or last
        if self._store.is_hidden(manifest_key(last + 1)):
            raise hidden(last + 1)
        if self._memory and seen and self._seen_at(seen.number, last) != seen:
            raise set_back(seen, last, self._memory.place)
        if last and not self._is_named:
            see_named(manifest_key(last), self._read(manifest_key(last)), self.archive())
            self._is_named = True
        return last

    def _seen_at(self, number: int, last: int) -> Head | None:
        return self.head_at(number) if number <= last else None

    def _remember(self, head: Head) -> None:
        """Remember a head, once it can't be lost with the power; where that can't be, don't."""
        if self._memory is None or self._memory.head(self.archive().archive) == head:
            return
        with suppress(DestinationRefused, Missing):
            self._make_durable(head)
            self._memory.remember(self.archive().archive, head)

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

    def _read(self, key: str) -> bytes:
        try:
            with self._store.open(key) as file:
                return file.read(MAX_BYTES + 1)
        except OSError as error:
            raise ChainBroken(
                f"{key} cannot be read.",
                advice="Run it again; if it stays so, restore the file from a copy.",
            ) from error
