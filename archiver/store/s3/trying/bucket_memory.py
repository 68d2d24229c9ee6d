"""What a machine has learnt of a bucket: tried once, then remembered in its working folder."""

import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from archiver.domain.layout import PRIVATE
from archiver.store.os_errors import map_os_errors as disk_refusals
from archiver.store.s3.bucket.bucket import Bucket
from archiver.store.s3.bucket.object_answers import sha256_in
from archiver.store.s3.connecting.s3_errors import FOREIGN, map_s3_errors
from archiver.store.s3.locking.lock_trial import prove
from archiver.store.s3.locking.locked_leftovers import LockedLeftover, still_there
from archiver.store.s3.trying.bucket_capabilities import BucketCapabilities, probe_bucket
from archiver.store.s3.trying.scratch_objects import ScratchObjects

_FILE = "bucket.json"
_LEFT = "left"


class BucketMemory:
    """What one bucket does, as this machine has seen it, and what trying it left there.

    Safe for threads.
    """

    def __init__(self, bucket: Bucket, workdir: Path) -> None:
        self._bucket = bucket
        self._path = workdir / _FILE
        self._guard = threading.RLock()
        self._seen, self._left = self._remembered()

    @property
    def capabilities(self) -> BucketCapabilities:
        """What the bucket does; it is tried where that is not known yet."""
        with self._guard:
            return self._seen or self.try_again()

    def hash_in(self, answer: Mapping[str, Any]) -> str | None:
        """Return the SHA-256 (hex) that an answer tells, if it is to be believed; nothing is asked.

        It is where the bucket was seen to refuse bytes of another.
        """
        is_believed = self._seen is not None and self._seen.keeps_hashes
        return sha256_in(answer) if is_believed else None

    def try_again(self) -> BucketCapabilities:
        """Try what the bucket does, whatever is remembered of it: it may have been set up anew."""
        with self._guard:
            self.clear()
            with self._leaving() as left:
                self._seen = probe_bucket(self._bucket, left)
            return self._seen

    def see_version(self, version: str | None) -> None:
        """Try the bucket again where an answer names a ``version``, and it was seen to keep none.

        Versions were turned on since; of a server that does, other promises may be others then.
        """
        with self._guard:
            if version is not None and not self.capabilities.versioned:
                self.try_again()

    def prove_locks(self) -> None:
        """See once that the bucket locks what it is told to; raises :class:`UsageError`."""
        with self._guard:
            if not self.capabilities.locks:
                with self._leaving() as left:
                    prove(self._bucket, left)
                    self._seen = replace(self.capabilities, locks=True)

    @contextmanager
    def shown(self) -> Iterator[str]:
        """Let a scratch object lie there for as long as a block runs; yield its name."""
        name, scratch = f"{PRIVATE}/shown-{secrets.token_hex(16)}", ScratchObjects(self._bucket)
        with map_s3_errors(f"writing to {self._bucket.place}"):
            key, body = self._bucket.place.key(name), b"archiver shows which bucket this is\n"
            asked = {"ChecksumAlgorithm": "SHA256", **self._bucket.wanted}
            scratch.put({"Key": key, "Body": body, **asked})
        try:
            yield name
        finally:
            with suppress(*FOREIGN):  # a run has other things to do than to end over litter
                if left := scratch.remove():
                    with self._guard:
                        self._left += left
                        self._remember()

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
        seen = self._seen.plain() if self._seen else {}
        told = {**seen, _LEFT: [each.plain() for each in self._left]}
        with disk_refusals("remembering what the bucket does"):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Another process may be reading or writing it at this moment.
            new = self._path.with_suffix(f".{os.getpid()}")
            new.write_text(json.dumps(told))
            new.replace(self._path)
