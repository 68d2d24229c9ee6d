"""What a hold binds gets the bucket's own legal hold as well, as far as that is not noted.

Whoever adds a hold sets that on all there is. What a standing hold matches later, and a newer
version of what any hold binds, has it from the run that archived it, or from the next one; and so
has what was held already when it was copied into this bucket.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct

from archiver.concurrency.stop import StopRequested
from archiver.concurrency.threads import some_at_once
from archiver.domain.recordings import RecordingId
from archiver.errors import DestinationError, Missing
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.records.holds import OpenHold
from archiver.manifest.state import RecordingState
from archiver.open_archive import OpenArchive
from archiver.removal.holds.in_force import HoldsInForce
from archiver.removal.holds.legal_holds import HELD_AT_ONCE, LegalHolds
from archiver.store.base import Item, Store

_Files = Mapping[str, ArchivedFile]
"""Files by what the catalog notes once the legal hold of each is set."""


class HeldArrivals(Struct, frozen=True):
    """How many recordings got the legal hold, of how many it could not be set, and why not."""

    count: int = 0
    failed: int = 0
    why: str = ""


class _Outcome(Struct, frozen=True):
    """Whether the legal hold is set; ``why`` is empty where the bucket can't lock at all."""

    is_set: bool
    why: str = ""


def hold_arrivals(holds: LegalHolds, stop_requested: StopRequested) -> HeldArrivals:
    """Set the legal hold on what a hold binds and is not noted, until asked to stop.

    Where another machine releases that meanwhile, it is ended again. A bucket that can't lock has
    none, and nothing is wrong with that: the chain forbids it there as well.
    """
    if not holds.may_be_set:
        return HeldArrivals()
    archive, before = holds.archive, _in_force(holds.archive)
    due = _due(archive, before)
    outcomes = dict(_set(archive.store, due, stop_requested))
    done = [id_ for id_, each in outcomes.items() if each.is_set]
    if _in_force(archive) != before:
        holds.end(done)
    archive.catalog.note_locked([note for id_ in done for note in due[id_]])
    failed = [each.why for each in outcomes.values() if each.why]
    return HeldArrivals(len(done), len(failed), next(iter(failed), ""))


def note_held(archive: OpenArchive, hold: int, ids: Collection[RecordingId]) -> None:
    """Note that what is there of these has the legal hold, by a hold that was just added."""
    known = archive.catalog.recordings.many(ids).values()
    files = (file for each in known for file in _files_of(each))
    archive.catalog.note_locked([_note(hold, file) for file in files])


def _in_force(archive: OpenArchive) -> dict[int, OpenHold]:
    archive.follow()
    return archive.catalog.holds.in_force()


def _due(archive: OpenArchive, in_force: Mapping[int, OpenHold]) -> dict[RecordingId, _Files]:
    """Return what a hold binds, with the files that are not noted.

    Each is noted by the newest: where that is added, an older note may tell of a mark that ended.
    """
    catalog, found = archive.catalog, HoldsInForce([*in_force.values()], archive)
    bound: defaultdict[RecordingId, list[int]] = defaultdict(list)
    for hold in found.holds:
        for id_ in found.everything_bound_by(hold):
            bound[id_].append(hold.number)
    files = {
        id_: {_note(max(bound[id_]), file): file for file in _files_of(known)}
        for id_, known in catalog.recordings.many(bound).items()
    }
    lacking = catalog.recordings.not_locked(note for some in files.values() for note in some)
    due = {id_: {n: some[n] for n in some if n in lacking} for id_, some in files.items()}
    return {id_: some for id_, some in due.items() if some}


def _files_of(known: RecordingState) -> Iterator[ArchivedFile]:
    every = (known.audio, known.sidecar, known.refused_audio, known.refused_sidecar)
    return (each for each in every if each)


def _note(hold: int, file: ArchivedFile) -> str:
    """Return what is noted; what was put back under the same name is another version."""
    return f"hold {hold}: {file.path} {file.version or ''}"


def _set(
    store: Store, due: Mapping[RecordingId, _Files], stop_requested: StopRequested
) -> Iterator[tuple[RecordingId, _Outcome]]:
    """Yield what comes of each; none but the first is tried where the bucket can't lock."""
    first, rest = [*due][:1], [*due][1:]

    def one(id_: RecordingId) -> _Outcome:
        return _held(store, due[id_].values())

    for id_ in first:
        outcome = one(id_)
        yield id_, outcome
        if outcome.is_set or outcome.why:
            yield from some_at_once(rest, one, HELD_AT_ONCE, stop_requested)


def _held(store: Store, files: Iterable[ArchivedFile]) -> _Outcome:
    """Set it on every version that lies under the names of these, and of their former versions."""
    try:
        items = {item: None for file in files for item in _versions_of(store, file)}
        return _Outcome(all(store.locking.set_legal_hold(each.key, each.version) for each in items))
    except (DestinationError, Missing) as error:
        return _Outcome(is_set=False, why=error.message)


def _versions_of(store: Store, file: ArchivedFile) -> list[Item]:
    """Return what lies there of a recording whose name is that of a file, up to the hash."""
    folder, _, name = file.path.rpartition("/")
    named = store.versions(f"{folder}/{name.partition('.')[0]}.")
    items = [item for item in named if not item.is_marker]
    if file.path not in {item.key for item in items}:
        raise Missing(f"The archive has no {file.path}.")
    return items
