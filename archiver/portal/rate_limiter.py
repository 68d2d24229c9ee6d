"""One limiter for every thread that asks the portal.

The portal allows 1,000 requests a minute and the customer's own systems share that, so requests are
spaced evenly, with a small burst for a run's first pages, and never more than the set rate in any
minute. When the portal asks for a pause, everyone pauses.
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BURST = 16
_COUNT = re.compile("[0-9]{1,9}")
BURST_PART_OF_A_MINUTE = 10
FEW_LEFT = 10
"""So many requests left, or fewer, slow everyone down by a second for each that is missing."""


class Limiter:
    """Hands out moments to ask, ``rate`` a minute (the generic cell rate algorithm).

    ``clock`` is monotonic seconds; ``wait(seconds)`` returns when they are over, or earlier when
    the run stops.
    """

    def __init__(
        self, rate: int, *, clock: Callable[[], float], wait: Callable[[float], object]
    ) -> None:
        burst = min(BURST, rate // BURST_PART_OF_A_MINUTE)
        self.interval = 60 / (rate - burst)
        """Seconds between two requests, once the first few are sent."""
        self._slack = self.interval * burst
        self._clock = clock
        self._wait = wait
        self._lock = threading.Lock()
        self._next = clock() - self._slack
        self._paused_until = clock()
        self._in_line = 0

    def acquire(self) -> None:
        """Return when it is this caller's turn, and nobody has been asked to pause."""
        with self._lock:
            turn = max(self._next, self._clock() - self._slack)
            self._next = turn + self.interval
        awaited = None
        while awaited != (due := max(turn, self._paused_until)) and due > self._clock():
            with self._waiting_for_turn():
                self._wait(due - self._clock())
            awaited = due

    @contextmanager
    def _waiting_for_turn(self) -> Iterator[None]:
        with self._lock:
            self._in_line += 1
        try:
            yield
        finally:
            with self._lock:
                self._in_line -= 1

    @property
    def holds_back(self) -> bool:
        """Whether somebody waits for his turn by now, and not for an answer."""
        return self._in_line > 0

    @property
    def is_open(self) -> bool:
        """Whether nobody has been asked to pause, or all pauses are over."""
        return self._paused_until <= self._clock()

    def pause(self, seconds: float) -> None:
        """Let nobody ask for that long, those who wait already included: the portal said so."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)
            self._next = max(self._next, self._paused_until)

    def heed(self, remaining: str | None) -> None:
        """Slow down before the portal's own limit is reached, where it says how much is left."""
        if remaining is not None and _COUNT.fullmatch(remaining):
            left = int(remaining)
            if left < FEW_LEFT:
                self.pause(FEW_LEFT - left)
