"""How many bytes a second all transfers together may take."""

import threading
from collections.abc import Callable

from archiver.concurrency.stop import StopToken
from archiver.concurrency.turns import others_turn


class Throttle:
    """Lets ``bytes_per_s`` pass; used by all threads. ``stop`` ends every wait."""

    def __init__(self, bytes_per_s: int, *, clock: Callable[[], float], stop: StopToken) -> None:
        self._bytes_per_s = bytes_per_s
        self._clock = clock
        self._stop = stop
        self._lock = threading.Lock()
        self._free_at = clock()

    def take(self, count: int) -> None:
        """Return when there has been time for the bytes that were taken before these."""
        with self._lock:
            now = self._clock()
            begin = max(self._free_at, now)
            self._free_at = begin + count / self._bytes_per_s
        if begin > now:
            with others_turn():
                self._stop.wait(begin - now)
