"""Many recordings at once: a pool of threads that takes work and hands back outcomes."""

import queue
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from archiver.concurrency.stop import StopRequested, get_or_stop
from archiver.concurrency.threads import Threads

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

WIND_UP_S = 3.0
"""How long a stopping run waits for what is in hand; the rest of its 5 seconds is for the books."""


class WorkerPool(Generic[T]):
    """Runs jobs on ``workers`` threads; results come back in the order they end.

    A job's error is raised where its result would have come, and
    :class:`archiver.concurrency.stop.Cancelled`, when ``stop_requested`` says so, instead of
    waiting on.
    """

    def __init__(self, workers: int, stop_requested: StopRequested) -> None:
        self.workers = workers
        self._asked = stop_requested
        self._pool = Threads(workers, "worker")
        self._ended: queue.SimpleQueue[Future[T]] = queue.SimpleQueue()
        self._pending = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._pool.end()

    def submit(self, job: Callable[[], T]) -> None:
        """Do a job when a thread is free."""
        self._pending += 1
        self._pool.submit(job).add_done_callback(self._ended.put)

    def results(self, *, until_left: int = 0) -> Iterator[T]:
        """Yield results until at most ``until_left`` jobs are still to be done."""
        while self._pending > until_left:
            future = get_or_stop(self._ended, self._asked)
            self._pending -= 1
            yield future.result()

    def finish(self) -> Iterator[T]:
        """Drop what has not begun, wait for what has, and yield what came of it, errors aside.

        What takes longer than :data:`WIND_UP_S` is left behind: it may leave a part file, or files
        without an entry, as a killed run does.
        """
        self._pool.end(WIND_UP_S)
        while not self._ended.empty():
            future = self._ended.get()
            if not future.cancelled() and future.exception() is None:
                yield future.result()
