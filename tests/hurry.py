"""A run that has time for a few windows, as ``--max-time`` at a slow portal gives it: no clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from archiver.domain.recordings import Report
from archiver.domain.times.window import Window
from archiver.pull.budget.run_budget import RunBudget
from archiver.pull.ledger.observed import ObservedReport


@contextmanager
def time_for(most: int) -> Iterator[None]:
    """Let a run's time be over when the recordings of so many windows are listed."""
    ended, end = list[Window](), ObservedReport.end

    def end_window(self: ObservedReport, window: Window) -> None:
        if self.report is Report.RECORDINGS:
            ended.append(window)
        end(self, window)

    with (
        mock.patch.object(RunBudget, "is_spent", property(lambda _: len(ended) >= most)),
        mock.patch.object(ObservedReport, "end", end_window),
    ):
        yield
