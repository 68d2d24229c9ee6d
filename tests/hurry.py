"""A run that has time for a few windows, as ``--max-time`` at a slow portal gives it: no clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from archiver.domain.window import Window
from archiver.pull.budget import RunBudget
from archiver.pull.ledger.ledger import Ledger


@contextmanager
def time_for(most: int) -> Iterator[None]:
    """Let a run's time be over when so many windows are done."""
    ended, end = list[Window](), Ledger.end_window

    def end_window(self: Ledger, window: Window) -> None:
        ended.append(window)
        end(self, window)

    with (
        mock.patch.object(RunBudget, "is_spent", property(lambda _: len(ended) >= most)),
        mock.patch.object(Ledger, "end_window", end_window),
    ):
        yield
