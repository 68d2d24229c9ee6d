"""What a run may take before it ends by itself: time, or bytes."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Budget:
    """How many seconds, and bytes of audio, a run may take; ``None`` is as much as it needs.

    It is looked at before anything is begun, and what is begun is finished. Any thread may ask.
    """

    seconds: float | None = None
    bytes: int | None = None
    clock: Callable[[], float] = time.monotonic
    _began: float = field(init=False)
    _fetched: int = field(default=0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def spend(self, fetched: int) -> None:
        """Count bytes of audio that were fetched."""
        with self._lock:
            self._fetched += fetched

    @property
    def is_spent(self) -> bool:
        """Whether nothing more is to be begun."""
        is_over = self.seconds is not None and self.clock() - self._began >= self.seconds
        return is_over or (self.bytes is not None and self._fetched >= self.bytes)
