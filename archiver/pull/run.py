"""Archiving windows, one or many: slices are listed ahead, planned, fetched and entered."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date

from archiver.catalog import Catalog
from archiver.concurrency.prefetch import prefetch
from archiver.concurrency.stop import StopRequested, check_not_stopped
from archiver.domain.outcomes import Outcome
from archiver.domain.quantities import counted
from archiver.domain.recordings import Report
from archiver.domain.window import Window
from archiver.errors import ArchiverError
from archiver.listing.slices import clip_to_cutoff, list_windows, spanning, witnesses
from archiver.manifest.model import Head, WindowProof
from archiver.portal.client import Client
from archiver.portal.proving.odd_rows import odd_of, unproven_by
from archiver.portal.proving.proof import Listing
from archiver.portal.proving.walk import Listed, PortalBehaviour
from archiver.portal.session import PortalSession
from archiver.pull import events
from archiver.pull.adoption import Adoption
from archiver.pull.arrivals import NOTHING_ARRIVED, Arrivals, Arrived
from archiver.pull.budget import RunBudget
from archiver.pull.call_log import CallLog
from archiver.pull.dispatch import Dispatch, Pool
from archiver.pull.forecast import LONG, PACED_AFTER, rest_s
from archiver.pull.held_check import HeldCheck
from archiver.pull.job.runner import JobRunner
from archiver.pull.ledger import doubts
from archiver.pull.ledger.backlog import BacklogParts, Counting, Scope
from archiver.pull.ledger.ledger import Ledger
from archiver.pull.ledger.totals import RunTotals
from archiver.pull.leftovers import Leftovers
from archiver.pull.locking import LockCount
from archiver.pull.plan import changes_nothing
from archiver.pull.run_doubts import RunDoubts
from archiver.pull.shown import dated, readable, undated, unheard_of
from archiver.store.base import Store
from archiver.store.free_space import require_free_space


@dataclass(frozen=True, slots=True)
class PullResult:
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
    """One run over windows of one portal into one archive.

    ``stopping`` is set by the run when it winds up, and ends every wait and transfer;
    ``stop_requested`` tells whether someone wants it to. Who is ``respects_backoff`` leaves what
    waits to its time. What the budget leaves is counted for the ``scope`` of the run; ``kept_from``
    is the first day that the provider still has, if somebody told. ``lock_due`` locks what has been
    screened long enough. What is missing of the days ``passed_over`` counts as left: they are not
    of this run, or of no later one.
    """

    client: Client
    session: PortalSession
    catalog: Catalog
    ledger: Ledger
    store: Store
    runner: JobRunner
    stopping: threading.Event
    stop_requested: StopRequested
    announce: events.Announce
    budget: RunBudget = field(default_factory=RunBudget)
    respects_backoff: bool = False
    call_log: CallLog | None = None
    lock_due: Callable[[], LockCount] = LockCount
    scope: Scope = Scope.FIXED
    kept_from: date | None = None
    passed_over: tuple[Window, ...] = ()
    _manners: PortalBehaviour = field(init=False)
    _dispatch: Dispatch = field(init=False)
    _adoption: Adoption = field(init=False)
    _doubts: RunDoubts = field(init=False)
    _windows_left: tuple[Window, ...] = field(default=(), init=False)
    _new_days: set[date] = field(default_factory=set, init=False)
    _arrived: Arrived = field(default=NOTHING_ARRIVED, init=False)

    def __post_init__(self) -> None:
        entered, portal = self.catalog.recordings.is_entered, self.client.endpoint
        leftovers = Leftovers(self.store, entered, portal)
        held_check = HeldCheck(self.ledger.journal, self.catalog)
        self._manners = self.session.behaviour(witnesses(self.catalog, Report.RECORDINGS))
        self._dispatch = Dispatch(
            client=self.client,
            catalog=self.catalog,
            ledger=self.ledger,
            runner=self.runner,
            offset_of=self.session.offset_of,
            leftovers=leftovers,
            held_check=held_check,
            budget=self.budget,
            stopping=self.stopping,
            stop_requested=self.stop_requested,
            announce=self.announce,
            respects_backoff=self.respects_backoff,
        )
        self._adoption = Adoption(
            store=self.store,
            catalog=self.catalog,
            ledger=self.ledger,
            leftovers=leftovers,
            held_check=held_check,
            stop_requested=self.stop_requested,
            announce=self.announce,
        )
        self._doubts = RunDoubts(
            client=self.client,
            session=self.session,
            behaviour=self._manners,
            call_log=self.call_log,
            ledger=self.ledger,
            stop_requested=self.stop_requested,
            announce=self.announce,
        )

    def pull(self, windows: Sequence[Window], *, workers: int) -> PullResult:
        """Archive everything the portal lists for ``windows``, in their order.

        What is done is manifested even when the run is stopped, by an error or because it was asked
        to (``KeyboardInterrupt``); then that is raised again.
        """
        windows = [clip_to_cutoff(window, self.session) for window in windows]
        span = spanning(windows)
        require_free_space(self.store)
        offset = self.session.offset
        self.announce(events.Began(span, offset.minutes, offset.source))
        self._doubts.note(doubts.of_opening(self.session, self.catalog.days.last_run()))
        try:
            with Pool(workers, self.stop_requested) as pool:
                try:
                    self._work_through(windows, pool)
                except (ArchiverError, KeyboardInterrupt):
                    self._wind_up(pool)
                    raise
            self._lock_what_is_due()
            self._doubts.at_the_end()
        except (ArchiverError, KeyboardInterrupt):
            self._doubts.at_a_stop()
            head, totals = self.ledger.close(interrupted=True)
            self.announce(events.Stopped(totals.outcomes, head))
            raise
        head, totals = self.ledger.close(interrupted=False)
        self._adoption.set_strays_aside()
        still_open = self.catalog.findings.counted()
        for known in still_open.sample:
            self.announce(events.StillOpen(known))
        proofs = tuple(self.ledger.windows)
        return PullResult(
            window=span,
            totals=totals,
            windows=proofs,
            head=head,
            requests=self.client.requests,
            retries=self.client.retries,
            open_by_kind=still_open.by_kind,
            days_left=BacklogParts(self._windows_left).days,
        )

    def _work_through(self, windows: Sequence[Window], pool: Pool) -> None:
        """Archive the windows, as far as the budget reaches, and what arrives for settled days."""
        left = self._list(windows, pool)
        if self.scope is not Scope.FIXED:
            left += self._list_what_arrived(windows, pool)
            self._archive_undated(pool)
        self._doubt_what_is_hidden()
        self._dispatch.settle(pool.results())
        if self.scope is not Scope.FIXED and not left and self.session.is_of_first_page:
            for entry in self.ledger.mark_gone_undated():
                self.announce(events.Missed(entry))
        self._windows_left = left
        self.ledger.counts.windows_left = len(left)
        if self.scope is not Scope.FIXED or self._is_idle:
            every = (*windows, *self.passed_over, *map(Window.day, self._arrived.days))
            self._note_lag(spanning(every).first.date())

    def _list(self, windows: Sequence[Window], pool: Pool) -> tuple[Window, ...]:
        """List the windows and hand out their rows; return those that the budget leaves."""
        left = {window.last: window for window in windows}
        listings = list_windows(self.client, Report.RECORDINGS, windows, self._manners)
        began, requests = time.monotonic(), self.client.requests
        with closing(
            prefetch(listings, self.stop_requested, lambda: self.budget.is_spent)
        ) as ahead:
            for listing in ahead:
                self._take_in(listing, pool)
                ended = left.pop(listing.window.last, None)
                if ended is not None:
                    self._note_new_days(ended)
                    self._end(ended, pool)
                self._dispatch.settle(pool.results(until_left=pool.workers))
                done = len(windows) - len(left)
                if ended is not None and done == PACED_AFTER and len(windows) > LONG:
                    seconds, sent = time.monotonic() - began, self.client.requests - requests
                    rest = rest_s(done, len(left), seconds, sent, self.client.interval_s)
                    self.announce(events.Paced(done, len(left), rest))
                if self.budget.is_spent:
                    break
        return tuple(left.values())

    def _list_what_arrived(self, windows: Sequence[Window], pool: Pool) -> tuple[Window, ...]:
        """List the settled days again for which more has come; return those that are left."""
        arrived = self._arrived = self._look_for_arrivals(windows)
        self._doubts.note(doubts.of_what_is_untold(arrived.untold))
        if not arrived.days:
            return ()
        named = ", ".join(map(str, arrived.days))
        told = f"The portal has other rows of {named} than when it was listed last: "
        if self.budget.is_spent:
            self.announce(events.Noticed(f"{told}left to the next run."))
            return arrived.windows
        self.announce(events.Noticed(f"{told}listed again."))
        return self._list(arrived.windows, pool)

    def _look_for_arrivals(self, windows: Sequence[Window]) -> Arrived:
        """Return what has come for settled days, but for those that this run has listed."""
        reports = [Report.RECORDINGS, *([Report.CALLS] if self.call_log else [])]
        today = self.session.stands_at.date()
        settled = self.catalog.days.settled(reports, today) - BacklogParts(tuple(windows)).days
        if not settled:
            return NOTHING_ARRIVED
        manners = {Report.RECORDINGS: self._manners}
        if self.call_log is not None:
            manners[Report.CALLS] = self.call_log.behaviour
        arrivals = Arrivals(self.client, self.catalog, self.session, self.kept_from)
        return arrivals.look(settled, manners)

    def _doubt_what_is_hidden(self) -> None:
        """Hold what the first pages without a filter showed against what was listed."""
        shown = {Report.RECORDINGS: dated(readable(self.session.listed))}
        if self.call_log is not None and self.ledger.calls.days.proven:
            shown[Report.CALLS] = self.call_log.behaviour.witnesses.shown
        for observed in (self.ledger.recordings, self.ledger.calls):
            windows = observed.days.proven
            rows = shown.get(observed.report, ())
            listed = [each for each in rows if any(each.at in window for window in windows)]
            days = {each.at.date() for each in listed}
            hidden = unheard_of(listed, days, observed.times_of)
            self._doubts.note(doubts.of_what_is_hidden(observed.report, hidden))

    def _archive_undated(self, pool: Pool) -> None:
        """Archive what the first page shows without a date, and nothing is known to have one.

        No listing has such rows, so what waited for its audio and is shown no more is gone.
        """
        rows = self.ledger.recordings.named_rows(undated(self.session.listed))
        known = self.catalog.recordings.many(each.row.id for each in rows)
        dated = {id_ for id_, state in known.items() if state.at is not None}
        stray = tuple(each for each in rows if each.row.id not in dated)
        new = self.ledger.add_rows(stray, Window.day(self.session.stands_at.date()))
        self._dispatch.hand_out(new, self._manners, Report.RECORDINGS, pool, {})
        self._doubts.note(doubts.of_first_page(self.session))

    @property
    def _is_idle(self) -> bool:
        """Whether the budget left something, and nothing of what there is became less."""
        counts = self.ledger.counts
        if not (self._windows_left or counts.left):
            return False
        told = {each.day for each in self.ledger.recordings.days.dealt_with()}
        days = any(day in told or self._is_dealt_with(day) for day in self._new_days)
        return not (days or counts.outcomes[Outcome.ARCHIVED] or counts.adopted)

    def _note_lag(self, first: date) -> None:
        """Count what the budget left of a run from a ``first`` day on."""
        late = frozenset(self._arrived.days) & BacklogParts(self._windows_left).days
        left = BacklogParts(
            (*self._windows_left, *self.passed_over), self._dispatch.rows_left, late
        )
        if left.windows:
            self.ledger.write_gathered()
        with_calls = self.call_log is not None
        counting = Counting(self.client, self.catalog, self._manners, with_calls)
        self.ledger.counts.lag = counting.lag(self.scope, first, left, self.kept_from)

    def _take_in(self, listing: Listing, pool: Pool) -> None:
        """Enter a listing, and what earlier runs left of its days; hand out its rows."""
        listing = unproven_by(self._odd(listing), listing)
        rows = self.ledger.new_rows(listing, self.session.offset.minutes, self.stop_requested)
        self.announce(
            events.SliceListed(listing.window, len(listing.listed), listing.proven, listing.note)
        )
        self._adoption.adopt(listing)
        self._dispatch.hand_out(rows, self._manners, Report.RECORDINGS, pool, {})

    def _odd(self, listing: Listing) -> tuple[Listed, ...]:
        """Return the rows that can't be read and may be of audio at hand: no outcome tells of them.

        Which of several that go by an id, or by aliases of it, is not known yet.
        """
        odd = odd_of(listing)
        names = self.catalog.rows.namesakes(Report.RECORDINGS, [each.row.id for each in odd])
        known = self.catalog.recordings.many(name for some in names.values() for name in some)
        return tuple(
            each
            for each in odd
            if any(
                changes_nothing(known.get(name), each.row) for name in names.get(each.row.id, ())
            )
        )

    def _note_new_days(self, window: Window) -> None:
        """Note the days of a window of the past that no run has dealt with before."""
        if self.scope is Scope.FIXED:
            days = {each.first.date() for each in window.by_day() if each.is_whole_days}
            self._new_days |= {day for day in days if not self._is_dealt_with(day)}

    def _is_dealt_with(self, day: date) -> bool:
        return self.catalog.days.was_listed(Report.RECORDINGS, day)

    def _end(self, window: Window, pool: Pool) -> None:
        """Archive the calls of a window that is listed, and the audio that only they have."""
        if self.call_log is not None:
            self.call_log.archive(window)
            check_not_stopped(self.stop_requested)
            if self.call_log.has_claims:
                self._dispatch.settle(pool.results())
                self.ledger.write_gathered()
                calls = self.ledger.add_rows(self.call_log.unlisted(window), window)
                self._dispatch.hand_out(
                    calls, self.call_log.behaviour, Report.CALLS, pool, self.call_log.copies
                )
        self.ledger.recordings.end(window)

    def _lock_what_is_due(self) -> None:
        """Lock what was screened long enough; of what is held, all must be there to be locked."""
        locked = self.lock_due()
        if locked.count:
            were = counted(locked.count, "recording was", "recordings were")
            told = f"{were} locked: the time for screening is over."
            self.announce(events.Noticed(told))
        if locked.missing:
            self._doubts.note((doubts.of_what_is_gone(locked.missing),))

    def _wind_up(self, pool: Pool) -> None:
        """Stop taking work; keep what in-hand transfers still bring home."""
        self.stopping.set()
        self._dispatch.settle(pool.finish())
