"""What a bucket does of what it is asked, found out by trying it once: its word is no proof.

Servers answer 200 to a header that they ignore. So each promise that the archive leans on is tried
with a scratch object under ``.archiver/``, which no manifest names and verify passes over. Names
are wanted by several writers at the same moment, so the first object is put by several at once.
It is put as recordings are, with all that the settings ask for, under a name as long as the longest
of theirs, and read back: a key that only encrypts, or a class that must be restored first, shows
there.
"""

import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Barrier
from typing import Any

from botocore.exceptions import ClientError
from msgspec import Struct
from msgspec.structs import asdict, fields

from archiver.config.s3_options import LONGEST_NAME
from archiver.domain.layout import PRIVATE
from archiver.store.s3.bucket.bucket import Bucket
from archiver.store.s3.bucket.object_answers import NULL, base64_of, sha256_in
from archiver.store.s3.bucket.versions import versions_of
from archiver.store.s3.connecting.s3_errors import (
    CONFLICT,
    DAMAGED,
    TAKEN,
    UNKNOWN,
    code_of,
    map_s3_errors,
)
from archiver.store.s3.locking.locked_leftovers import LockedLeftover
from archiver.store.s3.trying.scratch_objects import ScratchObjects

RACERS = 6
_BODY = b"archiver tries what this bucket does\n"
_DAMAGED = "-damaged"
_SHA256 = sha256(_BODY).hexdigest()


class BucketCapabilities(Struct, frozen=True):
    """What a bucket does.

    ``creates_only``: a create-only PUT of a name that is there is refused. ``keeps_apart``: of
    several that come at once, one alone is accepted. ``keeps_hashes``: HEAD tells the SHA-256 that
    the server worked out, and a PUT with another is refused. ``versioned``: every PUT has a version
    of its own. ``in_order``: of several that were accepted at once, it was seen to tell everybody
    the same oldest. ``locks``: it was seen to hold to a lock.
    """

    creates_only: bool
    keeps_apart: bool
    keeps_hashes: bool
    versioned: bool
    in_order: bool
    locks: bool = False

    @property
    def takes_many_writers(self) -> bool:
        """Whether of several that write a name at once one is the first to all of them."""
        return (self.creates_only and self.keeps_apart) or self.in_order

    def plain(self) -> dict[str, bool]:
        """Return them as JSON has them."""
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, object]) -> "BucketCapabilities | None":
        """Read what :meth:`plain` returned; ``None`` for anything else."""
        names = [field.name for field in fields(cls)]
        if told.keys() != {*names} or not all(isinstance(told[name], bool) for name in names):
            return None
        return cls(**{name: bool(told[name]) for name in names})


def probe_bucket(bucket: Bucket, left: list[LockedLeftover]) -> BucketCapabilities:
    """Try the bucket with scratch objects, and remove them.

    Those that the bucket's default has locked are added to ``left``.
    """
    with map_s3_errors(f"trying what {bucket.place} can do"):
        trial = _Trial(bucket)
        try:
            return trial.run()
        finally:
            left += trial.remove()


class _Trial:
    """One trial of one bucket, and the scratch objects that it has put there."""

    def __init__(self, bucket: Bucket) -> None:
        self._client = bucket.client
        self._where = bucket.where
        self._wanted = bucket.wanted
        name = f"{PRIVATE}/tried-{secrets.token_hex(8)}"
        self._key = bucket.place.key(name.ljust(LONGEST_NAME - len(_DAMAGED), "-"))
        self._scratch = ScratchObjects(bucket)

    def run(self) -> BucketCapabilities:
        """Find out all that can be found out without locking anything."""
        raced = self._race()
        accepted = [version for version, _ in raced if version is not None]
        if not accepted:
            accepted = [self._put()]
        creates_only = self._is_refused(TAKEN | CONFLICT)
        told = self._client.head_object(**self._where, Key=self._key, ChecksumMode="ENABLED")
        self._client.get_object(**self._where, Key=self._key)["Body"].close()
        damaged = {"Key": f"{self._key}{_DAMAGED}", "Body": _BODY[::-1]}
        checks_hashes = self._is_refused(DAMAGED, **damaged)
        versioned = NULL not in accepted
        return BucketCapabilities(
            creates_only=creates_only,
            keeps_apart=len(accepted) == 1,
            keeps_hashes=checks_hashes and sha256_in(told) == _SHA256,
            versioned=versioned,
            in_order=len(accepted) > 1 and self._is_in_order(raced),
        )

    def remove(self) -> list[LockedLeftover]:
        """Remove the scratch objects; return those that stay because they are locked."""
        return self._scratch.remove()

    def _race(self) -> list[tuple[str | None, bool]]:
        """Let several put the object at once.

        Return the version that each got, if it was not refused, and whether that was the oldest
        when it looked.
        """
        start = Barrier(RACERS)

        def race(_number: int) -> tuple[str | None, bool]:
            start.wait()
            try:
                version = self._put()
            except ClientError as error:
                if code_of(error) not in TAKEN | CONFLICT:
                    raise
                return None, False
            return version, version != NULL and self._oldest() == version

        with ThreadPoolExecutor(RACERS, thread_name_prefix="race") as pool:
            return list(pool.map(race, range(RACERS)))

    def _is_in_order(self, raced: list[tuple[str | None, bool]]) -> bool:
        """Whether one version alone was the oldest to its own writer, and still is to all."""
        first = [version for version, was_oldest in raced if was_oldest]
        return first == [self._oldest()]

    def _put(self, **other: object) -> str:
        """Put the object, and return its version, maybe ``null``."""
        put: dict[str, Any] = {
            "Key": self._key,
            "Body": _BODY,
            "ChecksumAlgorithm": "SHA256",
            "ChecksumSHA256": base64_of(_SHA256),
            "IfNoneMatch": "*",
            **self._wanted,
            **other,
        }
        return self._scratch.put(put)

    def _is_refused(self, codes: frozenset[str], **other: object) -> bool:
        """Whether a PUT is refused with one of ``codes``, as it should be."""
        try:
            self._put(**other)
        except ClientError as error:
            if code_of(error) in codes:
                return True
            raise
        return False

    def _oldest(self) -> str | None:
        """Return the oldest version of the scratch object, as the bucket tells it now."""
        every = versions_of(self._client, self._where, self._key)
        try:
            return next((each.id for each in every if each.key == self._key), None)
        except ClientError as error:
            if code_of(error) not in UNKNOWN:
                raise
            return None
