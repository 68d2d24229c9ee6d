"""A run's bookkeeping: every outcome counted once, written to the chain in good time.

Entries are gathered and written every few hundred recordings or few minutes, so that a crash loses
bookkeeping only and memory is bounded; the last manifest closes the run. Used from one thread.

A run's times are its start, by this machine's clock, and what has passed since, by one that nobody
sets: a clock that steps back in the middle of a run can't turn them round.
"""

import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from archiver.catalog import Catalog
from archiver.catalog.rows import SearchFields, told_in
from archiver.concurrency.stop import NEVER, StopRequested
from archiver.config.settings import DEFAULTS
from archiver.domain.outcomes import Outcome, Verdict
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.window import Window
from archiver.manifest.builder import run_of
from archiver.manifest.journal import Journal
from archiver.manifest.model import (
    FORMAT,
    ArchivedFile,
    CallFile,
    Entry,
    Findings,
    Head,
    HeldDay,
    ListedDay,
    Manifest,
    ManifestKind,
    WindowProof,
)
from archiver.manifest.state import (
    RecordingState,
    apply_entry,
    entry_from_state,
    ids_digest,
    rebased,
)
from archiver.portal.proving.proof import Listing
from archiver.portal.proving.walk import Listed
from archiver.pull.ledger.backlog import Lag
from archiver.pull.ledger.observed import ObservedReport
from archiver.pull.ledger.same_audio import Twins
from archiver.pull.ledger.totals import CallTally, RunTotals
from archiver.pull.ledger.unlisted import Unlisted
from archiver.pull.leftovers import OrphanedPair
from archiver.pull.recording import Done

ENTRIES_A_MANIFEST = 500
HELD_AN_ENTRY = 100
"""So many held ids count as one entry: they are kept only until they are written."""
SECONDS_A_MANIFEST = 120.0
NO_MORE = "it waited for its audio, and the portal lists it no more"
TREND_AT_LEAST = 20
TREND_PART = 5


