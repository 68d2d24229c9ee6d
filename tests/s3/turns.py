"""Threads that take turns: at each of their requests, chance decides who goes on."""

import threading
from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

MOSTLY = 0.8
T = TypeVar("T")


class Killed(BaseException):
    """The process ends here, without another word."""


class Turns:
    """One thread runs at a time, and only from one :meth:`take` to the next.

    ``deadly`` is the chance that a turn ends the thread that it was given to. A turn that may come
    late mostly comes after those that may not: so rivals meet.
    """

    def __init__(self, chance: Random, deadly: float = 0.0) -> None:
        self._chance = chance
        self._deadly = deadly
        self._lock = threading.Lock()
        self._waiting: dict[str, threading.Event] = {}
        self._late: set[str] = set()
        self._running: set[str] = set()

    def run(self, works: Sequence[Callable[[], T]]) -> list[T | None]:
        """Do all of these in threads of their own; return what they returned, if they lived."""
        results: list[T | None] = [None] * len(works)
        errors: list[BaseException] = []

        def work(number: int) -> None:
            try:
                self.take()
                results[number] = works[number]()
            except Killed:
                pass
            except BaseException as error:  # noqa: BLE001 - told by whoever waits for the threads
                errors.append(error)
            finally:
                self._leave()

        threads = [
            threading.Thread(target=work, args=(number,), name=f"turn-{number}")
            for number in range(len(works))
        ]
        self._running = {each.name for each in threads}
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        if errors:
            raise errors[0]
        return results

    @property
    def is_alone(self) -> bool:
        """Whether all the others have ended."""
        return len(self._running) == 1

    def take(self, *, late: bool = False) -> None:
        """Wait for a turn; a thread that is none of those that take turns has one at once."""
        name = threading.current_thread().name
        if name not in self._running:
            return
        turn = threading.Event()
        with self._lock:
            self._waiting[name] = turn
            if late:
                self._late.add(name)
            self._give()
        turn.wait()
        if self._chance.random() < self._deadly:
            raise Killed

    def _leave(self) -> None:
        with self._lock:
            self._running.discard(threading.current_thread().name)
            self._give()

    def _give(self) -> None:
        """Give the turn to one of those that wait, once all do."""
        if self._waiting and len(self._waiting) == len(self._running):
            early = self._waiting.keys() - self._late
            some = early if early and self._chance.random() < MOSTLY else self._waiting
            name = self._chance.choice(sorted(some))
            self._late.discard(name)
            self._waiting.pop(name).set()
