"""What a machine has learnt of a bucket: tried once, then remembered in its workroom."""

import json
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from archiver.store.refusals import refusals as disk_refusals
from archiver.store.s3.bucket import Bucket
from archiver.store.s3.habits import Habits, learn
from archiver.store.s3.locks import prove

_FILE = "bucket.json"


class Known:
    """The habits of one bucket, as this machine has seen them. Safe for threads."""

    def __init__(self, bucket: Bucket, workroom: Path) -> None:
        self._bucket = bucket
        self._path = workroom / _FILE
        self._guard = threading.RLock()
        self._habits = self._remembered()

    @property
    def habits(self) -> Habits:
        """What the bucket does; it is tried where that is not known yet."""
        with self._guard:
            return self._habits or self.try_again()

    @property
    def checks_hashes(self) -> bool:
        """Whether the bucket was seen to refuse bytes of another SHA-256; asks nothing."""
        return self._habits is not None and self._habits.keeps_hashes

    def try_again(self) -> Habits:
        """Try what the bucket does, whatever is remembered of it: it may have been set up anew."""
        with self._guard:
            return self._remember(learn(self._bucket))

    def prove_locks(self) -> None:
        """See once that the bucket locks what it is told to; raises :class:`UsageError`."""
        with self._guard:
            if not self.habits.locks:
                prove(self._bucket.client, self._bucket.place, self._bucket.asked)
                self._remember(replace(self.habits, locks=True))

    def _remembered(self) -> Habits | None:
        with suppress(OSError, ValueError):
            told = json.loads(self._path.read_bytes())
            if isinstance(told, dict):
                return Habits.of(told)
        return None

    def _remember(self, habits: Habits) -> Habits:
        self._habits = habits
        with disk_refusals("remembering what the bucket does"):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.write_text(json.dumps(habits.plain()))
        return habits
