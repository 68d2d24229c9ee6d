"""Taking recordings away: their tombstones first, then their bytes, then that they are gone.

It may be killed anywhere. From the tombstones on, all that reads the chain takes the recordings for
erased; what was begun and is not at its end is finished by whoever takes something away next.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from archiver.catalog import Catalog
from archiver.domain.layout import BadKey, Shelf, aside_key, is_set_aside
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId
from archiver.domain.row.identity import goes_by
from archiver.errors import DestinationError, Missing
from archiver.manifest.builder import Statement
from archiver.manifest.model import Entry, Manifest, ManifestKind
from archiver.manifest.records.erasures import Cause, Erasure, ErasureStep, Tombstone, TwoClocks
from archiver.manifest.records.files import ArchivedFile, CallFile, Head
from archiver.manifest.state import RecordingState, erased_entry
from archiver.open_archive import OpenArchive
from archiver.removal.belongings import Belongings, lying_there, named_by_chain, unlisted
from archiver.removal.call_rows import CallFilesWithout, has_rows, require_read, without_rows
from archiver.removal.forbidding import Forbidden, StillHeld, binding, forbidden
from archiver.removal.holds.deferring import holds_since
from archiver.removal.holds.in_force import HoldsInForce
from archiver.removal.remains import Remains
from archiver.store.base import Item, Store

Said = tuple[Erasure, Iterable[Entry], Iterable[CallFile]]
"""An erasure, what becomes of its recordings, and the files of calls that take others' place."""
CALL_PLACES = ("calls/", f"{Shelf.QUARANTINE}/calls/")
"""Where files of calls lie: under their names, and set aside."""


class Taking(Struct, frozen=True):
    """What is to be taken away, and who decided it and why.

    ``calls`` are the calls of each recording whose rows go with it. A disposal goes by a ``plan``
    (its SHA-256) and by ``clocks``. ``kept`` tells until when (UTC) a retention rule keeps any.
    """

    recordings: tuple[RecordingState, ...]
    cause: Cause
    by: str
    reason: str
    second: str | None
    calls: Mapping[RecordingId, tuple[RecordingId, ...]]
    plan: str | None = None
    clocks: TwoClocks | None = None
    kept: Callable[[], datetime | None] = lambda: None

    def __post_init__(self) -> None:
        if not self.recordings or len({*self.ids}) < len(self.ids):
            raise ValueError("each recording is taken away once, and one at least")

    @property
    def ids(self) -> tuple[RecordingId, ...]:
        """The recordings."""
        return tuple(each.id for each in self.recordings)

    @property
    def call_ids(self) -> frozenset[RecordingId]:
        """All calls whose rows go."""
        return frozenset(call for some in self.calls.values() for call in some)


class RemovalScope(Struct, frozen=True):
    """All that a taking would remove, and what forbids it. ``items`` are versions and markers."""

    named: Belongings
    items: tuple[Item, ...]
    calls: CallFilesWithout
    forbidden: Forbidden


