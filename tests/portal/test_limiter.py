"""The limiter: never more than its rate in any minute, and a pause for everyone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.portal.rate_limiter import Limiter


class Clock:
    """Monotonic seconds that only pass when someone waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@given(st.integers(1, 1_000), st.lists(st.floats(0, 5), min_size=1, max_size=300))
def test_no_minute_holds_more_than_the_rate(rate: int, idle: list[float]) -> None:
    clock = Clock()
    limiter = Limiter(rate, clock=clock, wait=clock.wait)
    turns = []
    for seconds in idle:
        clock.wait(seconds)
        limiter.acquire()
        turns.append(clock.now)
    for n, start in enumerate(turns):
        assert sum(start <= turn < start + 59.999 for turn in turns[n:]) <= rate


def test_a_pause_holds_everyone_up() -> None:
    clock = Clock()
    limiter = Limiter(600, clock=clock, wait=clock.wait)
    limiter.pause(30)
    limiter.acquire()
    assert clock.now == 30
    limiter.acquire()
    assert clock.now > 30


def test_a_pause_holds_those_too_who_wait_already() -> None:
    clock = Clock()
    waits: list[float] = []

    def wait(seconds: float) -> None:
        if not waits:
            limited.pause(30)
        waits.append(seconds)
        clock.wait(seconds)

    limited = Limiter(60, clock=clock, wait=wait)
    while not waits:
        limited.acquire()
    assert len(waits) == 2
    assert sum(waits) == pytest.approx(30)


@pytest.mark.parametrize(
    ("said", "waits"),
    [(None, 0), ("", 0), ("-1", 0), ("999", 0), ("10", 0), ("9", 1), ("0", 10)]
    + [(odd, 0) for odd in ("0" * 5000, "\u0663", "1e3", " 1", "nonsense")],
)
def test_few_requests_left_slow_everyone_down(said: str | None, waits: int) -> None:
    clock = Clock()
    limited = Limiter(500, clock=clock, wait=clock.wait)
    limited.heed(said)
    limited.acquire()
    assert clock.now == pytest.approx(waits)
