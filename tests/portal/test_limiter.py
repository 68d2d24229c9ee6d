"""The limiter: even spacing, a small burst, and everyone waits when the portal says so."""

import pytest

from archiver.portal.limiter import FEW_LEFT, Limiter
from tests.conftest import Figure


class Clock:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def limiter(rate: int, clock: Clock) -> Limiter:
    return Limiter(rate, clock=lambda: clock.now, wait=clock.wait)


@pytest.mark.parametrize("rate", [1, 60, 500, 1000])
def test_no_minute_sees_more_than_the_rate(rate: int, figure: Figure) -> None:
    clock, moments = Clock(), list[float]()
    limited = limiter(rate, clock)
    for _ in range(3 * rate + 3):
        limited.acquire()
        moments.append(clock.now)
    worst = max(sum(start <= other < start + 60 for other in moments) for start in moments)
    assert worst <= rate
    figure("N19", f"at most {worst} requests in any minute at a rate of {rate}")


def test_ten_seconds_at_the_usual_rate() -> None:
    clock, asked = Clock(), 0
    limited = limiter(500, clock)
    while clock.now < 110:
        limited.acquire()
        asked += 1
    assert 80 <= asked <= 135


def test_a_pause_holds_everyone() -> None:
    clock = Clock()
    limited = limiter(500, clock)
    limited.pause(7)
    limited.acquire()
    assert clock.waits == [pytest.approx(7)]


@pytest.mark.parametrize(
    ("said", "waits"),
    [(None, 0), ("", 0), ("nonsense", 0), ("-1", 0), ("999", 0), ("10", 0), ("9", 1), ("0", 10)],
)
def test_few_requests_left_slow_everyone_down(said: str | None, waits: int) -> None:
    clock = Clock()
    limited = limiter(500, clock)
    limited.heed(said)
    limited.acquire()
    assert clock.now - 100 == pytest.approx(waits)
    assert waits <= FEW_LEFT
