"""All transfers together take no more than they may."""

from unittest import mock

from archiver.concurrency.stop import StopToken
from archiver.media.deadline import LeastRate
from archiver.media.throttle import Throttle


class Clock(StopToken):
    """A token on which waiting moves a clock on, and that clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0

    def read(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return False


def test_a_megabyte_at_100_kb_a_second_takes_ten_seconds() -> None:
    clock = Clock()
    throttle = Throttle(100_000, clock=clock.read, stop=clock)
    for _ in range(20):
        throttle.take(50_000)
    throttle.take(0)
    assert round(clock.now - 100, 3) == 10.0


def test_what_was_not_used_is_not_saved_up() -> None:
    clock = Clock()
    throttle = Throttle(100_000, clock=clock.read, stop=clock)
    clock.now += 3_600
    throttle.take(100_000)
    throttle.take(100_000)
    assert clock.now == 100 + 3_600 + 1


def test_what_shares_a_limit_gets_the_time_that_it_takes() -> None:
    pace = LeastRate()
    shared = pace.shared(64_000, 16)
    assert shared.steady_bytes_per_s == 4_000
    assert shared.min_bytes_per_s == 1_000
    assert shared.deadline_s(64_000_000) >= 64_000_000 / 4_000
    assert pace.shared(10**9, 16) == pace


def test_a_run_that_stops_does_not_wait() -> None:
    stop = StopToken()
    stop.set()
    heard = mock.Mock(wraps=stop)
    throttle = Throttle(1, clock=lambda: 0.0, stop=heard)
    throttle.take(10**9)
    throttle.take(10**9)
    heard.wait.assert_called_once_with(10**9)
