"""A few threads for many jobs, that nobody has to wait for.

The standard library's pool joins its threads when the program ends: one that hangs in a name
server, a handshake or a disk would keep a stopping run alive. These can be left behind.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TypeVar

from msgspec import Struct

S = TypeVar("S")
T = TypeVar("T")


class Threads:
    """Does jobs on ``count`` daemon threads at most, in the order in which they are given."""

    def __init__(self, count: int, name: str) -> None:
        self._count = count
        self._name = name
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Do a job when a thread is free."""
        future = Future[T]()
        self._jobs.put(_Job(partial(_fulfil, future, call), future.cancel))
        with self._starting:
            if len(self._threads) < self._count:
                name = f"{self._name}-{len(self._threads)}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
        return future

    def map(self, call: Callable[[S], T], items: Iterable[S]) -> tuple[T, ...]:
        """Return what comes of each item; after an error, what has not begun is dropped.

        Where one is done at a time, none needs a thread.
        """
        if self._count == 1:
            return tuple(map(call, items))
        futures = [self.submit(partial(call, item)) for item in items]
        try:
            return tuple(future.result() for future in futures)
        finally:
            for future in futures:
                future.cancel()

    def end(self, within_s: float = 0.0) -> None:
        """Drop what has not begun, and wait so long, at most, for what has."""
        with suppress(queue.Empty):
            while True:
                self._jobs.get_nowait().drop()
        for _ in self._threads:
            self._jobs.put(_LAST)
        deadline = time.monotonic() + within_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not _LAST:
            job.do()


def some_at_once(
    items: Sequence[S], call: Callable[[S], T], count: int, stopped: Callable[[], bool] = bool
) -> Iterator[tuple[S, T]]:
    """Yield each item with what comes of it, in order, ``count`` done at once.

    None is begun once it is ``stopped``.
    """
    threads = Threads(count, "some")
    try:
        for start in range(0, len(items), count):
            if stopped():
                return
            some = items[start : start + count]
            yield from zip(some, threads.map(call, some), strict=True)
    finally:
        threads.end()


def in_order(
    items: Iterable[S], call: Callable[[S], T], count: int, name: str
) -> Iterator[tuple[S, T]]:
    """Yield each item with what comes of it, in order, ``count`` done at once.

    Items are asked for a few ahead of what was yielded, so that there may be any number of them.
    """
    threads, waiting = Threads(count, name), deque[tuple[S, Future[T]]]()
    try:
        for item in items:
            waiting.append((item, threads.submit(partial(call, item))))
            if len(waiting) > count * _AHEAD:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
        threads.end(within_s=_IDLE_ENDS_S)
    finally:
        threads.end()


_IDLE_ENDS_S = 5.0
"""Threads that have nothing left to do end at once: so long if the machine is busy."""
_AHEAD = 4
"""For each thread, so many items may be waiting or done before the first of them is yielded."""


class _Job(Struct, frozen=True, eq=False):
    """One of two things happens to it."""

    do: Callable[[], object]
    drop: Callable[[], object]


_LAST = _Job(bool, bool)
"""Ends the thread that takes it."""


def _fulfil(future: Future[T], call: Callable[[], T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - handed over, raised where the result is asked for
        future.set_exception(error)
    else:
        future.set_result(result)
