"""Disposing of recordings whose retention is over, in two steps: a plan, then exactly that plan."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.app.disposing.disposal_plan import (
    DisposalPlan,
    PlannedDisposal,
    read_plan,
    write_plan,
)
from archiver.app.disposing.due import LookedThrough, Standings, look_through
from archiver.app.disposing.rules import RulesSeal, read_rules, require_rules
from archiver.app.disposing.second_clock import two_clocks
from archiver.app.disposing.selection import DisposalSelection, Selector
from archiver.app.disposing.unchanged import PlanCheck
from archiver.app.keeping.removing import agreed_by, open_for_removal
from archiver.app.opening.archive.archives import open_existing
from archiver.app.opening.archive.compliance import confirm
from archiver.app.opening.archive.kept_copy import warn_of_copy
from archiver.app.opening.archive.stores import workdir
from archiver.app.opening.context import Context
from archiver.app.opening.user import whoever
from archiver.calls.linking import calls_of
from archiver.domain.quantities import many
from archiver.errors import ExitCode, UsageError
from archiver.manifest.format import FORMAT
from archiver.manifest.records.erasures import Cause, Erasure, ErasureStep, TwoClocks
from archiver.manifest.records.files import Head
from archiver.open_archive import OpenArchive
from archiver.removal.forbidding import Forbidden, StillHeld
from archiver.removal.taking import Removal, Taking

REASON = "its retention is over"


class PlanDisposalRequest(Struct, frozen=True):
    """Who plans a disposal (else by ``ARCHIVER_BY``)."""

    by: str | None = None


class PlannedDisposals(Struct, frozen=True):
    """What is due, and what of it a plan takes, by which clocks.

    ``looked`` tells where everything stands, ``selection`` what of the due may go. The ``plan``
    has its SHA-256 as its name and lies at ``path``; both are ``None`` where nothing may go.
    ``days`` are its portal days, with how many recordings go of each.
    """

    clocks: TwoClocks
    looked: LookedThrough
    selection: DisposalSelection
    head: Head
    plan: str | None = None
    path: Path | None = None
    days: Mapping[date, int] = field(default_factory=dict)

    @property
    def code(self) -> ExitCode:
        """``FINDINGS`` where it is not known of a recording whether it is due."""
        is_doubtful = self.looked.doubtful or self.selection.unreadable
        return ExitCode.FINDINGS if is_doubtful else ExitCode.CLEAN


def plan_disposal(request: PlanDisposalRequest, context: Context) -> PlannedDisposals:
    """Plan what is to be disposed of; nothing of the archive is changed.

    Raises :class:`UsageError` where no rules are set, or there is no second clock, and
    :class:`StopRun` where the clocks disagree.
    """
    require_rules(context.settings)
    by = whoever(request.by, context.environ)
    with open_existing(context) as archive:
        planned = _looked_through(archive, two_clocks(context, archive.store), context)
        if not planned.selection.chosen:
            return planned
        plan = _plan(planned, archive.id, by, context)
    path, sha256 = write_plan(workdir(context), plan)
    return replace(planned, plan=sha256, path=path, days=plan.days())


def _looked_through(archive: OpenArchive, clocks: TwoClocks, context: Context) -> PlannedDisposals:
    catalog = archive.catalog
    head = catalog.followed()
    if head is None:
        raise UsageError("The archive has no manifests yet.", advice="Nothing is due.")
    rules = read_rules(context, catalog)
    looked = look_through(catalog, Standings.by(catalog, rules, clocks.now))
    selection = Selector(archive).choose(looked.due, context.settings.disposal.most)
    return PlannedDisposals(clocks, looked, selection, head)


def _plan(planned: PlannedDisposals, archive: str, by: str, context: Context) -> DisposalPlan:
    return DisposalPlan(
        format=FORMAT,
        archive=archive,
        by=by,
        clocks=planned.clocks,
        head=planned.head,
        rules=RulesSeal.of(context.settings),
        hold_changes=planned.selection.hold_changes,
        calls=planned.selection.calls,
        call_rows=planned.selection.call_rows,
        recordings=tuple(map(PlannedDisposal.of, planned.selection.chosen)),
    )


class DisposeRequest(Struct, frozen=True):
    """Which plan is to be carried out, by its SHA-256, and by whom (else by ``ARCHIVER_BY``).

    A ``second`` person may stand beside who decides.
    """

    plan: str
    by: str | None = None
    second: str | None = None


class DisposeResult(Struct, frozen=True):
    """How many recordings are gone, and how many ``versions`` of files were removed with them.

    ``refused`` says what forbade it: then nothing was removed, and the chain says so. Where it was
    begun before, and cut off, it ``is_deferred``: what is left of it stays until the holds are
    released. A plan that was carried out before ``was_done``.
    """

    plan: str
    head: Head
    disposed: int = 0
    versions: int = 0
    was_done: bool = False
    is_deferred: bool = False
    refused: Forbidden | None = None

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where all that was planned is gone."""
        return ExitCode.FINDINGS if self.refused else ExitCode.CLEAN


