"""What a machine has learnt of a bucket: tried once, then remembered in its workroom."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from archiver.store.os_errors import map_os_errors as disk_refusals
from archiver.store.s3.bucket.bucket import Bucket
from archiver.store.s3.locking.lock_trial import prove
from archiver.store.s3.locking.locked_leftovers import LockedLeftover, still_there
from archiver.store.s3.trying.bucket_capabilities import BucketCapabilities, probe_bucket

_FILE = "bucket.json"
_LEFT = "left"


class BucketMemory:
    """The habits of one bucket, as this machine has seen them, and what trying them left there.

    Safe for threads.
    """

    def __init__(self, bucket: Bucket, workdir: Path) -> None:
        self._bucket = bucket
        self._path = workdir / _FILE
        self._guard = threading.RLock()
        self._habits, self._left = self._remembered()

    @property
    def habits(self) -> BucketCapabilities:
        """What the bucket does; it is tried where that is not known yet."""
        with self._guard:
            return self._habits or self.try_again()

    @property
    def checks_hashes(self) -> bool:
        """Whether the bucket was seen to refuse bytes of another SHA-256; asks nothing."""
        return self._habits is not None and self._habits.keeps_hashes

    def try_again(self) -> BucketCapabilities:
        """Try what the bucket does, whatever is remembered of it: it may have been set up anew."""
        with self._guard:
            self.clear()
            with self._leaving() as left:
                self._habits = probe_bucket(self._bucket, left)
            return self._habits

    def prove_locks(self) -> None:
        """See once that the bucket locks what it is told to; raises :class:`UsageError`."""
        with self._guard:
            if not self.habits.locks:
                with self._leaving() as left:
                    prove(self._bucket, left)
                    self._habits = replace(self.habits, locks=True)

    def clear(self) -> None:
        """Remove what earlier trials had to leave, where its lock has ended."""
        with self._guard:
            left = still_there(self._bucket, self._left, datetime.now(UTC))
            if left != self._left:
                self._left = left
                self._remember()

    @contextmanager
    def _leaving(self) -> Iterator[list[LockedLeftover]]:
        """Remember what a trial did, and what it leaves however it ends."""
        left: list[LockedLeftover] = []
        try:
            yield left
        finally:
            self._left += left
            self._remember()

    def _remembered(self) -> tuple[BucketCapabilities | None, list[LockedLeftover]]:
        with suppress(OSError, ValueError, TypeError):
            told = json.loads(self._path.read_bytes())
            if isinstance(told, dict):
                left = told.pop(_LEFT, [])
                return BucketCapabilities.of(told), [LockedLeftover.of(each) for each in left]
        return None, []

    def _remember(self) -> None:
        habits = self._habits.plain() if self._habits else {}
        told = {**habits, _LEFT: [each.plain() for each in self._left]}
        with disk_refusals("remembering what the bucket does"):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Another process may be reading or writing it at this moment.
            new = self._path.with_suffix(f".{os.getpid()}")
            new.write_text(json.dumps(told))
            new.replace(self._path)
