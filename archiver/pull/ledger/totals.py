"""What a run has come to, in figures. Values only."""

from collections.abc import Mapping

from msgspec import Struct

from archiver.domain.outcomes import Outcome
from archiver.pull.budget.backlog import Lag


class CallTally(Struct, frozen=True):
    """How many calls a run listed, and how many were new, had changed, or can't be read."""

    listed: int
    new: int
    changed: int
    unread: int


class RunTotals(Struct, frozen=True):
    """What a run has come to. ``listed`` is the distinct rows seen in any walk.

    ``unlisted`` counts what is held and the portal lists no more. ``waiting`` is the part of the
    outcomes that was not tried, as its time has not come; ``accepted_failures`` the part of the
    failed that a person accepted. ``left`` is listed and was not begun, and ``windows_left`` were
    not listed, since the run's budget was spent; ``lag`` says what that comes to, of a run over all
    that is due. ``all_proven`` tells that all listings are, or are accepted; ``doubts`` say why the
    run as a whole is not to be believed all the same. ``unfinished_erasures`` were begun in the
    archive, and are not at their end.
    """

    listed: int
    outcomes: Mapping[Outcome, int]
    new_findings: int
    open_findings: int
    all_proven: bool
    bytes: int
    refreshed: int
    adopted: int
    unlisted: int
    waiting: Mapping[Outcome, int]
    left: int
    windows_left: int
    accepted_failures: int
    calls: CallTally
    doubts: tuple[str, ...] = ()
    lag: Lag | None = None
    unfinished_erasures: int = 0

    @property
    def accounted(self) -> bool:
        """Whether all is listed, proven (or accepted), and every row has its one outcome."""
        is_complete = self.listed == sum(self.outcomes.values()) and not self.windows_left
        return self.all_proven and is_complete

    @property
    def well(self) -> bool:
        """Whether nothing needs a person, though something may be left for the next run."""
        failed = self.outcomes.get(Outcome.FAILED, 0) - self.accepted_failures
        is_complete = self.listed == sum(self.outcomes.values()) + self.left
        is_behind = self.lag is not None and self.lag.is_behind
        is_open = self.open_findings or self.unfinished_erasures
        is_fine = not (failed or is_open or is_behind or self.doubts)
        return self.all_proven and is_complete and is_fine

    @property
    def clean(self) -> bool:
        """Whether nothing needs a person, and nothing is left."""
        return self.accounted and self.well
