"""The faults that are on now, and how often each has happened since: shared by both servers."""

import threading
from collections import Counter

from archiver.sandbox.chance import chance
from archiver.sandbox.faults import Faults, Troubled


class Switchboard:
    """Holds the faults; changing them starts every count anew. Safe for threads."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self._lock = threading.Lock()
        self._random = chance(seed)
        self._spent: Counter[object] = Counter()
        self._faults = faults

    @property
    def faults(self) -> Faults:
        """The faults that are on."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        with self._lock:
            self._faults = faults
            self._spent.clear()

    def met_by_report(self) -> Faults:
        """Return the faults that a request for a report meets."""
        for passing in self._faults.passing:
            if self._chance() < passing.share:
                return passing.faults
        return self._faults

    def spend(self, what: object, limit: int) -> bool:
        """Whether ``what`` still happens: true for the first ``limit`` times that this is asked."""
        with self._lock:
            self._spent[what] += 1
            return self._spent[what] <= limit

    def strike(self, key: str) -> Troubled | None:
        """Return the trouble that a request for the object ``key`` meets, if any."""
        for troubled in self._faults.media:
            if troubled.keys is not None and key not in troubled.keys:
                continue
            if troubled.share < 1 and self._chance() >= troubled.share:
                continue
            if troubled.times is None or self.spend((troubled, key), troubled.times):
                return troubled
        return None

    def shuffled(self, count: int) -> list[int]:
        """Return the numbers below ``count`` in an order of chance."""
        with self._lock:
            return self._random.sample(range(count), count)

    def _chance(self) -> float:
        with self._lock:
            return self._random.random()
