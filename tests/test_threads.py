"""A few threads for many jobs: results, errors, what is dropped and what is left behind."""

import subprocess
import sys
import threading

import pytest

from archiver.concurrency.threads import Threads

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
