"""A few threads for many jobs: results, errors, what is dropped and what is left behind."""

import itertools
import subprocess
import sys
import threading

import pytest

from archiver.concurrency.threads import Threads, in_order

EXITS = """
import threading
from archiver.concurrency.threads import Threads
begun = threading.Event()
def hang():
    begun.set()
    threading.Event().wait()
Threads(1, "hangs").submit(hang)
begun.wait()
"""


def test_results_come_in_the_order_of_the_items() -> None:
    threads = Threads(3, "some")
    assert threads.map(lambda number: number * 2, range(50)) == tuple(range(0, 100, 2))
    threads.end(10)


def test_of_any_number_of_items_a_few_are_asked_for_at_a_time() -> None:
    asked = itertools.count()
    coming = in_order((next(asked) for _ in range(100_000)), str, 3, "some")
    assert [next(coming) for _ in range(2)] == [(0, "0"), (1, "1")]
    assert next(asked) < 20
    coming.close()  # type: ignore[attr-defined]  # it is a generator


def test_an_error_of_one_item_ends_the_rest() -> None:
    coming = in_order((1, 0, 2), lambda number: 6 // number, 1, "some")
    assert next(coming) == (1, 6)
    with pytest.raises(ZeroDivisionError):
        next(coming)


def test_no_more_threads_than_were_asked_for() -> None:
    threads = Threads(3, "some")
    names = threads.map(lambda _: threading.current_thread().name, range(50))
    assert set(names) <= {"some-0", "some-1", "some-2"}
    threads.end(10)


def test_after_an_error_what_has_not_begun_is_dropped() -> None:
    threads, go_on, done = Threads(1, "one"), threading.Event(), list[int]()

    def fails_first(number: int) -> None:
        if not number:
            raise ValueError(number)
        go_on.wait(10)
        done.append(number)

    with pytest.raises(ValueError, match="0"):
        threads.map(fails_first, range(100))
    go_on.set()
    threads.end(10)
    assert done in ([], [1]), "the one that had begun, at most"


def test_the_end_waits_for_what_has_begun_and_drops_the_rest() -> None:
    threads, begun, go_on = Threads(1, "one"), threading.Event(), threading.Event()

    def slow() -> bool:
        begun.set()
        return go_on.wait(10)

    first, second = threads.submit(slow), threads.submit(bool)
    assert begun.wait(10)
    threads.end()
    assert (first.done(), second.cancelled()) == (False, True)
    go_on.set()
    threads.end(10)
    assert first.result() is True


def test_a_program_ends_while_a_job_hangs() -> None:
    ended = subprocess.run([sys.executable, "-c", EXITS], check=False, timeout=30)
    assert ended.returncode == 0
