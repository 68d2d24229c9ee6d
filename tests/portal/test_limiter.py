"""The limiter: never more than its rate and a burst, and a pause for everyone."""

from hypothesis import given
from hypothesis import strategies as st

from archiver.portal.limiter import Limiter


class Clock:
    """Monotonic seconds that only pass when someone waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@given(st.integers(1, 1_000), st.lists(st.floats(0, 5), min_size=1, max_size=300))
def test_no_minute_holds_more_than_the_rate_and_a_burst(rate: int, idle: list[float]) -> None:
    clock = Clock()
    limiter = Limiter(rate, clock=clock, wait=clock.wait)
    turns = []
    for seconds in idle:
        clock.wait(seconds)
        limiter.acquire()
        turns.append(clock.now)
    burst = max(1, rate // 10)
    for n, start in enumerate(turns):
        assert sum(start <= turn < start + 59.999 for turn in turns[n:]) <= rate + burst + 1


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
    limited = limiter(60, clock)
    for _ in range(8):
        limited.acquire()
    clock.waits.clear()

    def wait(seconds: float) -> None:
        if not clock.waits:
            limited.pause(30)
        clock.waits.append(seconds)
        clock.now += seconds

    limited = Limiter(60, clock=lambda: clock.now, wait=wait)
    for _ in range(8):
        limited.acquire()
    assert len(clock.waits) >= 2
    assert sum(clock.waits) >= 30


@pytest.mark.parametrize("said", ["0" * 5000, "٣", "1e3", " 1"])
def test_odd_counts_are_ignored(said: str) -> None:
    clock = Clock()
    limiter(500, clock).heed(said)
    assert clock.now == 100
