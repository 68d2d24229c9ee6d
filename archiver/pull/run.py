"""Archiving windows, one or many: slices are listed ahead, planned, fetched and entered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from msgspec import Struct

from archiver.domain.quantities import counted
from archiver.domain.recordings import Report
from archiver.domain.times.window import Window
from archiver.errors import ArchiverError, message_of
from archiver.listing.slices import clip_to_cutoff, spanning, spread_rows, witnesses
from archiver.manifest.records.files import Head
from archiver.manifest.records.listings import WindowProof
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.pull import events
from archiver.pull.arrivals.arrivals import NOTHING_ARRIVED, Arrivals, Arrived
from archiver.pull.budget.backlog import BacklogParts
from archiver.pull.budget.run_backlog import RunBacklog
from archiver.pull.budget.run_budget import RunBudget
from archiver.pull.call_log import CallLog
from archiver.pull.dispatch import Dispatch, Pool
from archiver.pull.doubts import evidence
from archiver.pull.doubts.run_doubts import RunDoubts
from archiver.pull.intake import Intake
from archiver.pull.job.runner import JobRunner
from archiver.pull.ledger.totals import RunTotals
from archiver.pull.locking import LockCount
from archiver.pull.pull_scope import PullScope
from archiver.pull.run_context import RunContext
from archiver.pull.stored.adoption import Adoption
from archiver.pull.stored.held_check import HeldCheck
from archiver.pull.stored.orphans import Orphans
from archiver.removal.holds.held_arrivals import HeldArrivals
from archiver.store.free_space import require_free_space


class PullResult(Struct, frozen=True):
    """What a run came to, and the head that proves it.

    ``window`` spans all its windows. ``open_by_kind`` counts open findings by verdict, or by
    outcome where there is none. ``days_left`` were not listed to their end.
    """

    window: Window
    totals: RunTotals
    windows: tuple[WindowProof, ...]
    head: Head
    requests: int
    retries: int
    open_by_kind: Mapping[str, int]
    days_left: frozenset[date]


@dataclass(slots=True)
class Puller:
    """One run of a portal into an archive; jobs are done by the ``runner``.

    What the budget leaves is counted for the ``scope`` of the run. ``lock_due`` locks what has been
    screened long enough; ``hold_arrivals`` sets the bucket's legal hold on what came and is held.
    """

    run: RunContext
    scope: PullScope
    runner: JobRunner
    budget: RunBudget = field(default_factory=RunBudget)
    with_calls: bool = False
    lock_due: Callable[[], LockCount] = LockCount
    hold_arrivals: Callable[[], HeldArrivals] = HeldArrivals
    _behaviour: PortalBehaviour = field(init=False)
    _call_log: CallLog | None = field(init=False)
    _intake: Intake = field(init=False)
    _doubts: RunDoubts = field(init=False)

    def __post_init__(self) -> None:
        run = self.run
        orphans = Orphans(run.store, run.catalog.recordings.entered, run.client.endpoint)
        held_check = HeldCheck(run.archive.journal, run.catalog)
        respects_backoff = self.scope.respects_backoff
        dispatch = Dispatch(run, self.runner, orphans, held_check, self.budget, respects_backoff)
        adoption = Adoption(run, orphans, held_check)
        self._behaviour = run.session.behaviour(witnesses(run.catalog, Report.RECORDINGS))
        self._call_log = CallLog(run) if self.with_calls else None
        self._intake = Intake(run, self._behaviour, dispatch, adoption, self._call_log, self.budget)
        self._doubts = RunDoubts(run, self._behaviour, self._call_log)

    def pull(self, *, workers: int) -> PullResult:
        """Archive everything the portal lists for the windows of the scope, in their order.

        What is done is manifested even when the run is stopped, by an error or because it was asked
        to (``KeyboardInterrupt``); then that is raised again.
        """
        run, session = self.run, self.run.session
        windows = [clip_to_cutoff(window, session) for window in self.scope.windows]
        require_free_space(run.store)
        self._name_window()
        run.client.row_clock.held = {
            report: spread_rows(run.catalog, report, windows) for report in Report
        }
        run.announce(events.Began(spanning(windows), session.offset.minutes, session.offset.source))
        self._doubts.note(evidence.of_opening(session, run.catalog.runs.last_at()))
        if self.scope.asked:
            self._doubts.note(evidence.of_zone(session, self.scope.windows))
        try:
            with Pool(workers, run.stop_requested) as pool:
                try:
                    left = self._work_through(windows, pool)
                except (ArchiverError, KeyboardInterrupt):
                    self._wind_up(pool)
                    raise
            self._lock_what_is_due()
            self._hold_what_arrived()
            self._doubts.at_the_end()
        except (ArchiverError, KeyboardInterrupt) as error:
            self._doubts.at_a_stop(message_of(error))
            head, totals = run.ledger.end(interrupted=True)
            run.announce(events.Stopped(totals.outcomes, head))
            raise
        head, totals = run.ledger.end(interrupted=False)
        self._intake.adoption.set_strays_aside()
        return self._result(spanning(windows), left, head, totals)

    def _name_window(self) -> None:
        """Have the chain name the window before anything is listed: a run may die before it ends.

        Nothing else would tell later that its days were to be archived.
        """
        asked = self.scope.asked
        reports = Report.those_of(with_calls=self.with_calls)
        if asked and not self.run.catalog.days.is_named(asked, reports):
            self.run.ledger.write()

    def _result(
        self, span: Window, left: tuple[Window, ...], head: Head, totals: RunTotals
    ) -> PullResult:
        """Say what is still open, and return what the run came to."""
        run = self.run
        still_open = run.catalog.findings.counted()
        for known in still_open.sample:
            run.announce(events.StillOpen(known))
        return PullResult(
            window=span,
            totals=totals,
            windows=tuple(run.ledger.windows),
            head=head,
            requests=run.client.requests,
            retries=run.client.retries,
            open_by_kind=still_open.by_kind,
            days_left=BacklogParts(left).days,
        )

    def _work_through(self, windows: Sequence[Window], pool: Pool) -> tuple[Window, ...]:
        """Archive the windows, and what arrives for settled days; return what the budget leaves."""
        run, is_fixed = self.run, self.scope.is_fixed
        backlog = RunBacklog(run, self.scope, self._behaviour, windows, self.with_calls)
        left, arrived = self._intake.take_in(windows, pool), NOTHING_ARRIVED
        if not is_fixed:
            arrived = self._look_for_arrivals(windows)
            left += self._list_what_arrived(arrived, pool)
            self._intake.archive_undated(pool)
            self._doubts.note(evidence.of_first_page(run.session))
        self._doubts.of_what_is_hidden()
        self._intake.dispatch.settle(pool.results())
        if not (is_fixed or left) and run.session.is_of_first_page:
            for entry in run.ledger.mark_gone(run.ledger.recordings.waiting_undated()):
                run.announce(events.Missed(entry))
        backlog.note(left, self._intake.dispatch.rows_left, arrived.windows)
        return left

    def _look_for_arrivals(self, windows: Sequence[Window]) -> Arrived:
        """Return what has come for settled days, but for those that this run has listed."""
        looking = Arrivals(self.run, self._behaviour, self._call_log, self.scope.kept_from)
        arrived = looking.look(windows)
        self._doubts.note(evidence.of_what_is_untold(arrived.untold))
        return arrived

    def _list_what_arrived(self, arrived: Arrived, pool: Pool) -> tuple[Window, ...]:
        """List the settled days again for which more has come; return those that are left."""
        if not arrived.days:
            return ()
        named = ", ".join(map(str, arrived.days))
        told = f"The portal has other rows of {named} than when it was listed last: "
        if self.budget.is_spent:
            self.run.announce(events.Noticed(f"{told}left to the next run."))
            return arrived.windows
        self.run.announce(events.Noticed(f"{told}listed again."))
        return self._intake.take_in(arrived.windows, pool)

    def _lock_what_is_due(self) -> None:
        """Lock what was screened long enough; of what is held, all must be there to be locked."""
        locked = self.lock_due()
        if locked.count:
            were = counted(locked.count, "recording was", "recordings were")
            told = f"{were} locked: the time for screening is over."
            self.run.announce(events.Noticed(told))
        if locked.missing:
            self._doubts.note((evidence.of_what_is_gone(locked.missing),))

    def _hold_what_arrived(self) -> None:
        """Set the bucket's legal hold on what came and a hold of the chain binds.

        Where another machine adds the first hold meanwhile, the next run sees it.
        """
        if not (self.run.store.capabilities.locks and self.run.catalog.holds.in_force()):
            return
        self.run.ledger.write_gathered()
        held = self.hold_arrivals()
        if held.count:
            have = counted(held.count, "recording has", "recordings have")
            told = f"{have} the bucket's legal hold now: bound by a hold."
            self.run.announce(events.Noticed(told))
        if held.failed:
            self._doubts.note((evidence.of_what_is_not_held(held.failed, held.why),))

    def _wind_up(self, pool: Pool) -> None:
        """Stop taking work; keep what in-hand transfers still bring home."""
        self.run.stopping.set()
        self._intake.dispatch.settle(pool.finish())
