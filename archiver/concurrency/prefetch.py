"""Doing the next piece of an iteration while this one is used, and no more than that."""

import queue
import threading
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

from archiver.concurrency.stop import StopRequested, get_or_stop, next_unless

T = TypeVar("T")


class _End:
    """Marks the end of the iteration, with the error that ended it."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def prefetch(
    pieces: Iterable[T], stop_requested: StopRequested, enough: Callable[[], bool] = bool
) -> Generator[T]:
    """Yield ``pieces``, each made in a thread of its own while the one before is used.

    Once one was used that was ``enough``, nothing more is waited for. An error is raised where the
    piece would have come; :class:`archiver.concurrency.stop.Cancelled`, when ``stop_requested``
    says so, instead of waiting on. When the consumer stops early (close it then), the thread ends
    at its next piece and nobody waits for that.
    """
    made: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
    wanted = threading.Semaphore(1)
    left = threading.Event()

    def make() -> None:
        error: BaseException | None = None
        try:
            for piece in pieces:
                made.put(piece)
                wanted.acquire()
                if left.is_set():
                    return
        except BaseException as raised:  # noqa: BLE001 - handed over, raised in the consumer
            error = raised
        made.put(_End(error))

    maker = threading.Thread(target=make, name="lister", daemon=True)
    maker.start()
    try:
        piece = get_or_stop(made, stop_requested)
        while not isinstance(piece, _End):
            yield piece
            wanted.release()
            coming = next_unless(made, stop_requested, enough)
            if coming is None:
                return
            piece = coming
        if piece.error is not None:
            raise piece.error
    finally:
        left.set()
        wanted.release()
