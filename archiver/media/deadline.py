"""The time a transfer may take: a deadline for all of it, and a minimum rate on the way."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from archiver.concurrency.stop import StopToken
from archiver.concurrency.turns import others_turn
from archiver.errors import TryAgain


class LeastRate(Struct, frozen=True):
    """The slowest that is borne: ``min_bytes_per_s`` over ``over_s`` seconds at a time.

    All of a transfer, retries and waits included, gets ``base_s`` seconds and one more for each
    ``steady_bytes_per_s`` of the most it may be.
    """

    base_s: float = 600.0
    steady_bytes_per_s: int = 50_000
    min_bytes_per_s: int = 1_000
    over_s: float = 60.0

    def shared(self, bytes_per_s: int, transfers: int) -> "LeastRate":
        """Return the pace where so many transfers share so many bytes a second."""
        each = max(1, bytes_per_s // transfers)
        return replace(
            self,
            steady_bytes_per_s=min(self.steady_bytes_per_s, each),
            min_bytes_per_s=min(self.min_bytes_per_s, each // 4),
        )

    def deadline_s(self, cap: int) -> float:
        """Return the seconds for a transfer of at most ``cap`` bytes."""
        return self.base_s + cap / self.steady_bytes_per_s


class DeadlineExceeded(TryAgain):
    """The whole transfer's time is up: only another run tries it again."""


class Deadline:
    """Keeps the time of one transfer by a monotonic ``clock``; asked after every chunk."""

    def __init__(
        self, pace: LeastRate, cap: int, *, clock: Callable[[], float], stop: StopToken
    ) -> None:
        self._pace = pace
        self._clock = clock
        self._stop = stop
        self._deadline = clock() + pace.deadline_s(cap)
        self.begin()

    def begin(self) -> None:
        """Begin to measure the rate anew: an attempt starts."""
        self._since = self._clock()
        self._bytes = 0

    def check(self, received: int = 0) -> None:
        """Count ``received`` bytes; raise StopRun, DeadlineExceeded, or TryAgain when too slow."""
        self._stop.check()
        now = self._clock()
        if now >= self._deadline:
            raise DeadlineExceeded(
                "The transfer took longer than it may.", advice="Run it again later."
            )
        self._bytes += received
        if now - self._since >= self._pace.over_s:
            if self._bytes < self._pace.min_bytes_per_s * (now - self._since):
                raise TryAgain(
                    f"The media server sent less than {self._pace.min_bytes_per_s} bytes a second."
                )
            self._since, self._bytes = now, 0

    def pause(self, seconds: float) -> None:
        """Wait before the next attempt, and no longer than there is time; raises as `check`."""
        with others_turn():
            self._stop.wait(max(0.0, min(seconds, self._deadline - self._clock())))
        self.begin()
        self.check()
