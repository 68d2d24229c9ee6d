"""Waiting for one's turn to write to an archive, while another run holds its lock."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from archiver.errors import Locked
from archiver.pull import events
from archiver.store.base import Store

GLANCE_S = 0.5
"""The kernel's lock knows no time-out, so it is tried for again and again."""


@contextmanager
def wait_for_lock(
    store: Store,
    announce: events.Announce,
    most_s: float,
    *,
    wait: Callable[[float], object],
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Hold the store's lock, after waiting up to ``most_s`` seconds for the run that has it.

    ``wait`` waits so many seconds. Raises :class:`Locked` when ``most_s`` was not enough.
    """
    until = clock() + most_s
    is_told = False
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(store.exclusive())
                break
            except Locked:
                left = until - clock()
                if left <= 0:
                    raise
            if not is_told:
                announce(events.LockedOut(most_s))
                is_told = True
            wait(min(GLANCE_S, left))
        yield
