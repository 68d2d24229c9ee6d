"""Taking turns: of the threads that archive, one computes at a time, and the others only wait.

Python lets one thread of a process compute, and a thread lets go of that right whenever it opens,
reads or writes anything. With sixteen at work each of these moments wakes another one, a thousand
times a recording. So a thread has its turn for all of a job, and leaves it to the others while it
waits for a server, a disk or the run itself.

    with turn():
        with others_turn():
            wait_for_something()
        work_on_it()

No lock is held across :func:`others_turn` that a thread may want in its own turn: each would wait
for the other.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _OfThread(threading.local):
    """What each thread knows of itself."""

    has_turn = False


_turn = threading.Lock()
_this = _OfThread()


@contextmanager
def turn() -> Iterator[None]:
    """Have the turn while the block runs, once it is free."""
    _take()
    try:
        yield
    finally:
        _leave()


@contextmanager
def others_turn() -> Iterator[None]:
    """Leave the turn to others while the block waits; a thread that has none just waits."""
    if not _this.has_turn:
        yield
        return
    _leave()
    try:
        yield
    finally:
        _take()


def _take() -> None:
    _turn.acquire()
    _this.has_turn = True


def _leave() -> None:
    _this.has_turn = False
    _turn.release()
