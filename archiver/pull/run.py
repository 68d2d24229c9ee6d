"""Archiving windows, one or many: slices are listed ahead, planned, fetched and entered."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from archiver.catalog import Catalog
from archiver.concurrency.prefetch import prefetch
from archiver.concurrency.stop import StopRequested, check_not_stopped, in_pieces
from archiver.concurrency.worker_pool import WorkerPool
from archiver.domain.outcomes import Outcome
from archiver.domain.quantities import counted
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.window import Window
from archiver.errors import ArchiverError
from archiver.listing.slices import clip_to_cutoff, list_windows, spanning, witnesses
from archiver.manifest.model import Head, WindowProof
from archiver.manifest.state import RecordingState, apply_entry
from archiver.media.link import parse as parse_link
from archiver.portal.client import Client
from archiver.portal.proving.odd_rows import odd_of, unproven_by
from archiver.portal.proving.proof import Listing
from archiver.portal.proving.walk import Listed, PageQuery, PortalBehaviour
from archiver.portal.proving.witnesses import Witness
from archiver.portal.session import PortalSession
from archiver.pull import events
from archiver.pull.arrivals import NOTHING_ARRIVED, Arrivals, Arrived
from archiver.pull.budget import RunBudget
from archiver.pull.call_log import CallLog
from archiver.pull.forecast import LONG, PACED_AFTER, rest_s
from archiver.pull.held_check import HeldCheck
from archiver.pull.job.done import Done
from archiver.pull.job.links import Links
from archiver.pull.job.services import Services
from archiver.pull.ledger import doubts
from archiver.pull.ledger.backlog import BacklogParts, Counting, Scope
from archiver.pull.ledger.ledger import Ledger
from archiver.pull.ledger.totals import RunTotals
from archiver.pull.leftovers import Leftovers, OrphanedPair, set_aside
from archiver.pull.locking import LockCount
from archiver.pull.plan import (
    Plan,
    Sharing,
    Work,
    changes_nothing,
    divide,
    noticing_offers,
    sharing_objects,
)
from archiver.pull.recording import RecordingJob
from archiver.pull.shown import undated, unheard_of
from archiver.store.free_space import require_free_space

Settled = tuple[Done, RecordingState | None]
"""An outcome, and what was known of the recording before."""
Ended = Settled | Work
"""How work ended that was handed out: with an outcome, or as it was, since the budget was spent."""
HasGoneSilent = Callable[[Report, PortalBehaviour], bool]
"""Tells whether a portal that listed rows of a report lists none at all any more."""


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
    services: Services
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
    _leftovers: Leftovers = field(init=False)
    _held_check: HeldCheck = field(init=False)
    _manners: PortalBehaviour = field(init=False)
    _rows_left: Counter[date | None] = field(default_factory=Counter, init=False)
    _windows_left: tuple[Window, ...] = field(default=(), init=False)
    _new_days: set[date] = field(default_factory=set, init=False)
    _arrived: Arrived = field(default=NOTHING_ARRIVED, init=False)

    def __post_init__(self) -> None:
        store, portal = self.services.store, self.services.portal
        self._leftovers = Leftovers(store, self.catalog.recordings.is_entered, portal)
        self._held_check = HeldCheck(self.ledger.journal, self.catalog)
        self._manners = self.session.behaviour(witnesses(self.catalog, Report.RECORDINGS))

    def pull(self, windows: Sequence[Window], *, workers: int) -> PullResult:
        """Archive everything the portal lists for ``windows``, in their order.

        What is done is manifested even when the run is stopped, by an error or because it was asked
        to (``KeyboardInterrupt``); then that is raised again.
        """
        windows = [clip_to_cutoff(window, self.session) for window in windows]
        span = spanning(windows)
        require_free_space(self.services.store)
        offset = self.session.offset
        self.announce(events.Began(span, offset.minutes, offset.source))
        self._doubt(doubts.of_opening(self.session, self.catalog.days.last_run()))
        try:
            with WorkerPool[Ended](workers, self.stop_requested) as pool:
                try:
                    self._work_through(windows, pool)
                except (ArchiverError, KeyboardInterrupt):
                    self._wind_up(pool)
                    raise
            self._lock_what_is_due()
            self._notice()
        except (ArchiverError, KeyboardInterrupt):
            self._doubt_what_was_stopped()
            head, totals = self.ledger.close(interrupted=True)
            self.announce(events.Stopped(totals.outcomes, head))
            raise
        head, totals = self.ledger.close(interrupted=False)
        self._set_strays_aside()
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

    def _work_through(self, windows: Sequence[Window], pool: WorkerPool[Ended]) -> None:
        """Archive the windows, as far as the budget reaches, and what arrives for settled days."""
        left = self._list(windows, pool)
        if self.scope is not Scope.FIXED:
            left += self._list_what_arrived(windows, pool)
            self._archive_undated(pool)
        self._settle(pool.results())
        self._windows_left = left
        self.ledger.counts.windows_left = len(left)
        if self.scope is not Scope.FIXED or self._is_idle:
            every = (*windows, *self.passed_over, *map(Window.day, self._arrived.days))
            self._note_lag(spanning(every).first.date())

    def _list(self, windows: Sequence[Window], pool: WorkerPool[Ended]) -> tuple[Window, ...]:
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
                self._settle(pool.results(until_left=pool.workers))
                done = len(windows) - len(left)
                if ended is not None and done == PACED_AFTER and len(windows) > LONG:
                    seconds, sent = time.monotonic() - began, self.client.requests - requests
                    rest = rest_s(done, len(left), seconds, sent, self.client.interval_s)
                    self.announce(events.Paced(done, len(left), rest))
                if self.budget.is_spent:
                    break
        return tuple(left.values())

    def _list_what_arrived(
        self, windows: Sequence[Window], pool: WorkerPool[Ended]
    ) -> tuple[Window, ...]:
        """List the settled days again for which more has come; return those that are left."""
        arrived = self._arrived = self._look_for_arrivals(windows)
        self._doubt(doubts.of_what_is_untold(arrived.untold))
        if not arrived.days:
            return ()
        named = ", ".join(map(str, arrived.days))
        told = f"The portal has other rows of {named} than when it was listed last: "
        if self.budget.is_spent:
            self.announce(events.Noticed(f"{told}left to the next run."))
            return arrived.windows
        self.announce(events.Noticed(f"{told}listed again."))
        left = self._list(arrived.windows, pool)
        listed = {*arrived.days} - BacklogParts(left).days
        self._doubt(doubts.of_what_is_hidden(self._unheard_of(arrived.shown, listed)))
        return left

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

    def _unheard_of(self, shown: Sequence[Witness], days: set[date]) -> tuple[Witness, ...]:
        """Return which of the recordings that were shown no listing of the run has."""
        return unheard_of(shown, days, self.ledger.recordings.times_of)

    def _archive_undated(self, pool: WorkerPool[Ended]) -> None:
        """Archive what the first page shows without a date, and nothing is known to have one."""
        rows = undated(self.session.listed)
        known = self.catalog.recordings.many(each.row.id for each in rows)
        dated = {id_ for id_, state in known.items() if state.at is not None}
        stray = tuple(each for each in rows if each.row.id not in dated)
        new = self.ledger.add_rows(stray, Window.day(self.session.stands_at.date()))
        self._hand_out(new, self._manners, Report.RECORDINGS, pool)
        self._doubt(doubts.of_undated(self.session.page))

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
        left = BacklogParts((*self._windows_left, *self.passed_over), self._rows_left, late)
        if left.windows:
            self.ledger.write_gathered()
        counting = Counting(self.client, self.catalog, self._manners)
        self.ledger.counts.lag = counting.lag(self.scope, first, left, self.kept_from)

    def _take_in(self, listing: Listing, pool: WorkerPool[Ended]) -> None:
        """Enter a listing, and what earlier runs left of its days; hand out its rows."""
        listing = unproven_by(self._odd(listing), listing)
        rows = self.ledger.new_rows(listing, self.session.offset.minutes, self.stop_requested)
        self.announce(
            events.SliceListed(listing.window, len(listing.listed), listing.proven, listing.note)
        )
        self._adopt(listing)
        self._hand_out(rows, self._manners, Report.RECORDINGS, pool)

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

    def _end(self, window: Window, pool: WorkerPool[Ended]) -> None:
        """Archive the calls of a window that is listed, and the audio that only they have."""
        if self.call_log is not None:
            self.call_log.archive(window)
            check_not_stopped(self.stop_requested)
            if self.call_log.has_claims:
                self._settle(pool.results())
                self.ledger.write_gathered()
                calls = self.ledger.add_rows(self.call_log.unlisted(window), window)
                self._hand_out(calls, self.call_log.behaviour, Report.CALLS, pool)
        self.ledger.recordings.end(window)

    def _hand_out(
        self,
        rows: tuple[Listed, ...],
        behaviour: PortalBehaviour,
        report: Report,
        pool: WorkerPool[Ended],
    ) -> None:
        """Hand out rows, however many, in pieces: the next one when little is left of the last."""
        objects: dict[RecordingId, str] = {}
        for piece in in_pieces(rows, self.stop_requested):
            objects |= _objects(piece)
        sharing = sharing_objects(objects)
        copies = self.call_log.copies if self.call_log and report is Report.CALLS else {}
        for number, piece in enumerate(in_pieces(rows, self.stop_requested)):
            if number:
                self._settle(pool.results(until_left=pool.workers))
            plan = self._planned(piece, sharing).beside(copies)
            self._hand_out_piece(plan, behaviour, report, pool)

    def _planned(self, rows: Sequence[Listed], sharing: Sharing) -> Plan:
        """Divide rows, by a catalog that is made anew where the chain denies what it calls held."""
        plan = self._divided(rows, sharing)
        if self._held_check.denies(each.row.id for each in plan.held):
            self._held_check.correct()
            plan = self._divided(rows, sharing)
        return plan

    def _hand_out_piece(
        self, plan: Plan, behaviour: PortalBehaviour, report: Report, pool: WorkerPool[Ended]
    ) -> None:
        """Count what is held or waits, and hand out the rest."""
        self.ledger.hold(plan.held)
        self.ledger.defer(plan.waiting)
        self.ledger.write_if_due()
        self.announce(events.Held(len(plan.held) + len(plan.waiting)))
        links = Links(
            tuple(work.listed for work in plan.work),
            report=report,
            fetch=self.client.fetch,
            behaviour=behaviour,
            now=self.client.now,
        )
        for work in plan.work:
            has_stray = self._leftovers.has_stray(work.listed.row.id, work.listed.row.at)
            pool.submit(partial(self._settled, RecordingJob(work, links, self.services, has_stray)))

    def _divided(self, rows: Sequence[Listed], sharing: Sharing) -> Plan:
        """Divide rows by what the catalog says of them."""
        ids = [row.row.id for row in rows]
        recordings = self.catalog.recordings
        known, told = recordings.many(ids), recordings.fingerprints(ids)
        noted = recordings.noted_objects(ids)
        accepted = {id_ for id_ in noted if id_ in known and known[id_].accepted}
        self.catalog.note_rows(
            each.row for each in rows if each.row.id not in told.keys() | accepted
        )
        now = self.client.now() if self.respects_backoff else None
        return noticing_offers(divide(rows, known, told, sharing, now), noted)

    def _settled(self, pipeline: RecordingJob) -> Ended:
        """Bring a recording to its outcome, unless the budget is spent by now."""
        work = pipeline.work
        with self.budget.begun(work.listed.row.reported_ms) as has_begun:
            if has_begun:
                done = pipeline.run()
                self.budget.spend(done.bytes, work.listed.row.reported_ms)
                return done, work.known
        return (pipeline.as_it_was(), work.known) if work.stands else work

    def _adopt(self, listing: Listing) -> None:
        """Enter what earlier runs stored whole of the listing's days and could not enter."""
        days = {each.row.at.date() if each.row.at else None for each in listing.listed}
        latest: dict[RecordingId, RecordingState] = {}
        for pair in self._left({*days, *listing.window.each_day(), None}):
            before = latest.get(pair.told.id) or self.catalog.recordings.get(pair.told.id)
            entry, is_new = self.ledger.adopt(pair, before)
            self.announce(events.Adopted(entry, is_new))
            latest[entry.id] = apply_entry(before, entry)
            self.ledger.write_if_due()
        if latest:
            self.ledger.write()

    def _left(self, days: set[date | None]) -> Iterator[OrphanedPair]:
        """Yield what was left whole of these days, until asked to stop."""
        for day in sorted(days, key=lambda day: day or date.min):
            check_not_stopped(self.stop_requested)
            yield from self._leftovers.pairs([day])

    def _set_strays_aside(self) -> None:
        """Set aside what earlier runs left and this one had no use for.

        Where others may be writing at this moment it may be theirs, and stays.
        """
        if not self.services.store.has_one_writer:
            return
        unused = self._leftovers.unused()
        named = self._held_check.naming(unused)
        if named:
            self._held_check.correct()
        aside = [set_aside(self.services.store, key) for key in unused if key not in named]
        if aside:
            self.announce(
                events.Noticed(
                    f"{counted(len(aside), 'file')} that an earlier run left and nothing tells of "
                    f"{'was' if len(aside) == 1 else 'were'} set aside, such as {aside[0]}"
                )
            )

    def _settle(self, results: Iterator[Ended]) -> None:
        for result in results:
            if isinstance(result, Work):
                self._leave(result)
                continue
            done, known = result
            if self.stopping.is_set() and done.entry.outcome is Outcome.FAILED:
                continue
            entry, is_new = self.ledger.settle(done, known)
            self.announce(events.Settled(entry, is_new))
            self.ledger.write_if_due()

    def _leave(self, work: Work) -> None:
        """Count what the budget leaves to the next run."""
        self.ledger.counts.left += 1
        if work.is_owed:
            at = work.listed.row.at
            self._rows_left[at.date() if at else None] += 1

    def _lock_what_is_due(self) -> None:
        """Lock what was screened long enough; of what is held, all must be there to be locked."""
        locked = self.lock_due()
        if locked.count:
            were = counted(locked.count, "recording was", "recordings were")
            told = f"{were} locked: the time for screening is over."
            self.announce(events.Noticed(told))
        if locked.missing:
            self._doubt((doubts.of_what_is_gone(locked.missing),))

    def _notice(self) -> None:
        """Say what a run as a whole shows."""
        check_not_stopped(self.stop_requested)
        for entry in self.ledger.mark_gone_unlisted():
            self.announce(events.Missed(entry))
        check_not_stopped(self.stop_requested)
        trend = self.ledger.counts.trend()
        if trend:
            self.announce(events.Noticed(trend))
        for lost in self.ledger.note_unlisted():
            if lost.count:
                self.announce(events.Noticed(doubts.words_of(lost)))
            self._doubt(doubts.of_unlisted(lost))
        check_not_stopped(self.stop_requested)
        self._doubt(self._contradictions(self._has_gone_silent, doubts.of_the_end))

    def _doubt_what_was_stopped(self) -> None:
        """Enter what a run shows that was stopped: its days settle like those of any other.

        Where that can't be told any more, it is doubtful for that alone.
        """
        try:
            for lost in self.ledger.note_unlisted():
                self._doubt(doubts.of_unlisted(lost))
            self._doubt(self._contradictions(_ends_in_silence, doubts.of_a_stop))
        except ArchiverError:
            self._doubt((doubts.UNTOLD,))

    def _contradictions(
        self, has_gone_silent: HasGoneSilent, of_silence: Callable[[Report], str]
    ) -> Iterator[str]:
        """Yield what the run as a whole shows against the portal's word, or its clock."""
        if not self.session.clocks.are_doubtful:
            yield from doubts.of_clocks(self.client.clock.furthest)
        if self._manners.witnesses.are_contradicted:
            yield doubts.of_rights(Report.RECORDINGS)
        elif has_gone_silent(Report.RECORDINGS, self._manners):
            yield of_silence(Report.RECORDINGS)
        if self.call_log is None:
            return
        if self.call_log.is_contradicted:
            yield doubts.of_rights(Report.CALLS)
        elif has_gone_silent(Report.CALLS, self.call_log.behaviour):
            yield of_silence(Report.CALLS)
        if self.call_log.claimed and not self.ledger.recordings.has_rows:
            yield doubts.of_silence(self.call_log.claimed)

    def _has_gone_silent(self, report: Report, behaviour: PortalBehaviour) -> bool:
        """Whether the portal lists nothing at all any more, though it did when the run began.

        Asked where the last that it listed was nothing: a right may end while a run lasts.
        """
        if not behaviour.is_silent:
            return False
        (page,) = self.client.fetch((PageQuery.first(report, None),))
        return not page.rows

    def _doubt(self, texts: Iterable[str]) -> None:
        """Say and enter why the run as a whole is not to be believed."""
        for text in texts:
            if self.ledger.counts.doubt(text):
                self.announce(events.Doubted(text))

    def _wind_up(self, pool: WorkerPool[Ended]) -> None:
        """Stop taking work; keep what in-hand transfers still bring home."""
        self.stopping.set()
        self._settle(pool.finish())


def _ends_in_silence(_report: Report, behaviour: PortalBehaviour) -> bool:
    """Whether the last that was listed was nothing; a run that is stopped asks no more of it."""
    return behaviour.is_silent


def _objects(rows: Sequence[Listed]) -> dict[RecordingId, str]:
    return {listed.row.id: parse_link(listed.row.link).object for listed in rows if listed.row.link}
