"""A budget that is spent lets nothing more begin."""

from archiver.run.budget import Budget


def test_time_and_bytes_each_end_it() -> None:
    now = [5.0]
    timed = Budget(seconds=60, clock=lambda: now[0])
    assert not timed.is_spent(10**12)
    now[0] = 65.0
    assert timed.is_spent(0)
    assert not Budget(bytes=100).is_spent(99)
    assert Budget(bytes=100).is_spent(100)
    assert not Budget().is_spent(10**15)
