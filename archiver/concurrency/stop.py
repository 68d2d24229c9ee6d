"""A token by which work is asked to stop, and waiting for what comes next while somebody may ask.

A signal that raised wherever it struck could come between storing a recording and entering it. So
it only sets a token, which is looked at where the work waits and nothing is half done.
"""

import queue
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event
from typing import Protocol, TypeVar

from archiver.errors import StopRun

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

GLANCE_S = 0.2
"""How long a request to stop may go unnoticed."""


class Cancelled(KeyboardInterrupt):
    """Somebody asked the work to stop: a person, as by Ctrl-C, or a program by its token."""


class StopToken(Event):
    """A request to stop, which any thread may make (``set``) and see; it is never taken back.

    A run has two of them: the caller's, after which it takes up nothing more, and its own, which
    ends every wait and transfer as soon as it winds up.
    """

    is_heeded = False
    """Whether the work looks at the token by now: a signal need not interrupt it."""

    def __call__(self) -> bool:
        """Whether to stop."""
        return self.is_set()

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Let it be known that the block looks at the token whenever it waits."""
        self.is_heeded = True
        try:
            yield
        finally:
            self.is_heeded = False

    def check(self, _received: int = 0) -> None:
        """Raise :class:`StopRun` once set, whatever number of bytes was received."""
        if self.is_set():
            raise StopRun("The run is stopping.")

    def pause(self, seconds: float) -> None:
        """Wait so many seconds; raise :class:`StopRun` as soon as the token is set."""
        self.wait(seconds)
        self.check()


StopRequested = Callable[[], bool]
"""What a :class:`StopToken` is to whoever only looks at it."""
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
    """Return the next thing that comes; :class:`Cancelled` when asked to stop before that."""
    while not stop_requested():
        with suppress(queue.Empty):
            return coming.get(timeout=GLANCE_S)
    raise Cancelled


def next_unless(
    coming: StoppableQueue[T], stop_requested: StopRequested, enough: Callable[[], bool]
) -> T | None:
    """Return the next thing that comes, ``None`` once there is ``enough`` without it.

    Raises :class:`Cancelled` when asked to stop before that.
    """
    while not enough():
        check_not_stopped(stop_requested)
        with suppress(queue.Empty):
            return coming.get(timeout=GLANCE_S)
    return None


def check_not_stopped(stop_requested: StopRequested) -> None:
    """Raise :class:`Cancelled` when asked to stop."""
    if stop_requested():
        raise Cancelled


def in_pieces(items: Sequence[T], stop_requested: StopRequested) -> Iterator[Sequence[T]]:
    """Yield items piece by piece, one at least; :class:`Cancelled` when asked to stop before it.

    A portal without pages lists a hundred thousand rows at once: nothing is done with all of them
    in one go.
    """
    for start in range(0, max(1, len(items)), PIECE):
        check_not_stopped(stop_requested)
        yield items[start : start + PIECE]