class Ledger:
    """The books of one run into one archive."""

    def __init__(  # noqa: PLR0913 - what is written, each by name
        self,
        journal: Journal,
        catalog: Catalog,
        *,
        archive: str,
        settings: Mapping[str, str | int | bool | None],
        same_audio_ms: int = DEFAULTS.same_audio,
        portal_clock: datetime | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._catalog = catalog
        self._twins = Twins(catalog, same_audio_ms)
        self._archive = archive
        self._settings = settings
        self._portal_clock = portal_clock
        self._clock = clock
        self._id = str(uuid.uuid4())
        self._started = datetime.now(UTC).replace(microsecond=0)
        self._began_at = self._written_at = clock()
        self._recordings = ObservedReport(Report.RECORDINGS, catalog)
        self._call_log = ObservedReport(Report.CALLS, catalog)
        self._outcomes: Counter[Outcome] = Counter()
        self._open = catalog.findings.counted().count
        self._new = self._newly_open = 0
        self._doubts: list[str] = []
        self._bytes = self._refreshed = self._adopted = 0
        self._differ: Counter[bool] = Counter()
        self._windows: list[WindowProof] = []
        self._entries: list[Entry] = []
        self._fresh: dict[ArchivedFile, SearchFields] = {}
        self._counted: set[RecordingId] = set()
        self._held: defaultdict[date | None, list[str]] = defaultdict(list)
        self._unlisted: tuple[HeldDay, ...] = ()
        self._waiting: Counter[Outcome] = Counter()
        self._left = self._windows_left = self._accepted_failures = 0
        self._lag: Lag | None = None
        self._call_files: list[CallFile] = []
        self._calls: Counter[str] = Counter()
        self.windows: list[WindowProof] = []

    @property
    def journal(self) -> Journal:
        """The chain that it writes to."""
        return self._journal

    def new_rows(
        self, listing: Listing, utc_offset_minutes: int, stop_requested: StopRequested = NEVER
    ) -> tuple[Listed, ...]:
        """Enter a listing's proof; return the rows that no earlier listing of the run had.

        They go by ids of their own where the portal gives one to several.
        """
        self._windows.append(_proof(listing, utc_offset_minutes))
        return self.add_rows(
            self._recordings.named(listing, stop_requested), listing.window, stop_requested
        )

    def add_rows(
        self, listed: tuple[Listed, ...], window: Window, stop_requested: StopRequested = NEVER
    ) -> tuple[Listed, ...]:
        """Take in rows whose outcomes will follow; return those that are new to this run."""
        rows = self._recordings.add(listed, stop_requested)
        self._recordings.days.expect(rows, window)
        return rows

    def new_calls(
        self, listing: Listing, utc_offset_minutes: int, stop_requested: StopRequested = NEVER
    ) -> tuple[Listed, ...]:
        """Enter the proof of a listing of calls; return the rows that no earlier one had."""
        self._windows.append(_proof(listing, utc_offset_minutes))
        return self._call_log.add(self._call_log.named(listing, stop_requested), stop_requested)

    def end_calls(self, window: Window) -> None:
        """Note that all listings of a window's calls are in, and what is new of them is entered."""
        self._call_log.end(window)

    def count_call(self, *, is_new: bool) -> None:
        """Count a call that is archived, as new or as changed."""
        self._calls["new" if is_new else "changed"] += 1

    def enter_calls(self, file: CallFile) -> None:
        """Enter a file of calls that is stored."""
        self._call_files.append(file)

    def end_window(self, window: Window) -> None:
        """Note that all listings of a window are in."""
        self._recordings.end(window)

    def doubt(self, text: str) -> bool:
        """Note why the run as a whole is not to be believed; return whether it is news."""
        is_new = text not in self._doubts
        self._doubts += [text] if is_new else []
        return is_new

    def hold(self, listed: tuple[Listed, ...]) -> None:
        """Count rows that are held already."""
        self._outcomes[Outcome.HELD] += len(listed)
        for each in listed:
            self._held[each.row.at.date() if each.row.at else None].append(each.row.id)
            self._recordings.days.settle(each.row.id, each.row.at)

    def count_deferred(self, waiting: tuple[tuple[Listed, RecordingState], ...]) -> None:
        """Count rows whose time to be tried again has not come, as what they are."""
        outcomes = [known.outcome for _, known in waiting]
        self._outcomes.update(outcomes)
        self._waiting.update(outcomes)
        for each, known in waiting:
            self._accepted_failures += known.accepted and known.outcome is Outcome.FAILED
            self._recordings.days.settle(each.row.id, each.row.at, waits=True)

    def leave(self) -> None:
        """Count a row that the run's budget leaves to the next one; its day stays unsettled."""
        self._left += 1

    def leave_windows(self, count: int) -> None:
        """Note windows that the run's budget leaves to the next one."""
        self._windows_left = count

    def note_lag(self, lag: Lag) -> None:
        """Note what all that was left comes to, beside what the last run left."""
        self._lag = lag

    def settle(self, done: Done, known: RecordingState | None) -> tuple[Entry, bool]:
        """Enter an outcome; return its entry and whether it is a new finding."""
        entry = self._twins.named(done.entry, known, done.row)
        self._outcomes[entry.outcome] += 1
        if entry.outcome is Outcome.FAILED and known is not None:
            is_no_news = known.outcome in {Outcome.FAILED, Outcome.GONE}
            self._accepted_failures += known.accepted and is_no_news
        if entry.outcome is Outcome.HELD:
            self._held[entry.created_at.date() if entry.created_at else None].append(entry.id)
        self._settle_day(entry, known)
        self._counted.add(entry.id)
        if done.is_fresh and entry.sidecar is not None:
            self._fresh[entry.sidecar] = told_in(done.row, entry.reported_ms)
        self._bytes += done.bytes
        self._refreshed += done.refreshed
        if entry.verdict is Verdict.DURATION_MISMATCH and done.is_news:
            self._differ[(entry.duration_ms or 0) > (entry.reported_ms or 0)] += 1
        return entry, done.is_news and self._enter(entry, known)

    def _settle_day(self, entry: Entry, known: RecordingState | None) -> None:
        """Note that a row has its outcome; where a newer version failed, its day is never told.

        Nothing else would keep it due: what is held stays held, and waits for nothing.
        """
        if entry.outcome is Outcome.FAILED and known is not None and known.held:
            return
        waits = entry.outcome in {Outcome.FAILED, Outcome.NO_AUDIO}
        self._recordings.days.settle(entry.id, entry.created_at, waits=waits)

    def adopt(self, pair: OrphanedPair, known: RecordingState | None) -> tuple[Entry, bool]:
        """Enter what an earlier run stored; return its entry and whether it is a new finding.

        It is no outcome of this run: the listing will meet the recording as one that is known.
        """
        self._adopted += 1
        entry = self._twins.named(pair.entry(known), known, pair.told.row)
        return entry, self._enter(entry, known)

    def note_unlisted(self) -> tuple[Unlisted, Unlisted]:
        """Note what is held in the run's windows and was not listed; return that, and its calls.

        Only proven listings say that something is not there.
        """
        recordings = self._recordings.unlisted()
        self._unlisted = recordings.days
        return recordings, self._call_log.unlisted()

    def miss(self) -> tuple[Entry, ...]:
        """Enter as gone what waited for its audio and is listed no more; return what is new.

        It is no outcome of this run, as nothing of it was listed.
        """
        both = ((Report.RECORDINGS, self._recordings), (Report.CALLS, self._call_log))
        waiting = [
            known
            for report, sighted in both
            for window in sighted.days.proven
            for known in self._catalog.recordings.waiting_in(window, report)
            if known.id not in sighted.seen
        ]
        missed = [(entry_from_state(known, Outcome.GONE, NO_MORE), known) for known in waiting]
        return tuple(entry for entry, known in missed if self._enter(entry, known))

    def write(self) -> None:
        """Write what has gathered, so that the catalog knows it."""
        self._write(closed=False)

    def write_gathered(self) -> None:
        """Write what has gathered, if anything has."""
        if self._entries or self._call_files:
            self.write()

    def write_if_due(self) -> None:
        """Write a manifest when enough has gathered; ask this after every slice and outcome."""
        overdue = self._clock() - self._written_at > SECONDS_A_MANIFEST
        gathered = len(self._entries) + sum(map(len, self._held.values())) // HELD_AN_ENTRY
        if gathered >= ENTRIES_A_MANIFEST or (self._entries and overdue):
            self.write()

    def close(self, *, interrupted: bool) -> tuple[Head, RunTotals]:
        """Write the last manifest of the run; return the head and what it all came to."""
        head = self._write(closed=True, interrupted=interrupted)
        self._recordings.close()
        self._call_log.close()
        return head, self.totals()

    @property
    def lists_recordings(self) -> bool:
        """Whether the portal has listed any recording in this run."""
        return self._recordings.has_rows

    def totals(self) -> RunTotals:
        """Return what the run has come to so far."""
        return RunTotals(
            listed=len(self._recordings.seen),
            outcomes={each: self._outcomes[each] for each in Outcome if self._outcomes[each]},
            new_findings=self._new,
            open_findings=self._open,
            all_proven=self._recordings.is_believed and self._call_log.is_believed,
            doubts=tuple(self._doubts),
            bytes=self._bytes,
            refreshed=self._refreshed,
            adopted=self._adopted,
            unlisted=sum(day.count for day in self._unlisted),
            waiting=dict(self._waiting),
            left=self._left,
            windows_left=self._windows_left,
            accepted_failures=self._accepted_failures,
            calls=CallTally(len(self._call_log.seen), self._calls["new"], self._calls["changed"]),
            lag=self._lag,
        )

    def trend(self) -> str | None:
        """Say so when mismatches look like a property of the portal, not of recordings."""
        settled = sum(self._outcomes.values()) - self._outcomes[Outcome.HELD]
        for longer, count in self._differ.items():
            if count >= TREND_AT_LEAST and count * TREND_PART >= settled:
                return (
                    f"{count} recordings are all {'longer' if longer else 'shorter'} than "
                    "reported: that looks like a property of this portal. `archiver doctor` "
                    "measures it and proposes a tolerance."
                )
        return None

    def _enter(self, entry: Entry, known: RecordingState | None) -> bool:
        before, after = known is not None and known.is_open, apply_entry(known, entry).is_open
        self._open += after - before
        self._new += after and not before
        self._newly_open += after and not before
        self._entries.append(entry)
        return after and not before

    def _write(self, *, closed: bool, interrupted: bool = False) -> Head:
        complete = closed and not interrupted
        both = self._recordings.days, self._call_log.days

        def build(below: Head | None) -> Manifest:
            if below != self._catalog.followed():
                self._decide_again()
            return self._manifest(below, (*days, *call_days), closed=closed, complete=complete)

        days, call_days = (tuple(each.dealt_with()) for each in both)
        head = self._journal.append(build)
        self.windows += self._windows
        self._windows, self._entries = [], []
        self._recordings.days.told(days)
        self._call_log.days.told(call_days)
        self._call_files = []
        self._counted.clear()
        self._newly_open = 0
        self._held.clear()
        self._written_at = self._clock()
        if not interrupted:
            # The next run follows: whoever asked to stop is not kept waiting for it.
            self._catalog.follow(self._journal, fresh=self._fresh)
            self._twins.forget()
        self._fresh = {}
        return head

    def _decide_again(self) -> None:
        """Look at what has gathered in the light of what another run has written meanwhile."""
        self._catalog.follow(self._journal)
        known = self._catalog.recordings.many(entry.id for entry in self._entries)
        entries, self._entries = self._entries, []
        self._new -= self._newly_open
        self._newly_open = 0
        self._open = self._catalog.findings.counted().count
        rows = self._twins.forget()
        for old in entries:
            before = known.get(old.id)
            entry = self._twins.named(rebased(old, before), before, rows.get(old.id, {}))
            if entry is not old and old.id in self._counted:
                self._outcomes[old.outcome] -= 1
                self._outcomes[entry.outcome] += 1
            self._enter(entry, before)
            known[entry.id] = apply_entry(before, entry)

    def _manifest(
        self, below: Head | None, days: tuple[ListedDay, ...], *, closed: bool, complete: bool
    ) -> Manifest:
        totals = self.totals()
        ended = self._started + timedelta(seconds=int(self._clock() - self._began_at))
        run = run_of(self._id, self._started, ended, self._settings, closed=closed)
        held = sorted(self._held.items(), key=lambda item: item[0] or date.min)
        return Manifest(
            format=FORMAT,
            archive=self._archive,
            number=below.number + 1 if below else 1,
            previous=below,
            kind=ManifestKind.RUN,
            run=replace(run, portal_clock=self._portal_clock),
            windows=tuple(self._windows),
            recordings=tuple(self._entries),
            held=tuple(HeldDay(day, *ids_digest(ids)) for day, ids in held),
            unlisted=self._unlisted,
            days=days,
            calls=tuple(self._call_files),
            since=None,
            decision=None,
            outcomes={outcome: totals.outcomes.get(outcome, 0) for outcome in Outcome},
            findings=Findings(totals.new_findings, totals.open_findings),
            accounted=complete and totals.accounted,
            clean=complete and totals.clean,
            doubts=totals.doubts,
            backlog=self._lag.now if complete and self._lag and not self._lag.moves else None,
        )


def _proof(listing: Listing, utc_offset_minutes: int) -> WindowProof:
    return WindowProof(
        report=listing.report,
        first=listing.window.first,
        last=listing.window.last,
        utc_offset_minutes=utc_offset_minutes,
        total=listing.total,
        seen=len(listing.listed),
        walks=listing.walks,
        proven=listing.proven,
        note=listing.note,
    )
