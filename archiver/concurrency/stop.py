"""Waiting for what comes next, while someone may ask the run to stop.

A signal that raised wherever it struck could come between storing a recording and entering it. So
it is only noted, and looked for here, where the run waits and nothing is half done.
"""

import queue
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

GLANCE_S = 0.2
"""How long a request to stop may go unnoticed."""

StopRequested = Callable[[], bool]
"""Tells whether the run was asked to stop."""
NEVER: StopRequested = bool
"""Never asks."""
PIECE = 300
"""So many rows are worked on between two looks at whether somebody asks."""


class StoppableQueue(Protocol[T_co]):
    """Things that come one by one: any queue of the standard library."""

    def get(self, block: bool = True, timeout: float | None = None) -> T_co:  # noqa: FBT001, FBT002 - the queues' own
        """Return the next; raises ``queue.Empty`` when none comes in time."""
        ...


def get_or_stop(coming: StoppableQueue[T], stop_requested: StopRequested) -> T:
    """Return the next thing that comes; ``KeyboardInterrupt`` when asked to stop before that."""
    while not stop_requested():
        with suppress(queue.Empty):
            return coming.get(timeout=GLANCE_S)
    raise KeyboardInterrupt


def next_unless(
    coming: StoppableQueue[T], stop_requested: StopRequested, enough: Callable[[], bool]
) -> T | None:
    """Return the next thing that comes, ``None`` once there is ``enough`` without it.

    Raises ``KeyboardInterrupt`` when asked to stop before that.
    """
    while not enough():
        check_not_stopped(stop_requested)
        with suppress(queue.Empty):
            return coming.get(timeout=GLANCE_S)
    return None


def check_not_stopped(stop_requested: StopRequested) -> None:
    """Raise ``KeyboardInterrupt`` when asked to stop."""
    if stop_requested():
        raise KeyboardInterrupt


def in_pieces(items: Sequence[T], stop_requested: StopRequested) -> Iterator[Sequence[T]]:
    """Yield items piece by piece, one at least; ``KeyboardInterrupt`` when asked to stop before it.

    A portal without pages lists a hundred thousand rows at once: nothing is done with all of them
    in one go.
    """
    for start in range(0, max(1, len(items)), PIECE):
        check_not_stopped(stop_requested)
        yield items[start : start + PIECE]
