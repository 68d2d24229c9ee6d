"""What the sandbox was asked: the figures that tests and benchmarks count by."""

import threading
from collections import Counter
from collections.abc import Mapping


class RequestTally:
    """Requests by what they were and how they ended. Safe for threads.

    ``tally["recordings"]``: also ``calls``, ``media``, and of these ``unauthorized``, ``limited``,
    ``refused`` (403 on a link), ``expired`` (of those, past their deadline), ``credentials`` (a
    request to the media server that carried some), ``ranges`` (answered with 206),
    ``not_modified``, ``troubled`` (met a switched-on trouble), ``passing`` (the same, of reports)
    and ``delayed`` (came while a latency was on; counted before it, all else after it).
    ``objects`` counts the media requests of each key; ``media_headers`` holds every header, name in
    lower case and value, that the media server heard: the proof that no credential arrived.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self.objects: Counter[str] = Counter()
        self.media_headers: set[tuple[str, str]] = set()

    def __getitem__(self, what: str) -> int:
        return self._counts[what]

    def tick(self, what: str) -> None:
        """Count one more of ``what``."""
        with self._lock:
            self._counts[what] += 1

    def media(self, key: str, headers: Mapping[str, str]) -> None:
        """Count a media request and remember its headers."""
        with self._lock:
            self._counts["media"] += 1
            self.objects[key] += 1
            self.media_headers.update(headers.items())
