"""What a run has come to so far, in figures: every outcome counted once. Used from one thread."""

from collections import Counter

from msgspec import Struct, field

from archiver.domain.outcomes import Outcome, Verdict
from archiver.manifest.model import Entry
from archiver.manifest.state import RecordingState, apply_entry
from archiver.pull.budget.backlog import Lag
from archiver.pull.job.done import Done
from archiver.pull.ledger.totals import CallTally, RunTotals

TREND_AT_LEAST = 20
TREND_PART = 5


class FindingTally(Struct):
    """How many findings are ``open`` in the archive, and how many are a run's ``new`` ones."""

    open: int
    new: int = 0
    _unwritten: int = 0

    def enter(self, *, was_open: bool, is_open: bool) -> bool:
        """Count an entry's finding, if it is one; return whether that is new."""
        is_new = is_open and not was_open
        self.open += is_open - was_open
        self.new += is_new
        self._unwritten += is_new
        return is_new

    def take_back(self, still_open: int) -> None:
        """Forget the findings since the last manifest: they are entered once more."""
        self.new -= self._unwritten
        self._unwritten = 0
        self.open = still_open

    def written(self) -> None:
        """Note that all findings so far are in a manifest."""
        self._unwritten = 0


class Counts(Struct):
    """The figures of one run, and its ``findings``.

    ``left`` rows and ``windows_left`` are those that its budget leaves to the next one, ``lag``
    what that comes to. ``unread_calls`` are rows of the call log that can't be read. ``doubts`` say
    why the run as a whole is not to be believed.
    """

    findings: FindingTally
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    waiting: Counter[Outcome] = field(default_factory=Counter)
    accepted_failures: int = 0
    left: int = 0
    windows_left: int = 0
    lag: Lag | None = None
    adopted: int = 0
    unlisted: int = 0
    unread_calls: int = 0
    doubts: list[str] = field(default_factory=list)
    _bytes: int = 0
    _refreshed: int = 0
    _calls: Counter[bool] = field(default_factory=Counter)
    _differ: Counter[bool] = field(default_factory=Counter)

    def hold(self, count: int) -> None:
        """Count rows that are held already."""
        self.outcomes[Outcome.HELD] += count

    def pass_over(self, count: int) -> None:
        """Count rows of what was erased."""
        self.outcomes[Outcome.ERASED] += count

    def defer(self, known: RecordingState) -> None:
        """Count a row whose retry is not due, under its existing outcome."""
        self.outcomes[known.outcome] += 1
        self.waiting[known.outcome] += 1
        self.accepted_failures += known.accepted and known.outcome is Outcome.FAILED

    def settle(self, entry: Entry, done: Done, known: RecordingState | None) -> None:
        """Count the outcome of a row, and what it cost."""
        self.outcomes[entry.outcome] += 1
        if entry.outcome is Outcome.FAILED and known is not None and not known.held:
            self.accepted_failures += apply_entry(known, entry).accepted
        self._bytes += done.bytes
        self._refreshed += done.refreshed
        if entry.verdict is Verdict.DURATION_MISMATCH and done.is_news:
            self._differ[(entry.duration_ms or 0) > (entry.reported_ms or 0)] += 1

    def change(self, before: Outcome, after: Outcome) -> None:
        """Count an outcome as another: what another run wrote meanwhile has changed it."""
        self.outcomes[before] -= 1
        self.outcomes[after] += 1

    def count_call(self, *, is_new: bool) -> None:
        """Count a call that is archived, as new or as changed."""
        self._calls[is_new] += 1

    def doubt(self, text: str) -> bool:
        """Note why the run as a whole is not to be believed; return whether it is news."""
        is_new = text not in self.doubts
        self.doubts += [text] if is_new else []
        return is_new

    def trend(self) -> str | None:
        """Say so when mismatches look like a property of the portal, not of recordings."""
        settled = sum(self.outcomes.values()) - self.outcomes[Outcome.HELD]
        for longer, count in self._differ.items():
            if count >= TREND_AT_LEAST and count * TREND_PART >= settled:
                return (
                    f"{count} recordings are all {'longer' if longer else 'shorter'} than "
                    "reported: that looks like a property of this portal. `archiver doctor` "
                    "measures it and proposes a tolerance."
                )
        return None

    def totals(
        self, *, listed: int, calls_listed: int, all_proven: bool, unfinished_erasures: int
    ) -> RunTotals:
        """Return the figures as they stand, beside what was listed, and what is unfinished."""
        return RunTotals(
            listed=listed,
            outcomes={each: self.outcomes[each] for each in Outcome if self.outcomes[each]},
            new_findings=self.findings.new,
            open_findings=self.findings.open,
            all_proven=all_proven,
            doubts=tuple(self.doubts),
            bytes=self._bytes,
            refreshed=self._refreshed,
            adopted=self.adopted,
            unlisted=self.unlisted,
            waiting=dict(self.waiting),
            left=self.left,
            windows_left=self.windows_left,
            accepted_failures=self.accepted_failures,
            calls=CallTally(calls_listed, self._calls[True], self._calls[False], self.unread_calls),
            lag=self.lag,
            unfinished_erasures=unfinished_erasures,
        )
