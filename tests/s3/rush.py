"""PUTs of one name that are under way at the same moment, and meet before any of them is done."""

import threading
from collections import Counter

SURELY_S = 60.0


class Rush:
    """Holds a PUT until a rival for its name has come as far, or ``patience`` seconds are over.

    At ``gates``, which are parts of paths, a rival is sure to come, so it is waited for as long as
    it takes. Safe for threads. ``met`` counts the PUTs that met a rival.
    """

    def __init__(self, patience: float = 0.3, gates: tuple[str, ...] = ()) -> None:
        self._patience = patience
        self._gates = gates
        self._changed = threading.Condition()
        self._waiting: dict[str, threading.Event] = {}
        self.met: Counter[str] = Counter()

    def meet(self, path: str) -> None:
        """Wait for a rival for that path, or be the one that somebody waits for."""
        with self._changed:
            rival = self._waiting.pop(path, None)
            if rival is None:
                mine = self._waiting[path] = threading.Event()
            else:
                self.met[path] += 2
                rival.set()
                return
        is_gate = any(part in path for part in self._gates)
        if not mine.wait(SURELY_S if is_gate else self._patience):
            with self._changed:
                if self._waiting.get(path) is mine:
                    del self._waiting[path]
