"""Erasing recordings in every version, with tombstones in the chain: from request to result."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.app.disposing.kept import kept_until
from archiver.app.disposing.spared import is_spared
from archiver.app.keeping.numbers_left import by_other_row, calls_left
from archiver.app.keeping.removing import (
    agreed_by,
    as_now,
    meant,
    open_for_removal,
    require_known,
)
from archiver.app.opening.archive.archives import open_existing
from archiver.app.opening.archive.compliance import confirm
from archiver.app.opening.archive.kept_copy import warn_of_copy
from archiver.app.opening.context import Context
from archiver.app.opening.filtering import MayBeMissing, tell_window
from archiver.app.opening.reason import checked_words
from archiver.app.opening.user import whoever
from archiver.calls.linking import calls_of
from archiver.calls.unmatched import unmatched
from archiver.catalog import Catalog
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId
from archiver.domain.row.identity import goes_by
from archiver.errors import ExitCode, UsageError
from archiver.filters.filters import Filters
from archiver.filters.request import FilterRequest
from archiver.filters.short_ids import as_kept
from archiver.manifest.records.erasures import Cause, Erasure
from archiver.manifest.records.files import Head
from archiver.open_archive import OpenArchive
from archiver.removal.filter_strays import remove_hold_strays
from archiver.removal.forbidding import Forbidden, StillHeld
from archiver.removal.taking import Removal, RemovalScope, Taking, undone


class EraseRequest(Struct, frozen=True):
    """Which recordings are erased, why, and by whom (else by ``ARCHIVER_BY``).

    A ``second`` person may stand beside who decides. A ``dry_run`` writes nothing. Without any
    filter, only what earlier erasures left undone is finished.
    """

    filters: FilterRequest = field(default_factory=FilterRequest)
    reason: str = ""
    by: str | None = None
    second: str | None = None
    dry_run: bool = False

    def checked(self, context: Context) -> "EraseRequest":
        """Return the same. Raises :class:`UsageError` for what can't be read, or can't be kept."""
        self.filters.check(datetime.now(UTC).replace(tzinfo=None))
        if self.filters.is_empty:
            return self
        checked_words(self.reason, "--reason")
        return replace(self, second=agreed_by(self.second, self.by, context))

    def taking(
        self, archive: OpenArchive, ids: tuple[RecordingId, ...], context: Context
    ) -> Taking:
        """Return what is to be taken away of these recordings, as they stand now."""
        known = archive.catalog.recordings.many(ids)
        recordings = tuple(known[id_] for id_ in ids)
        return Taking(
            recordings,
            Cause.ERASURE,
            whoever(self.by, context.environ),
            checked_words(self.reason, "--reason"),
            self.second,
            calls_of(archive.catalog, recordings),
            kept=lambda: kept_until(context, archive, recordings),
        )


class ErasePlan(Struct, frozen=True):
    """What would go: so many versions of files, their bytes, and rows of calls.

    ``exports`` are runs that may have handed any of it over. ``unfinished`` erasures are finished
    first. Recordings that were erased before and ``returned`` lie there again, as do rows of their
    calls; of what was undone and fetched again, former files do. They are removed, and the chain
    says nothing more of it. What ``forbidden`` says must be over before. Where a number is asked
    for, ``hold_filters`` are private files of holds that may have it in them, and stay. So may the
    rows of the calls of ``unmatched``: nothing here tells which these are. What is ``spared`` is
    held, and fits only by what became of a newer version: it is not meant. ``by_other_row`` a
    number is that of a former row, or of a version that was refused. ``calls_left`` tells,
    where a person's number is asked for, of how many calls rows with it stay, by their days.
    """

    ids: tuple[RecordingId, ...]
    versions: int = 0
    bytes: int = 0
    call_rows: int = 0
    exports: tuple[str, ...] = ()
    unfinished: int = 0
    returned: tuple[RecordingId, ...] = ()
    forbidden: Forbidden = field(default_factory=Forbidden)
    missing: MayBeMissing = field(default_factory=MayBeMissing)
    hold_filters: int = 0
    unmatched: tuple[RecordingId, ...] = ()
    spared: tuple[RecordingId, ...] = ()
    by_other_row: tuple[RecordingId, ...] = ()
    calls_left: Mapping[date | None, int] = field(default_factory=dict)

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is left to be done."""
        return not (self.ids or self.unfinished or self.returned)

    @property
    def is_partial(self) -> bool:
        """Whether something that is meant may be left."""
        return bool(self.unmatched or self.calls_left) or not self.missing.is_nothing