def dispose(request: DisposeRequest, context: Context) -> DisposeResult:
    """Dispose of exactly what a plan says: tombstones, then the bytes, then that they are gone.

    Raises :class:`UsageError` where anything changed since it was made, or there is no second
    clock, and :class:`StopRun` where the clocks disagree; then nothing is removed. Killed anywhere,
    the next one finishes it.
    """
    by = whoever(request.by, context.environ)
    second = agreed_by(request.second, request.by, context)
    plan = read_plan(workdir(context), request.plan)
    confirm(context)
    warn_of_copy(context)
    with open_for_removal(context) as archive:
        removal = Removal(archive)
        if done := _done_before(removal, request.plan):
            return done
        clocks = two_clocks(context, archive.store)
        check = PlanCheck(plan, clocks, archive, context)
        recordings = check.require_unchanged()
        taking = Taking(
            recordings,
            Cause.DISPOSAL,
            by,
            REASON,
            second,
            calls_of(archive.catalog, recordings),
            request.plan,
            clocks,
        )
        return _taken(taking, removal, check, request.plan)


def _taken(taking: Taking, removal: Removal, check: PlanCheck, plan: str) -> DisposeResult:
    head, begun = removal.begin(taking, partial(check.require_same, taking))
    if why := Forbidden.of(begun):
        return DisposeResult(plan, head, refused=why)
    return _finished(removal, begun, plan)


def _finished(removal: Removal, begun: Erasure, plan: str) -> DisposeResult:
    """Remove what was begun, unless it is held since: then the chain says so."""
    try:
        head, versions = removal.finish(begun)
    except StillHeld as held:
        head = removal.refuse(begun, held.holds)
        return DisposeResult(plan, head, refused=Forbidden(held.holds), is_deferred=True)
    return DisposeResult(plan, head, len(begun.ids), versions)


def _done_before(removal: Removal, plan: str) -> DisposeResult | None:
    """Return what came of a plan that was begun before, once it is at its end.

    One that was cut off is finished now. Raises :class:`UsageError` where what it took away may be
    fetched again by now, or lies there again.
    """
    for begun in removal.unfinished():
        if begun.plan == plan:
            return _finished(removal, begun, plan)
    for head, manifest in removal.archive.journal.extract.of():
        erasure = manifest.erasure
        if erasure and erasure.plan == plan and erasure.step is ErasureStep.DONE:
            _require_gone(removal, erasure)
            return DisposeResult(plan, head, len(erasure.ids), was_done=True)
    return None


def _require_gone(removal: Removal, done: Erasure) -> None:
    """Raise :class:`UsageError` unless all that a plan took away is gone still, by a listing."""
    before = "This plan was carried out before, and"
    if undone := {*done.ids} - removal.erased(done.ids).keys():
        raise UsageError(
            f"{before} {many(len(undone), 'recording')} of it may be fetched again since.",
            advice="Nothing was removed. Plan again: archiver dispose.",
        )
    if removal.returned(done.ids):
        raise UsageError(
            f"{before} something of it lies there again.",
            advice="Nothing was removed. Run: archiver erase --finish",
        )
