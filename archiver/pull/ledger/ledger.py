"""A run's bookkeeping: every outcome counted once, written to the chain in good time.

Entries are gathered and written every few hundred recordings or few minutes, so that a crash loses
bookkeeping only and memory is bounded; the last manifest closes the run. Used from one thread.
"""

from collections.abc import Iterable

from archiver.catalog.recording_rows import told_in
from archiver.concurrency.stop import NEVER, StopRequested
from archiver.config.settings import DEFAULTS
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import Report
from archiver.domain.times.window import Window
from archiver.manifest.model import Entry, Manifest
from archiver.manifest.records.files import CallFile, Head
from archiver.manifest.records.listings import HeldDay, WindowProof
from archiver.manifest.state import RecordingState, entry_from_state
from archiver.open_archive import OpenArchive
from archiver.portal.proving.walk import Listed
from archiver.portal.proving.window_listing import Listing
from archiver.pull.job.done import Done
from archiver.pull.ledger.counts import Counts, FindingTally
from archiver.pull.ledger.observed import ObservedReport
from archiver.pull.ledger.pending import Pending
from archiver.pull.ledger.run_header import Ending, RunHeader
from archiver.pull.ledger.same_audio import Twins
from archiver.pull.ledger.totals import RunTotals
from archiver.pull.ledger.unlisted import Unlisted
from archiver.pull.stored.orphans import OrphanedPair

SECONDS_A_MANIFEST = 120.0
NO_MORE = "it waited for its audio, and the portal lists it no more"


