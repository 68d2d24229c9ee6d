"""Which of the recordings that are due may go now: what holds and locks leave, up to a number."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from archiver.app.disposing.due import DueRecording
from archiver.calls.linking import calls_of
from archiver.domain.layout import day_named, recording_of, safe_id
from archiver.domain.recordings import RecordingId
from archiver.domain.times.window import DAY
from archiver.manifest.documents import Documents
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.state import RecordingState
from archiver.open_archive import OpenArchive
from archiver.removal.belongings import Belongings, lying_there, named_by_chain, unlisted
from archiver.removal.call_rows import CallFilesWithout, calls_in, require_read, without_rows
from archiver.removal.forbidding import Forbidden, locked
from archiver.removal.holds.in_force import HoldsInForce
from archiver.store.base import Item


class DisposalSelection(Struct, frozen=True):
    """What may go, and what of it is due and stays.

    ``chosen`` may go: so many ``versions`` of files, their ``bytes``, and rows of ``calls``. Those
    ``held`` are bound by ``holds``, or by a legal hold of the bucket; those ``locked`` until a
    date, the last ``until`` (UTC). Of what is ``unreadable``, no sidecar bears out what the catalog
    knows. So many are left for ``later``.
    """

    chosen: tuple[DueRecording, ...] = ()
    versions: int = 0
    bytes: int = 0
    calls: tuple[RecordingId, ...] = ()
    call_rows: int = 0
    held: int = 0
    holds: tuple[int, ...] = ()
    locked: int = 0
    until: datetime | None = None
    unreadable: tuple[RecordingId, ...] = ()
    later: int = 0
    hold_changes: int = 0

    def without(self, why: Forbidden) -> "DisposalSelection":
        """Count one more that stays."""
        if why.until and not (why.holds or why.has_legal_hold):
            until = max(why.until, self.until or why.until)
            return replace(self, locked=self.locked + 1, until=until)
        holds = tuple(sorted({*self.holds, *why.holds}))
        return replace(self, held=self.held + 1, holds=holds)


class Selector(Struct, frozen=True):
    """Chooses from what is due in one archive; nothing is written."""

    archive: OpenArchive

    def choose(self, due: Sequence[DueRecording], most: int) -> DisposalSelection:
        """Return the oldest that may go, ``most`` at most, and count what stays."""
        ids = {each.recording.id for each in due}
        named = named_by_chain(self.archive.journal, ids)
        chosen = DisposalSelection(hold_changes=len(named.holds))
        free: list[DueRecording] = []
        bound = HoldsInForce.by(named.holds, self.archive).binding(ids)
        for each in due:
            if holds := bound.get(each.recording.id):
                chosen = chosen.without(Forbidden(holds))
            else:
                free.append(each)
        return self._unlocked(chosen, free, named, most)

    def _unlocked(
        self, chosen: DisposalSelection, free: Sequence[DueRecording], named: Belongings, most: int
    ) -> DisposalSelection:
        lies = _by_recording(lying_there(self.archive.store, {each.recording.id for each in free}))
        rows = self._locked_rows(free, named)
        some: list[DueRecording] = []
        for number, each in enumerate(free):
            if len(some) == most:
                chosen = replace(chosen, later=len(free) - number)
                break
            items = lies[safe_id(each.recording.id)]
            items += unlisted(self.archive.store, named.files[each.recording.id], items)
            why = locked(self.archive.store, items) or rows.get(each.recording.id)
            if why:
                chosen = chosen.without(why)
            elif borne_out(self.archive.documents, named, each.recording):
                some.append(each)
            else:
                chosen = replace(chosen, unreadable=(*chosen.unreadable, each.recording.id))
        return self._measured(replace(chosen, chosen=tuple(some)), named, lies)

    def _locked_rows(
        self, free: Iterable[DueRecording], named: Belongings
    ) -> Mapping[RecordingId, Forbidden]:
        """Return the recordings with a row in a file of calls that is locked, and how it is."""
        store = self.archive.store
        if not store.capabilities.locks:
            return {}
        calls = calls_of(self.archive.catalog, (each.recording for each in free))
        rows: dict[RecordingId, Forbidden] = {}
        for file in self._without(named, calls).gone:
            path = file.file.path
            items = [item for item in store.versions(path) if item.key == path]
            if why := locked(store, (*items, *unlisted(store, (file.file,), items))):
                rows |= dict.fromkeys(calls_in(self.archive.documents, file), why)
        among = {id_: [rows[each] for each in some if each in rows] for id_, some in calls.items()}
        return {id_: some[0] for id_, some in among.items() if some}

    def _without(
        self, named: Belongings, calls: Mapping[RecordingId, Collection[RecordingId]]
    ) -> CallFilesWithout:
        every = {call for some in calls.values() for call in some}
        return without_rows(self.archive.documents, named.calls, every)

    def _measured(
        self, selection: DisposalSelection, named: Belongings, lies: Mapping[str, Sequence[Item]]
    ) -> DisposalSelection:
        """Add what goes with the chosen."""
        recordings = [each.recording for each in selection.chosen]
        items = [item for each in recordings for item in lies[safe_id(each.id)]]
        require_read(self.archive.catalog, named.calls, recordings)
        calls = calls_of(self.archive.catalog, recordings)
        return replace(
            selection,
            calls=tuple(sorted({call for some in calls.values() for call in some})),
            versions=sum(not item.is_marker for item in items),
            bytes=sum(item.bytes for item in items),
            call_rows=self._without(named, calls).rows,
        )


def borne_out(documents: Documents, named: Belongings, recording: RecordingState) -> bool:
    """Whether the chain names the files of a recording, and its sidecars can be read.

    None of them may tell of a later call than the catalog does. Nor may any file that the chain
    ever named of it be of a later day, but for the next: a portal corrects times over a midnight,
    and one that puts a call years back makes nothing due.
    """
    pairs = (recording.sidecar, recording.refused_sidecar)
    files = {each for each in (*pairs, recording.audio, recording.refused_audio) if each}
    sidecars = [documents.sidecar(each) for each in pairs if each]
    times = [each.created_at if each else None for each in sidecars]
    every = named.files[recording.id]
    is_borne_out = all(at and recording.at and at <= recording.at for at in times)
    return files <= {*every} and bool(times) and is_borne_out and not _is_of_later(every, recording)


def _is_of_later(files: Iterable[ArchivedFile], recording: RecordingState) -> bool:
    """Whether one of the files is of a day after the recording's, and the next."""
    if recording.at is None:
        return True
    days = {day for each in files if (day := day_named(each.path)) is not None}
    return any(day - recording.at.date() > DAY for day in days)


def _by_recording(items: Iterable[Item]) -> Mapping[str, list[Item]]:
    """Return what lies there by the safe ids of recordings."""
    lies: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        lies[recording_of(item.key) or ""].append(item)
    return lies
