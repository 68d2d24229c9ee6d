"""A run that has time for a few windows, as ``--max-time`` at a slow portal gives it: no clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from archiver.run.budget import Budget
from archiver.run.register import Register
from archiver.windows import Window


@contextmanager
def time_for(most: int) -> Iterator[None]:
    """Let a run's time be over when so many windows are done."""
    ended, end = list[Window](), Register.end_window

    def end_window(self: Register, window: Window) -> None:
        ended.append(window)
        end(self, window)

    with (
        mock.patch.object(Budget, "is_spent", property(lambda _: len(ended) >= most)),
        mock.patch.object(Register, "end_window", end_window),
    ):
        yield