class Ledger:
    """The books of one run into one archive.

    ``counts`` are its figures, ``recordings`` and ``calls`` what was seen of both reports,
    ``windows`` the proofs that are written.
    """

    def __init__(
        self,
        archive: OpenArchive,
        header: RunHeader,
        *,
        same_audio_ms: int = DEFAULTS.same_audio,
    ) -> None:
        catalog = archive.catalog
        self.counts = Counts(FindingTally(catalog.findings.counted().count))
        self.recordings = ObservedReport(Report.RECORDINGS, catalog)
        self.calls = ObservedReport(Report.CALLS, catalog)
        self.windows: list[WindowProof] = []
        self._archive = archive
        self._decided_on = catalog.followed()
        self._header = header
        twins = Twins(catalog, same_audio_ms)
        self._pending = Pending(catalog, self.counts, twins, self._header.began)
        self._written_at = header.clock()
        self._unlisted: tuple[HeldDay, ...] = ()

    @property
    def shared_ms(self) -> int:
        """How long audio may be that several recordings have, in milliseconds."""
        return self._pending.twins.allowed_ms

    def new_rows(
        self, listing: Listing, utc_offset_minutes: int, stop_requested: StopRequested = NEVER
    ) -> tuple[Listed, ...]:
        """Enter a listing's proof; return the rows that no earlier listing of the run had.

        They go by ids of their own where the portal gives one to several.
        """
        self._pending.gathered.windows.append(_proof(listing, utc_offset_minutes))
        return self.add_rows(
            self.recordings.named(listing, stop_requested), listing.window, stop_requested
        )

    def add_rows(
        self, listed: tuple[Listed, ...], window: Window, stop_requested: StopRequested = NEVER
    ) -> tuple[Listed, ...]:
        """Take in rows whose outcomes will follow; return those that are new to this run."""
        rows = self.recordings.add(listed, stop_requested)
        self.recordings.days.expect(rows, window)
        return rows

    def new_calls(
        self, listing: Listing, utc_offset_minutes: int, stop_requested: StopRequested = NEVER
    ) -> tuple[Listed, ...]:
        """Enter the proof of a listing of calls; return the rows that no earlier one had."""
        self._pending.gathered.windows.append(_proof(listing, utc_offset_minutes))
        return self.calls.add(self.calls.named(listing, stop_requested), stop_requested)

    def enter_calls(self, file: CallFile) -> None:
        """Enter a file of calls that is stored."""
        self._pending.gathered.call_files.append(file)

    def hold(self, listed: tuple[Listed, ...]) -> None:
        """Count rows that are held already."""
        self.counts.hold(len(listed))
        for each in listed:
            self._pending.gathered.hold(each.row.id, each.row.at)
            self.recordings.days.settle(each.row.id, each.row.at)

    def defer(self, waiting: tuple[tuple[Listed, RecordingState], ...]) -> None:
        """Count rows whose retry is not due, under their existing outcome."""
        for each, known in waiting:
            self.counts.defer(known)
            self.recordings.days.settle(each.row.id, each.row.at, waits=True)

    def pass_over(self, erased: tuple[Listed, ...]) -> None:
        """Count rows of recordings that were erased: nothing is to be done for them."""
        self.counts.pass_over(len(erased))
        for each in erased:
            self.recordings.days.settle(each.row.id, each.row.at)

    def settle(self, done: Done, known: RecordingState | None) -> tuple[Entry, bool]:
        """Enter an outcome; return its entry and whether it is a new finding."""
        gathered = self._pending.gathered
        entry = self._pending.twins.named(done.entry, known, done.row)
        self.counts.settle(entry, done, known)
        if entry.outcome is Outcome.HELD:
            gathered.hold(entry.id, entry.created_at)
        self._settle_day(entry, known)
        gathered.counted.add(entry.id)
        if done.is_fresh and entry.sidecar is not None:
            gathered.fresh[entry.sidecar] = told_in(done.row, entry.reported_ms, entry.duration_ms)
        return entry, done.is_news and self._pending.enter(entry, known)

    def _settle_day(self, entry: Entry, known: RecordingState | None) -> None:
        """Note that a row has its outcome; where a newer version failed, its day is never told.

        Nothing else would keep it due: what is held stays held, and waits for nothing.
        """
        if entry.outcome is Outcome.FAILED and known is not None and known.held:
            return
        waits = entry.outcome in {Outcome.FAILED, Outcome.NO_AUDIO}
        self.recordings.days.settle(entry.id, entry.created_at, waits=waits)

    def adopt(self, pair: OrphanedPair, known: RecordingState | None) -> tuple[Entry, bool]:
        """Enter what an earlier run stored; return its entry and whether it is a new finding.

        It is no outcome of this run: the listing will meet the recording as one that is known.
        """
        self.counts.adopted += 1
        entry = self._pending.twins.named(pair.entry(known), known, pair.told.row)
        return entry, self._pending.enter(entry, known)

    def note_unlisted(self) -> tuple[Unlisted, Unlisted]:
        """Note what is held in the run's windows and was not listed; return that, and its calls.

        Only proven listings say that something is not there.
        """
        self.recordings.days.count_anew()
        self.calls.days.count_anew()
        recordings = self.recordings.unlisted()
        self._unlisted = recordings.days
        self.counts.unlisted = sum(day.count for day in self._unlisted)
        return recordings, self.calls.unlisted()

    def mark_gone(self, waiting: Iterable[RecordingState]) -> tuple[Entry, ...]:
        """Enter as gone what waited for its audio and is listed no more; return what is new.

        It is no outcome of this run, as nothing of it was listed.
        """
        missed = [(entry_from_state(known, Outcome.GONE, NO_MORE), known) for known in waiting]
        return tuple(entry for entry, known in missed if self._pending.enter(entry, known))

    def write(self) -> None:
        """Write what has gathered, so that the catalog knows it."""
        self._write(Ending())

    def write_gathered(self) -> None:
        """Write what has gathered, if anything has."""
        if self._pending.gathered.is_anything:
            self.write()

    def write_if_due(self) -> None:
        """Write a manifest when enough has gathered; ask this after every slice and outcome."""
        is_overdue = self._header.clock() - self._written_at > SECONDS_A_MANIFEST
        if self._pending.gathered.is_enough or (self._pending.gathered.entries and is_overdue):
            self.write()

    def end(self, *, interrupted: bool) -> tuple[Head, RunTotals]:
        """Write the last manifest of the run; return the head and what it all came to."""
        head = self._write(Ending(closed=True, interrupted=interrupted))
        return head, self.totals()

    def totals(self) -> RunTotals:
        """Return what the run has come to so far."""
        return self.counts.totals(
            listed=len(self.recordings.seen),
            calls_listed=len(self.calls.seen),
            all_proven=self.recordings.is_believed and self.calls.is_believed,
            unfinished_erasures=len(self._archive.catalog.erased.begun()),
        )

    def _write(self, ending: Ending) -> Head:
        both = self.recordings.days, self.calls.days
        days, call_days = (tuple(each.dealt_with()) for each in both)

        def build(below: Head | None) -> Manifest:
            # Not what the catalog has followed: another process may have had it follow meanwhile.
            if below != self._decided_on:
                self._archive.follow()
                self._decided_on = below
                self._pending.decide_again()
            self._pending.leave_erased(self._archive.documents)
            return self._header.manifest(
                below,
                self._pending.gathered,
                days=(*days, *call_days),
                unlisted=self._unlisted,
                totals=self.totals(),
                ending=ending,
            )

        head = self._archive.journal.append(build)
        written = self._pending.take()
        self.windows += written.windows
        self.recordings.days.told(days)
        self.calls.days.told(call_days)
        self._written_at = self._header.clock()
        if not ending.interrupted:
            # The next run follows: whoever asked to stop is not kept waiting for it.
            self._archive.catalog.follow(self._archive.journal, fresh=written.fresh)
            self._decided_on = head
            self._pending.twins.forget()
        return head


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
