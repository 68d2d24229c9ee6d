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
from itertools import groupby
from operator import itemgetter

from archiver.catalog import Catalog
from archiver.manifest.book import Known, advance, ids_digest, rebased, restated
from archiver.manifest.entry import (
    FORMAT,
    CallFile,
    Entry,
    Findings,
    Head,
    HeldDay,
    Kind,
    ListedDay,
    Manifest,
    WindowProof,
)
from archiver.manifest.journal import Journal
from archiver.outcomes import Outcome, Verdict
from archiver.portal.paging import Listed
from archiver.portal.proof import Listing
from archiver.recordings import RecordingId, Report
from archiver.run.backlog import Lag
from archiver.run.days import Days
from archiver.run.listed import Seen
from archiver.run.pipeline import Done
from archiver.run.statement import run_of
from archiver.run.tally import CallTally, Tally
from archiver.windows import Window

ENTRIES_A_MANIFEST = 500
HELD_AN_ENTRY = 100
"""So many held ids count as one entry: they are kept only until they are written."""
SECONDS_A_MANIFEST = 120.0
UNLISTED_NAMED = 3
NO_MORE = "it waited for its audio, and the portal lists it no more"
TREND_AT_LEAST = 20
TREND_PART = 5


class Register:
    """The books of one run into one archive."""

    def __init__(  # noqa: PLR0913 - what is written, each by name
        self,
        journal: Journal,
        catalog: Catalog,
        *,
        archive: str,
        settings: Mapping[str, str | int | bool | None],
        since: date | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._catalog = catalog
        self._archive = archive
        self._settings = settings
        self._since = since
        self._clock = clock
        self._id = str(uuid.uuid4())
        self._started = datetime.now(UTC).replace(microsecond=0)
        self._began_at = self._written_at = clock()
        self._listed = Seen()
        self._outcomes: Counter[Outcome] = Counter()
        self._accepted = {report: catalog.accepted_listings(report) for report in Report}
        self._open = catalog.open_findings().count
        self._new = self._newly_open = 0
        self._all_proven = True
        self._bytes = self._refreshed = self._adopted = 0
        self._differ: Counter[bool] = Counter()
        self._windows: list[WindowProof] = []
        self._entries: list[Entry] = []
        self._counted: set[RecordingId] = set()
        self._held: defaultdict[date | None, list[str]] = defaultdict(list)
        self._unlisted: list[HeldDay] = []
        self._waiting: Counter[Outcome] = Counter()
        self._left = self._windows_left = self._accepted_failures = 0
        self._lag: Lag | None = None
        self._days = Days(Report.RECORDINGS, self._listed)
        self._calls_listed = Seen()
        self._call_days = Days(Report.CALLS, self._calls_listed)
        self._call_files: list[CallFile] = []
        self._calls: Counter[str] = Counter()
        self.windows: list[WindowProof] = []

    def new_rows(self, listing: Listing, utc_offset_minutes: int) -> tuple[Listed, ...]:
        """Enter a listing's proof; return the rows that no earlier listing of the run had."""
        self._prove(listing, utc_offset_minutes)
        return self.add_rows(listing.listed, listing.window, proven=listing.proven)

    def add_rows(
        self, listed: tuple[Listed, ...], window: Window, *, proven: bool = True
    ) -> tuple[Listed, ...]:
        """Take in rows whose outcomes will follow; return those that are new to this run."""
        rows = self._listed.add(listed)
        self._days.list(rows, window, proven=proven)
        return rows

    def new_calls(self, listing: Listing, utc_offset_minutes: int) -> tuple[Listed, ...]:
        """Enter the proof of a listing of calls; return the rows that no earlier one had."""
        self._prove(listing, utc_offset_minutes)
        self._call_days.list((), listing.window, proven=listing.proven)
        return self._calls_listed.add(listing.listed)

    def end_calls(self, window: Window) -> None:
        """Note that all listings of a window's calls are in, and what is new of them is entered."""
        self._call_days.end(window)

    def count_call(self, *, is_new: bool) -> None:
        """Count a call that is archived, as new or as changed."""
        self._calls["new" if is_new else "changed"] += 1

    def enter_calls(self, file: CallFile) -> None:
        """Enter a file of calls that is stored."""
        self._call_files.append(file)

    def end_window(self, window: Window) -> None:
        """Note that all listings of a window are in."""
        self._days.end(window)

    def hold(self, listed: tuple[Listed, ...]) -> None:
        """Count rows that are held already."""
        self._outcomes[Outcome.HELD] += len(listed)
        for each in listed:
            self._held[each.row.at.date() if each.row.at else None].append(each.row.id)
            self._days.settle(each.row.id, each.row.at)

    def put_off(self, waiting: tuple[tuple[Listed, Known], ...]) -> None:
        """Count rows whose time to be tried again has not come, as what they are."""
        outcomes = [known.outcome for _, known in waiting]
        self._outcomes.update(outcomes)
        self._waiting.update(outcomes)
        for each, known in waiting:
            self._accepted_failures += known.accepted and known.outcome is Outcome.FAILED
            self._days.settle(each.row.id, each.row.at, waits=True)

    def leave(self) -> None:
        """Count a row that the run's budget leaves to the next one; its day stays unsettled."""
        self._left += 1

    def leave_windows(self, count: int) -> None:
        """Note windows that the run's budget leaves to the next one."""
        self._windows_left = count

    def note_lag(self, lag: Lag) -> None:
        """Note what all that was left comes to, beside what the last run left."""
        self._lag = lag

    def settle(self, done: Done, known: Known | None) -> tuple[Entry, bool]:
        """Enter an outcome; return its entry and whether it is a new finding."""
        entry = self._naming_twin(done.entry)
        self._outcomes[entry.outcome] += 1
        if entry.outcome is Outcome.FAILED and known is not None:
            is_no_news = known.outcome in {Outcome.FAILED, Outcome.GONE}
            self._accepted_failures += known.accepted and is_no_news
        if entry.outcome is Outcome.HELD:
            self._held[entry.created_at.date() if entry.created_at else None].append(entry.id)
        waits = entry.outcome in {Outcome.FAILED, Outcome.NO_AUDIO}
        self._days.settle(entry.id, entry.created_at, waits=waits)
        self._counted.add(entry.id)
        self._bytes += done.bytes
        self._refreshed += done.refreshed
        if entry.verdict is Verdict.DURATION_MISMATCH and done.is_news:
            self._differ[(entry.duration_ms or 0) > (entry.reported_ms or 0)] += 1
        return entry, done.is_news and self._enter(entry, known)

    def adopt(self, entry: Entry, known: Known | None) -> bool:
        """Enter what an earlier run stored; return whether it is a new finding.

        It is no outcome of this run: the listing will meet the recording as one that is known.
        """
        self._adopted += 1
        return self._enter(entry, known)

    def note_unlisted(self) -> tuple[RecordingId, ...]:
        """Note what is held in the run's windows and was not listed; return a few of their ids.

        Only proven listings say that something is not there.
        """
        sample: list[RecordingId] = []
        held = (each for window in self._days.proven for each in self._catalog.held_in(window))
        lost = ((day, id_) for day, id_ in held if id_ not in self._listed)
        for day, ids in groupby(lost, key=itemgetter(0)):
            named = [id_ for _, id_ in ids]
            self._unlisted.append(HeldDay(day, *ids_digest(named)))
            sample += named[: UNLISTED_NAMED - len(sample)]
        return tuple(sample)

    def miss(self) -> tuple[Entry, ...]:
        """Enter as gone what waited for its audio and is listed no more; return what is new.

        It is no outcome of this run, as nothing of it was listed.
        """
        reports = (
            (Report.RECORDINGS, self._days, self._listed),
            (Report.CALLS, self._call_days, self._calls_listed),
        )
        waiting = [
            known
            for report, days, listed in reports
            for window in days.proven
            for known in self._catalog.waiting_in(window, report)
            if known.id not in listed
        ]
        missed = [(restated(known, Outcome.GONE, NO_MORE), known) for known in waiting]
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

    def close(self, *, interrupted: bool) -> tuple[Head, Tally]:
        """Write the last manifest of the run; return the head and what it all came to."""
        head = self._write(closed=True, interrupted=interrupted)
        self._listed.close()
        self._calls_listed.close()
        return head, self.tally()

    def tally(self) -> Tally:
        """Return what the run has come to so far."""
        return Tally(
            listed=len(self._listed),
            outcomes=dict(self._outcomes),
            new_findings=self._new,
            open_findings=self._open,
            all_proven=self._all_proven,
            bytes=self._bytes,
            refreshed=self._refreshed,
            adopted=self._adopted,
            unlisted=sum(day.count for day in self._unlisted),
            waiting=dict(self._waiting),
            left=self._left,
            windows_left=self._windows_left,
            accepted_failures=self._accepted_failures,
            calls=CallTally(len(self._calls_listed), self._calls["new"], self._calls["changed"]),
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

    def _prove(self, listing: Listing, utc_offset_minutes: int) -> None:
        """Enter how far a listing proves itself; an accepted one need not."""
        is_accepted = self._accepted[listing.report].issuperset(listing.window.each_day())
        self._all_proven = self._all_proven and (listing.proven or is_accepted)
        self._windows.append(_proof(listing, utc_offset_minutes))

    def _enter(self, entry: Entry, known: Known | None) -> bool:
        before, after = known is not None and known.is_open, advance(known, entry).is_open
        self._open += after - before
        self._new += after and not before
        self._newly_open += after and not before
        self._entries.append(entry)
        return after and not before

    def _naming_twin(self, entry: Entry) -> Entry:
        """Name the other recording that has the very same bytes, where one is held."""
        if entry.outcome is not Outcome.QUARANTINED or entry.audio is None:
            return entry
        sha256 = entry.audio.sha256
        pending = (
            other.id
            for other in self._entries
            if other.audio and other.audio.sha256 == sha256 and other.id != entry.id
        )
        twin = next(pending, None) or self._catalog.same_bytes(sha256, entry.id)
        if twin is None:
            return entry
        reason = f"recording {twin} has the very same bytes"
        return replace(entry, reasons=(*entry.reasons, reason))

    def _write(self, *, closed: bool, interrupted: bool = False) -> Head:
        complete = closed and not interrupted

        def build(below: Head | None) -> Manifest:
            if below != self._catalog.followed():
                self._decide_again()
            return self._manifest(below, (*days, *call_days), closed=closed, complete=complete)

        days, call_days = tuple(self._days.dealt_with()), tuple(self._call_days.dealt_with())
        head = self._journal.append(build)
        self.windows += self._windows
        self._windows, self._entries = [], []
        self._days.told(days)
        self._call_days.told(call_days)
        self._call_files = []
        self._counted.clear()
        self._newly_open = 0
        self._held.clear()
        self._written_at = self._clock()
        if not interrupted:
            # The next run follows: whoever asked to stop is not kept waiting for it.
            self._catalog.follow(self._journal)
        return head

    def _decide_again(self) -> None:
        """Look at what has gathered in the light of what another run has written meanwhile."""
        self._catalog.follow(self._journal)
        known = self._catalog.many(entry.id for entry in self._entries)
        entries, self._entries = self._entries, []
        self._new -= self._newly_open
        self._newly_open = 0
        self._open = self._catalog.open_findings().count
        for old in entries:
            before = known.get(old.id)
            entry = rebased(old, before)
            if entry is not old and old.id in self._counted:
                self._outcomes[old.outcome] -= 1
                self._outcomes[entry.outcome] += 1
            self._enter(entry, before)
            known[entry.id] = advance(before, entry)

    def _manifest(
        self, below: Head | None, days: tuple[ListedDay, ...], *, closed: bool, complete: bool
    ) -> Manifest:
        tally = self.tally()
        ended = self._started + timedelta(seconds=int(self._clock() - self._began_at))
        held = sorted(self._held.items(), key=lambda item: item[0] or date.min)
        return Manifest(
            format=FORMAT,
            archive=self._archive,
            number=below.number + 1 if below else 1,
            previous=below,
            kind=Kind.RUN,
            run=run_of(self._id, self._started, ended, self._settings, closed=closed),
            windows=tuple(self._windows),
            recordings=tuple(self._entries),
            held=tuple(HeldDay(day, *ids_digest(ids)) for day, ids in held),
            unlisted=tuple(self._unlisted),
            days=days,
            calls=tuple(self._call_files),
            since=self._since,
            decision=None,
            outcomes={outcome: tally.outcomes.get(outcome, 0) for outcome in Outcome},
            findings=Findings(tally.new_findings, tally.open_findings),
            accounted=complete and tally.accounted,
            clean=complete and tally.clean,
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