class Removal(Struct, frozen=True):
    """Takes recordings away from one archive, whose lock is held."""

    archive: OpenArchive

    def look(self, taking: Taking) -> RemovalScope:
        """Return what there is of what is to be taken away, as it is now; writes nothing."""
        named = named_by_chain(self.archive.journal, set(taking.ids))
        require_read(self.archive.catalog, named.calls, taking.recordings)
        calls = without_rows(self.archive.documents, named.calls, taking.call_ids)
        leftovers = self._leftovers_with(taking.call_ids)
        items = self._there(named, calls, leftovers)
        in_force = HoldsInForce.by(named.holds, self.archive)
        held = forbidden(self.archive.store, in_force, set(taking.ids), items)
        held = held.or_held(self._holds_on(leftovers)).or_kept(taking.kept())
        return RemovalScope(named, items, calls, held)

    def begin(
        self, taking: Taking, see: Callable[[RemovalScope], object] = lambda _found: None
    ) -> tuple[Head, Erasure]:
        """Enter tombstones, or that they are refused; return that head and what it says.

        What forbids it is asked of the chain as it is at that moment, and of each version. So is
        ``see``, which is shown what would go, and raises where that is not what was decided upon:
        then nothing is entered.
        """

        def say() -> Said:
            found = self.look(taking)
            see(found)
            erasure = _erasure(taking, found, self.archive.catalog)
            is_begun = erasure.step is ErasureStep.BEGUN
            return erasure, (), found.calls.store(self.archive.store) if is_begun else ()

        return self._entered(say)

    def unfinished(self) -> Iterator[Erasure]:
        """Yield what was begun and is not at its end, the first first."""
        begun = {*self.archive.catalog.erased.begun()}
        if begun:
            for head, manifest in self.archive.journal.manifests(after=min(begun) - 1):
                if head.number in begun and manifest.erasure:
                    yield manifest.erasure

    def returned(self, ids: Collection[RecordingId] | None = None) -> list[Erasure]:
        """Return the erasures of these, or of all, of which something lies there again.

        What was undone since and fetched again stays: see :class:`Remains`.
        """
        remains = Remains()
        for _head, manifest in self.archive.journal.extract.of():
            remains.take_in(manifest)
        own = [*remains.of(ids)]
        if not own or not self._items_of(_joined(own)):
            return []
        return [each for each in own if self._items_of(each)]

    def remove(self, erasure: Erasure) -> int:
        """Remove all that lies there of an erasure; return how many versions and markers that were.

        Raises :class:`DestinationError` where a listing afterwards has any of it, or it is there by
        its name though no listing has it, and :class:`StillHeld`, removing nothing, where a hold
        binds it since.
        """
        if holds := self.deferring(erasure):
            raise StillHeld(holds)
        items = self._items_of(erasure)
        for key in dict.fromkeys(item.key for item in items):
            self.archive.store.clearing.remove_versions(key)
        left = [item.key for item in self._items_of(erasure)]
        if left := left or [*_there_by_name(self.archive.store, erasure)]:
            raise _still_there(left)
        return len(items)

    def deferring(self, erasure: Erasure) -> tuple[int, ...]:
        """Return the numbers of holds that keep what is left of an erasure, by the chain as it is.

        They came since it was begun, and bind it, or another's rows in a file that goes with it.
        """
        self.archive.follow()
        others = self._holds_on(self._leftovers_with(erasure.call_ids))
        return tuple(sorted({*self._holds_since(erasure), *others}))

    def refuse(self, begun: Erasure, holds: tuple[int, ...]) -> Head:
        """Enter that what was begun was to be finished, and these holds kept it."""
        refused = replace(begun, step=ErasureStep.REFUSED, calls=(), holds=holds)
        return self._entered(lambda: (refused, (), ()))[0]

    def finish(self, begun: Erasure) -> tuple[Head, int]:
        """Remove the bytes of what was begun, and enter that they are gone.

        Returns the head, and how many versions were removed. Raises what :meth:`remove` does; then
        nothing says that it is gone.
        """
        removed = self.remove(begun)
        done = replace(begun, step=ErasureStep.DONE, left=0)
        head, _ = self._entered(lambda: (done, map(erased_entry, done.tombstones), ()))
        return head, removed

    def erased(self, ids: Collection[str] | None) -> dict[RecordingId, Tombstone]:
        """Return the last tombstones of what goes by these ids, or of all, erased to the end."""
        found: dict[RecordingId, Tombstone] = {}
        for _head, manifest in self.archive.journal.extract.of():
            for each in manifest.erasure.tombstones if manifest.erasure else ():
                step = manifest.erasure and manifest.erasure.step
                is_meant = ids is None or any(goes_by(each.id, named) for named in ids)
                if step is ErasureStep.DONE and is_meant:
                    found[each.id] = each
                elif step is not ErasureStep.REFUSED:
                    found.pop(each.id, None)
        return found

    def undo(self, erasure: Erasure) -> Head:
        """Enter that recordings may be fetched again; nothing is brought back."""
        return self._entered(lambda: (erasure, (), ()))[0]

    def _entered(self, say: Callable[[], Said]) -> tuple[Head, Erasure]:
        """Enter what is said of the archive as it is by then; return that head and what it says."""

        def decide(below: Head | None) -> tuple[Manifest, Erasure]:
            erasure, entries, calls = say()
            statement = Statement(ManifestKind.ERASE, self.archive.id, erasure=erasure)
            findings = self.archive.catalog.findings.standing()
            return statement.on(below, entries, findings, calls), erasure

        return self.archive.enter(decide)

    def _items_of(self, erasure: Erasure) -> list[Item]:
        """Return every version and marker that lies there of what is to be taken away.

        Of a recording that was fetched again, only what its tombstone names and is not its own by
        now; of one that was merely undone, nothing.
        """
        known = self.archive.catalog.recordings.many(erasure.ids)
        alive = {id_: each for id_, each in known.items() if each.outcome is not Outcome.ERASED}
        own = {file.path for each in alive.values() for file in _files_of(each)}
        again = (each for each in erasure.tombstones if each.id in alive and alive[each.id].held)
        former = (file for each in again for file in each.files if file.path not in own)
        items = [
            *lying_there(self.archive.store, {*erasure.ids}.difference(alive)),
            *(item for file in (*former, *erasure.calls) for item in self._named(file)),
            *self._leftovers_with(erasure.call_ids),
        ]
        return [*dict.fromkeys(items)]

    def _leftovers_with(self, calls: Collection[RecordingId]) -> list[Item]:
        """Return the files of calls with rows of these that do not count, or were set aside.

        A run stored them and was killed before it could enter them; or others took their place,
        and whoever was to remove them was killed, or is deferred.
        """
        if not calls:
            return []
        counting = {each.file.path for each in named_by_chain(self.archive.journal, ()).calls}
        every = (item for place in CALL_PLACES for item in self.archive.store.versions(place))
        left = (item for item in every if item.key not in counting and not item.is_marker)
        return [item for item in left if self._has_rows(item, calls)]

    def _holds_on(self, leftovers: Collection[Item]) -> tuple[int, ...]:
        """Return the holds that defer an erasure whose rows are in any of these files."""
        holds = {
            number
            for begun in (self.unfinished() if leftovers else ())
            if any(self._has_rows(item, begun.call_ids) for item in leftovers)
            for number in self._holds_since(begun)
        }
        return tuple(sorted(holds))

    def _holds_since(self, erasure: Erasure) -> tuple[int, ...]:
        """Return the holds that came since an erasure was begun, and bind it."""
        since = [*holds_since(self.archive.journal, erasure)]
        return binding(HoldsInForce(since, self.archive), erasure.ids)

    def _has_rows(self, item: Item, calls: Collection[RecordingId]) -> bool:
        with suppress(Missing, BadKey):
            return has_rows(self.archive.documents.read(item.key, item.version), calls)
        return False

    def _there(
        self, named: Belongings, calls: CallFilesWithout, leftovers: Iterable[Item]
    ) -> tuple[Item, ...]:
        """Return every version and marker of what would go, also of what no listing has."""
        store, files = self.archive.store, [each.file for each in calls.gone]
        copies = (item for file in files for item in self._named(file))
        listed = dict.fromkeys((*lying_there(store, named.files), *copies, *leftovers))
        files += (file for some in named.files.values() for file in some)
        return (*listed, *unlisted(store, files, listed))

    def _named(self, file: ArchivedFile) -> Iterator[Item]:
        """Yield what lies under the name of a file, and what of it was set aside."""
        versions = self.archive.store.versions
        yield from (item for item in versions(file.path) if item.key == file.path)
        aside = aside_key(file.path, file.sha256).rsplit(".", 2)[0]
        yield from (item for item in versions(f"{aside}.") if is_set_aside(item.key))


