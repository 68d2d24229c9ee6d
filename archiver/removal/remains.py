"""What lies there of erasures that are at their end, where it should be gone. Pure.

It came back with files of a copy, or a copy had it when it was given the tombstones. Of a recording
whose erasure was undone and that was fetched again since, only those of its files are meant that
the chain names no more. One that was undone and not fetched is left alone: what a copy has of it
may be the last there is.
"""

from collections.abc import Collection, Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId
from archiver.manifest.model import Manifest
from archiver.manifest.records.erasures import Erasure, ErasureStep, Tombstone


class Remains(Struct):
    """What the manifests taken in took away for good, and have not named again."""

    _done: list[Erasure] = field(default_factory=list)
    _paths: set[str] = field(default_factory=set)
    _erased: set[RecordingId] = field(default_factory=set)
    _undone: set[RecordingId] = field(default_factory=set)
    _fetched: set[RecordingId] = field(default_factory=set)

    def take_in(self, manifest: Manifest) -> None:
        """Take in the next manifest."""
        if self._paths:
            self._paths.difference_update(_named(manifest))
        if self._undone:
            archived = (e.id for e in manifest.recordings if e.outcome is Outcome.ARCHIVED)
            fetched = self._undone.intersection(archived)
            self._undone -= fetched
            self._fetched |= fetched
        if manifest.erasure and manifest.erasure.step is not ErasureStep.REFUSED:
            self._take_in(manifest.erasure)

    def _take_in(self, erasure: Erasure) -> None:
        ids = {*erasure.ids}
        for state in (self._erased, self._undone, self._fetched):
            state.difference_update(ids)
        if erasure.step is ErasureStep.UNDONE:
            self._undone |= ids
        elif erasure.step is ErasureStep.DONE:
            self._erased |= ids
            self._done.append(erasure)
            files = (file for each in erasure.tombstones for file in each.files)
            self._paths.update(file.path for file in (*files, *erasure.calls))

    def of(self, ids: Collection[RecordingId] | None) -> Iterator[Erasure]:
        """Yield what each erasure took away of these recordings, or of all, and should be gone.

        A tombstone names but the files that should be; those of what is erased still name them all.
        """
        for erasure in self._done:
            wanted = (each for each in erasure.tombstones if ids is None or each.id in ids)
            if tombstones := tuple(filter(None, map(self._part_of, wanted))):
                calls = tuple(each for each in erasure.calls if each.path in self._paths)
                yield replace(erasure, tombstones=tombstones, calls=calls)

    def _part_of(self, tombstone: Tombstone) -> Tombstone | None:
        if tombstone.id in self._erased:
            return tombstone
        if tombstone.id not in self._fetched:
            return None
        files = tuple(file for file in tombstone.files if file.path in self._paths)
        return replace(tombstone, files=files, calls=(), call_days=())


def _named(manifest: Manifest) -> Iterator[str]:
    for entry in manifest.recordings:
        yield from (file.path for file in (entry.audio, entry.sidecar) if file)
    yield from (each.file.path for each in manifest.calls)
