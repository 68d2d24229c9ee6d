"""A chain without the entries that nobody asks about: read once, and then asked often.

Whoever removes, holds or releases recordings asks the chain several things, and asks again when it
is entered: by then others may have appended to it. To read all of it each time takes longer than
everything else.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Literal

from msgspec.structs import replace

from archiver.domain.recordings import RecordingId
from archiver.manifest.model import Entry, Manifest
from archiver.manifest.records.erasures import Erasure
from archiver.manifest.records.files import Head

Read = Callable[[Head | Literal[0]], Iterator[tuple[Head, Manifest]]]
"""Yields the manifests above a head, or all; raises where the chain has another one there."""


class Extract:
    """The manifests that ``read`` yields, each with the entries that were asked about, and no days.

    Entries of what an earlier manifest took away are always kept. Used from one thread.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._ids = set[RecordingId]()
        self._forget()

    def want(self, ids: Collection[RecordingId]) -> None:
        """Keep the entries of these as well: who will ask about them later spares a reading."""
        if not self._ids.issuperset(ids):
            self._ids.update(ids)
            self._forget()

    def of(self, ids: Collection[RecordingId] = ()) -> Iterator[tuple[Head, Manifest]]:
        """Yield the manifests of the chain as it is now, with the entries of these at least.

        Raises :class:`archiver.errors.ChainBroken` at a break.
        """
        self.want(ids)
        for head, manifest in self._read(self._kept[-1][0] if self._kept else 0):
            self._kept.append((head, self._without_others(manifest)))
        yield from self._kept

    def _forget(self) -> None:
        self._kept: list[tuple[Head, Manifest]] = []
        self._taken = set[RecordingId]()
        self._paths = set[str]()

    def _without_others(self, manifest: Manifest) -> Manifest:
        if manifest.erasure:
            self._note(manifest.erasure)
        entries = tuple(each for each in manifest.recordings if self._is_asked_about(each))
        return replace(
            manifest, recordings=entries, windows=(), held=(), unlisted=(), days=(), certificates=()
        )

    def _note(self, erasure: Erasure) -> None:
        files = (file for each in erasure.tombstones for file in each.files)
        self._paths.update(file.path for file in (*files, *erasure.calls))
        self._taken.update(erasure.ids)

    def _is_asked_about(self, entry: Entry) -> bool:
        if entry.id in self._ids or entry.id in self._taken:
            return True
        files = (entry.audio, entry.sidecar) if self._paths else ()
        return any(file.path in self._paths for file in files if file)
