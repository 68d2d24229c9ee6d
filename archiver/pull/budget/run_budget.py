"""What a run may take before it ends by itself: time, or bytes."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

GLANCE_S = 0.2
"""How long the end of the time may go unnoticed while others are waited for."""
UNTOLD_MS = 60_000
"""What is expected of a recording whose length is not reported."""
BYTES_A_MS = 16.0
"""What telephone audio takes uncompressed: no less is expected, whatever came so far."""


@dataclass(slots=True)
class RunBudget:
    """How many seconds, and bytes of audio, a run may take; ``None`` is as much as it needs.

    It is looked at before anything is begun, and what is begun is finished. So nothing is begun
    while what is in hand may spend the rest, by the reported lengths: at its end a run fetches one
    by one, and exceeds its bytes by one recording at most. Any thread may ask.
    """

    seconds: float | None = None
    bytes: int | None = None
    clock: Callable[[], float] = time.monotonic
    _began: float = field(init=False)
    _fetched: int = field(default=0, init=False)
    _bytes_a_ms: float = field(default=BYTES_A_MS, init=False)
    _in_hand: list[int] = field(default_factory=list, init=False)
    _ended: threading.Condition = field(default_factory=threading.Condition, init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    @contextmanager
    def begun(self, reported_ms: int | None) -> Iterator[bool]:
        """Yield whether a recording of that length may be begun, once that can be told."""
        length = reported_ms or UNTOLD_MS
        with self._ended:
            while self._may_be_spent(length) and not self.is_spent:
                self._ended.wait(GLANCE_S)
            has_begun = not self.is_spent
            if has_begun:
                self._in_hand.append(length)
        try:
            yield has_begun
        finally:
            if has_begun:
                with self._ended:
                    self._in_hand.remove(length)
                    self._ended.notify_all()

    def spend(self, fetched: int, reported_ms: int | None = None) -> None:
        """Count bytes of audio that were fetched for a recording of that length."""
        with self._ended:
            self._fetched += fetched
            rate = fetched / (reported_ms or UNTOLD_MS)
            self._bytes_a_ms = max(self._bytes_a_ms, rate)

    @property
    def is_spent(self) -> bool:
        """Whether nothing more is to be begun."""
        is_over = self.seconds is not None and self.clock() - self._began >= self.seconds
        return is_over or (self.bytes is not None and self._fetched >= self.bytes)

    def _may_be_spent(self, length_ms: int) -> bool:
        """Whether others are in hand that leave too little for a recording of that length."""
        if self.bytes is None or not self._in_hand:
            return False
        coming = (sum(self._in_hand) + length_ms) * self._bytes_a_ms
        return self._fetched + coming > self.bytes
