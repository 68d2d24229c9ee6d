"""Counting, at the end of a run, what its budget left to the next one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import Report
from archiver.domain.times.window import Window
from archiver.listing.slices import spanning
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.pull.budget.backlog import BacklogParts, Counting
from archiver.pull.pull_scope import PullScope
from archiver.pull.run_context import RunContext


@dataclass(slots=True)
class RunBacklog:
    """The backlog of one run over ``windows``, which end where the portal's clock stands."""

    run: RunContext
    scope: PullScope
    behaviour: PortalBehaviour
    windows: Sequence[Window]
    with_calls: bool
    _new_days: frozenset[date] = field(init=False)

    def __post_init__(self) -> None:
        self._new_days = frozenset(self._undealt() if self.scope.is_fixed else ())

    def note(
        self, left: Sequence[Window], rows: Mapping[date | None, int], arrived: Sequence[Window]
    ) -> None:
        """Enter what was ``left`` of the windows, and of those that ``arrived``; rows by day."""
        self.run.ledger.counts.windows_left = len(left)
        if self.scope.is_fixed and not self._is_idle(left):
            return
        late = frozenset(window.first.date() for window in arrived) & BacklogParts(tuple(left)).days
        parts = BacklogParts((*left, *self.scope.passed_over), rows, late)
        if parts.windows:
            self._tell(parts.days)
        every = (*self.windows, *self.scope.passed_over, *arrived)
        counting = Counting(self.run.client, self.run.catalog, self.behaviour, self.with_calls)
        first = spanning(every).first.date()
        self.run.ledger.counts.lag = counting.lag(self.scope, first, parts)

    def _tell(self, days: frozenset[date]) -> None:
        """Have the catalog know what came of these days, be it that there is nothing of one."""
        ended = {each.day for each in self.run.ledger.recordings.days.dealt_with()}
        if all(map(self._is_dealt_with, days & ended)):
            self.run.ledger.write_gathered()
        else:
            self.run.ledger.write()

    def _is_idle(self, left: Sequence[Window]) -> bool:
        """Whether the budget left something, and nothing of what there is became less."""
        ledger = self.run.ledger
        if not (left or ledger.counts.left):
            return False
        told = {each.day for each in ledger.recordings.days.dealt_with()}
        days = any(day in told or self._is_dealt_with(day) for day in self._new_days)
        return not (days or ledger.counts.outcomes[Outcome.ARCHIVED] or ledger.counts.adopted)

    def _undealt(self) -> list[date]:
        """Return the days of the windows that no run has dealt with before."""
        days = (each for window in self.windows for each in window.by_day() if each.is_whole_days)
        return [day for each in days if not self._is_dealt_with(day := each.first.date())]

    def _is_dealt_with(self, day: date) -> bool:
        return self.run.catalog.days.was_listed(Report.RECORDINGS, day)
