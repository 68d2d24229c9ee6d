"""What a run may take before it ends by itself: time, or bytes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Budget:
    """How many seconds, and bytes of audio, a run may take; ``None`` is as much as it needs.

    It is looked at before anything is begun, and what is begun is finished.
    """

    seconds: float | None = None
    bytes: int | None = None
    clock: Callable[[], float] = time.monotonic
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def is_spent(self, fetched: int) -> bool:
        """Whether nothing more is to be begun, after so many bytes."""
        is_over = self.seconds is not None and self.clock() - self._began >= self.seconds
        return is_over or (self.bytes is not None and fetched >= self.bytes)