def _files_of(known: RecordingState) -> Iterator[ArchivedFile]:
    """Yield the files by which a recording stands now."""
    yield from filter(None, (known.audio, known.sidecar, *known.newest))


def _joined(erasures: list[Erasure]) -> Erasure:
    """Return several as one."""
    tombstones = tuple(each for one in erasures for each in one.tombstones)
    calls = tuple(each for one in erasures for each in one.calls)
    return replace(erasures[0], tombstones=tombstones, calls=calls)


def _erasure(taking: Taking, found: RemovalScope, catalog: Catalog) -> Erasure:
    held, tombstones = found.forbidden, tuple(_tombstones(taking, found, catalog))
    return Erasure(
        step=ErasureStep.REFUSED if held else ErasureStep.BEGUN,
        cause=taking.cause,
        by=taking.by,
        second=taking.second,
        reason=taking.reason,
        plan=taking.plan,
        tombstones=tombstones,
        exports=found.named.exports,
        left=None,
        calls=tuple(each.file for each in found.calls.gone),
        holds=held.holds,
        until=held.until,
        has_legal_hold=held.has_legal_hold,
        clocks=taking.clocks,
    )


def _tombstones(taking: Taking, found: RemovalScope, catalog: Catalog) -> Iterator[Tombstone]:
    for each in taking.recordings:
        files = found.named.files[each.id]
        calls = tuple(sorted(taking.calls.get(each.id, ())))
        days = tuple(catalog.calls.last_day_of(call) or each.day for call in calls)
        yield Tombstone(each.id, each.source, each.at, files, calls, days)


def undone(
    tombstones: tuple[Tombstone, ...], by: str, reason: str, second: str | None = None
) -> Erasure:
    """Return what is entered where erased recordings may be fetched again."""
    return Erasure(
        step=ErasureStep.UNDONE,
        cause=Cause.ERASURE,
        by=by,
        second=second,
        reason=reason,
        plan=None,
        tombstones=tombstones,
        exports=(),
        left=None,
    )


def _there_by_name(store: Store, erasure: Erasure) -> Iterator[str]:
    """Yield what the chain named and is there: a listing may lag behind what a name gives."""
    named = (file for each in erasure.tombstones for file in each.files)
    yield from (item.key for item in unlisted(store, (*named, *erasure.calls), ()))


def _still_there(left: list[str]) -> DestinationError:
    return DestinationError(
        f"{len(left)} versions of what was to be erased are still there, such as {left[0]}.",
        advice="The erasure is not at its end. Find out who writes there, then erase again.",
    )
