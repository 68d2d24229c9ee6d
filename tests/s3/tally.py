"""What the guard was asked, and what it answered: the figures that tests count by."""

import threading
from collections import Counter

from archiver.sandbox.wire import Request, Response


class Tally:
    """Requests by operation, answers by status and refusals by code. Safe for threads.

    ``received`` and ``sent`` are the bytes of bodies that came and that were to go.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.refusals: Counter[str] = Counter()
        self.received = 0
        self.sent = 0

    def hear(self, operation: str, request: Request) -> None:
        """Count a request."""
        with self._lock:
            self.requests[operation] += 1
            self.received += len(request.body)

    def refuse(self, code: str) -> None:
        """Count a refusal."""
        with self._lock:
            self.refusals[code] += 1

    def answer(self, response: Response) -> None:
        """Count an answer that was sent."""
        with self._lock:
            self.statuses[response.status] += 1
            self.sent += len(response.body)