class EraseResult(Struct, frozen=True):
    """What was planned, how many ``versions`` were removed, and the head.

    ``refused`` says what forbade it: then nothing was removed, and the chain says so. Recordings
    whose erasure was begun, and that holds bind since, are ``deferred``. Where what is meant, or
    may be, came meanwhile and was not shown, it ``has_more``: that is left. Without ``agreed``
    nothing was written.
    """

    plan: ErasePlan
    agreed: bool
    head: Head | None
    erased: int = 0
    versions: int = 0
    refused: Forbidden | None = None
    deferred: tuple[RecordingId, ...] = ()
    deferred_by: tuple[int, ...] = ()
    has_more: bool = False

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where all that was asked for is gone, or nothing was to be done."""
        is_left = self.refused or self.deferred or self.has_more
        is_left = is_left or self.plan.is_partial
        is_undone = not self.agreed and not self.plan.is_nothing
        return ExitCode.FINDINGS if is_left or is_undone else ExitCode.CLEAN


Agree = Callable[[ErasePlan], bool]
"""Is shown what would go, and tells whether it shall."""


def always(_plan: ErasePlan) -> bool:
    """Agree to any plan."""
    return True


def erase(request: EraseRequest, context: Context, agree: Agree = always) -> EraseResult:
    """Erase recordings: tombstones, then the bytes in every version, then that they are gone.

    ``agree`` is asked before anything is written. Raises :class:`UsageError` for ids that the
    archive doesn't know; a hold, a lock or a rule to keep is in the result. Killed anywhere, the
    next one finishes it.
    """
    request = request.checked(context)
    if not request.dry_run:
        confirm(context)
    with open_existing(context) as archive:
        request = replace(request, filters=as_now(request.filters, archive.catalog, context))
        plan, head = _planned(request, archive, context)
    if request.dry_run or plan.is_nothing or (plan.ids and not agree(plan)):
        return EraseResult(plan, agreed=plan.is_nothing, head=head)
    if plan.ids or plan.unfinished:
        warn_of_copy(context)
    with open_for_removal(context) as archive:
        archive.journal.extract.want(plan.ids)
        removal = Removal(archive)
        remove_hold_strays(archive)
        result = EraseResult(plan, agreed=True, head=head)
        for begun in [*removal.unfinished()]:
            result = _finished(begun, removal, result)
        for again in removal.returned(plan.returned):
            result = _removed(again, removal, result)
        if not plan.ids:
            return result
        result = _erased(request.taking(archive, plan.ids, context), removal, result)
        has_more = _has_more(request, archive.catalog, context, frozenset(plan.ids))
        return replace(result, has_more=has_more)


def _has_more(
    request: EraseRequest, catalog: Catalog, context: Context, shown: frozenset[RecordingId]
) -> bool:
    """Whether more is meant, by what the archive has now, than was shown to who agreed.

    So it may be where nothing tells any more what is meant; what was shown is gone by then.
    """
    with suppress(UsageError):
        filters, _ = meant(request.filters, catalog, context)
        matching = catalog.filtered.ever_told().matching(filters)
        return any(_is_meant(each, filters) and each.id not in shown for each in matching)
    return True


def _is_meant(row: FoundRow, filters: Filters) -> bool:
    """Whether something that fits is to be erased, and is not yet."""
    return row.outcome != Outcome.ERASED and not is_spared(row, filters)


def _erased(taking: Taking, removal: Removal, result: EraseResult) -> EraseResult:
    head, begun = removal.begin(taking)
    if why := Forbidden.of(begun):
        return replace(result, head=head, refused=why)
    return _finished(begun, removal, result)


def _finished(begun: Erasure, removal: Removal, result: EraseResult) -> EraseResult:
    """Finish an erasure that was begun, unless it is held since: then the chain says so."""
    try:
        head, versions = removal.finish(begun)
    except StillHeld as held:
        head = removal.refuse(begun, held.holds)
        waits = (*result.deferred, *begun.ids)
        return replace(result, head=head, deferred=waits, deferred_by=held.holds)
    return _with(result, head, len(begun.ids), versions)


def _removed(again: Erasure, removal: Removal, result: EraseResult) -> EraseResult:
    """Remove what came back of an erasure, unless that is held since."""
    try:
        versions = removal.remove(again)
    except StillHeld as held:
        waits = (*result.deferred, *again.ids)
        return replace(result, deferred=waits, deferred_by=held.holds)
    return _with(result, result.head, len(again.ids), versions)


def _with(result: EraseResult, head: Head | None, erased: int, versions: int) -> EraseResult:
    return replace(
        result, head=head, erased=result.erased + erased, versions=result.versions + versions
    )


class UndoRequest(Struct, frozen=True):
    """Which erased recordings may be fetched again, by their whole ids, why, and by whom.

    All recordings that the portal gives an id are meant by it, as they are where they are erased. A
    ``second`` person may stand beside who decides.
    """

    ids: tuple[str, ...]
    reason: str
    by: str | None = None
    second: str | None = None


class UndoResult(Struct, frozen=True):
    """Which recordings may be fetched again, by what they go by, and the head that says so."""

    ids: tuple[str, ...]
    head: Head


def undo_erasure(request: UndoRequest, context: Context) -> UndoResult:
    """Let the next pull fetch recordings that were erased; nothing is brought back by it.

    Raises :class:`UsageError` unless the erasure of each is at its end.
    """
    by, reason = whoever(request.by, context.environ), checked_words(request.reason, "--reason")
    second = agreed_by(request.second, request.by, context)
    confirm(context)
    warn_of_copy(context)
    with open_for_removal(context) as archive:
        removal = Removal(archive)
        erased = removal.erased(None)
        going_by = {each: _going_by(each, erased) for each in request.ids}
        lost = [each for each, found in going_by.items() if not found]
        if lost:
            raise UsageError(
                f"Recording {lost[0]} is not erased, or its erasure is not at its end.",
                advice="Nothing was undone. See: archiver erase --finish.",
            )
        tombstones = {id_: erased[id_] for found in going_by.values() for id_ in found}
        head = removal.undo(undone(tuple(tombstones.values()), by, reason, second))
        return UndoResult((*tombstones,), head)


def _going_by(id_: str, erased: Iterable[RecordingId]) -> list[RecordingId]:
    """Return which of these are of an id; a UUID may be typed in capitals."""
    every = [*erased]
    own = [each for each in every if goes_by(each, id_)]
    return own or [each for each in every if goes_by(each, as_kept(id_))]


def _planned(
    request: EraseRequest, archive: OpenArchive, context: Context
) -> tuple[ErasePlan, Head | None]:
    """Return what would go, and the head that this is true of."""
    removal, catalog = Removal(archive), archive.catalog
    unfinished = [*removal.unfinished()]
    plan = ErasePlan((), unfinished=len(unfinished))
    if request.filters.is_empty:
        again = dict.fromkeys(id_ for each in removal.returned() for id_ in each.ids)
        return replace(plan, returned=tuple(again)), catalog.followed()
    filters, missing = meant(request.filters, catalog, context, catalog.filtered.ever_told())
    require_known(missing, "Nothing was erased.")
    tell_window(filters, context)
    rows = [*catalog.filtered.ever_told().matching(filters)]
    spared = tuple(row.id for row in rows if is_spared(row, filters))
    ids = tuple(row.id for row in rows if not is_spared(row, filters))
    begun = {id_ for each in unfinished for id_ in each.ids}
    known = catalog.recordings.many(ids)
    gone = [id_ for id_ in ids if known[id_].outcome is Outcome.ERASED and id_ not in begun]
    due = tuple(id_ for id_ in ids if known[id_].outcome is not Outcome.ERASED)
    archive.journal.extract.want(due)
    returned = {id_ for each in removal.returned(gone) for id_ in each.ids}
    back = tuple(id_ for id_ in gone if id_ in returned)
    asked = [*archive.store.items("holds/")] if request.filters.number else ()
    plan = replace(plan, ids=due, returned=back, missing=missing, hold_filters=len(asked))
    plan = replace(plan, spared=spared)
    going: frozenset[RecordingId] = frozenset()
    if due:
        taking = request.taking(archive, due, context)
        going, plan = taking.call_ids, _measured(plan, removal.look(taking))
        plan = replace(plan, unmatched=unmatched(catalog, taking.recordings))
        plan = replace(plan, by_other_row=by_other_row(catalog, filters, due))
    return replace(plan, calls_left=calls_left(catalog, filters, going)), catalog.followed()


def _measured(plan: ErasePlan, found: RemovalScope) -> ErasePlan:
    return replace(
        plan,
        versions=sum(not item.is_marker for item in found.items),
        bytes=sum(item.bytes for item in found.items),
        call_rows=found.calls.rows,
        exports=found.named.exports,
        forbidden=found.forbidden,
    )
