"""Many jobs at once, one piece ahead, and stopping where nothing is half done."""

import queue
import threading
import time
from collections.abc import Iterator
from functools import partial
from itertools import chain, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.concurrency import worker_pool as crew_module
from archiver.concurrency.prefetch import prefetch
from archiver.concurrency.stop import get_or_stop
from archiver.concurrency.worker_pool import WorkerPool
from tests.conftest import Figure


def never() -> bool:
    return False


def always() -> bool:
    return True


def same(number: int) -> int:
    return number


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers()), st.integers(1, 4), st.integers(0, 5))
def test_every_result_comes_once(numbers: list[int], workers: int, until_left: int) -> None:
    with WorkerPool[int](workers, never) as pool:
        for number in numbers:
            pool.submit(partial(same, number))
        first = list(pool.results(until_left=until_left))
        assert len(first) == max(0, len(numbers) - until_left)
        assert sorted(first + list(pool.results())) == sorted(numbers)


def test_an_error_comes_where_its_result_would_have_come() -> None:
    with WorkerPool[float](1, never) as pool:
        pool.submit(partial(same, 7))
        pool.submit(lambda: 1 / 0)
        results = pool.results()
        assert next(results) == 7
        with pytest.raises(ZeroDivisionError):
            next(results)


def test_what_is_under_way_comes_home_and_the_rest_is_dropped() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> int:
        begun.set()
        go_on.wait(10)
        return 1

    with WorkerPool[int](1, always) as pool:
        pool.submit(slow)
        pool.submit(partial(same, 2))
        assert begun.wait(10)
        with pytest.raises(KeyboardInterrupt):
            next(pool.results())
        threading.Timer(0.05, go_on.set).start()
        assert list(pool.finish()) == [1]


def test_what_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch, figure: Figure) -> None:
    monkeypatch.setattr(crew_module, "WIND_UP_S", 0.2)
    begun, go_on = threading.Event(), threading.Event()

    def hang() -> int:
        begun.set()
        go_on.wait(10)
        return 1

    began = time.monotonic()
    with WorkerPool[int](2, always) as pool:
        pool.submit(partial(same, 7))
        pool.submit(hang)
        assert begun.wait(10)
        assert list(pool.finish()) == [7]
    seconds = time.monotonic() - began
    assert not go_on.is_set()
    assert seconds < 5
    go_on.set()
    figure("D7", f"a worker that hangs in what nothing ends: left behind after {seconds:.1f} s")


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers()))
def test_pieces_come_in_order(pieces: list[int]) -> None:
    assert list(prefetch(pieces, never)) == pieces


def test_no_more_than_two_pieces_are_made_before_they_are_wanted() -> None:
    made: queue.SimpleQueue[int] = queue.SimpleQueue()

    def pieces() -> Iterator[int]:
        for number in range(100):
            made.put(number)
            yield number

    ahead = prefetch(pieces(), never)
    assert next(ahead) == 0
    ahead.close()
    assert made.qsize() <= 4


def test_an_error_of_the_maker_comes_after_its_pieces() -> None:
    def pieces() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    ahead = prefetch(pieces(), never)
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="no more"):
        next(ahead)


def test_nothing_more_is_waited_for_once_there_is_enough(figure: Figure) -> None:
    listed, never_comes = threading.Event(), threading.Event()

    def pieces() -> Iterator[int]:
        yield 1
        listed.set()
        never_comes.wait(60)

    used = [*prefetch(pieces(), never, listed.is_set)]
    never_comes.set()
    assert used == [1]
    figure("R13", "a budget that is spent: a listing of a minute is not waited for")


def test_asked_to_stop_while_nothing_comes() -> None:
    asked = map(bool, chain([0, 0], repeat(1)))
    with pytest.raises(KeyboardInterrupt):
        get_or_stop(queue.SimpleQueue[int](), lambda: next(asked))
