"""Object Lock: what is locked on its way in, and what is locked later.

A lock needs a bucket that keeps versions, and belongs to one version. S3 takes no date in the past
(Amazon S3 User Guide, Object Lock). What the bucket locks unasked is a floor: what is set here in
its place is neither weaker nor shorter.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from archiver.domain.layout import Shelf, calls_over
from archiver.domain.retention import Default, Lock, LockMode, Retention
from archiver.errors import DestinationError
from archiver.store.base import ObjectMetadata
from archiver.store.s3.connecting.s3_errors import NOT_ALLOWED, code_of
from archiver.store.s3.locking.standing_locks import kept_lock

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LOCKED = (f"{Shelf.RECORDINGS}/", "calls/", "certificates/", "manifests/")
_SKEW = timedelta(minutes=15)
"""How far a server's clock may be ahead of ours (it takes no request else), by which it counts."""
_NEAR = timedelta(hours=1)
"""How long a lock may have been counted from before its version was stored."""


class ObjectLocks:
    """Works out the lock of each object, and counts recordings that are too old for one.

    ``default`` tells what the bucket locks unasked.
    """

    def __init__(self, retention: Retention, default: Callable[[], Default | None]) -> None:
        self.retention = retention
        self.too_old = 0
        self._default = default
        self._guard = threading.Lock()

    @property
    def mode(self) -> LockMode | None:
        """The mode in which recordings are locked, ``None`` where no date is asked for."""
        mode = self.retention.mode
        if mode is not LockMode.GOVERNANCE:
            return mode
        default = self._default()
        return default.mode if default else mode

    def of_put(self, key: str, about: ObjectMetadata) -> Mapping[str, Any]:
        """Return what goes with the PUT of a key: recordings, calls, certificates, manifests."""
        now, since = datetime.now(UTC), about.since or calls_over(key)
        is_ours = key.startswith(_LOCKED)
        if not self.retention.locks or not is_ours or self.retention.waits(since, now):
            return {}
        lock = of_request(self._lock(since, now, self._floor(now)))
        return {**lock, "ObjectLockLegalHoldStatus": "ON"} if self.retention.legal_hold else lock

    def put_later(
        self, client: "S3Client", where: Mapping[str, Any], since: datetime | None
    ) -> bool:
        """Lock a version that is there; return whether it has a lock now.

        What it is locked by already is left or made more, and never less.
        """
        now = datetime.now(UTC)
        kept = kept_lock(client, where) if self.retention.mode else None
        lock = self._lock(since, now, kept or self._floor(now))
        if lock is not None and lock != kept:
            _put(client, where, kept, lock)
        if self.retention.legal_hold:
            client.put_object_legal_hold(**where, LegalHold={"Status": "ON"})
        is_kept = kept is not None and kept.until > now
        return lock is not None or self.retention.legal_hold or is_kept

    def put_first(self, client: "S3Client", where: Mapping[str, Any]) -> None:
        """Lock a version from now on, unless its writer has locked it already.

        Where the bucket locks unasked, a shorter lock is not the writer's: that counts from when
        the version was stored.
        """
        kept = kept_lock(client, where)
        if kept is None:
            self.put_later(client, where, None)
        elif self._default():
            stored = client.head_object(**where)["LastModified"] - _NEAR
            meant = self.retention.until(stored, stored)
            if meant is not None and kept.until < meant:
                self.put_later(client, where, None)

    def _lock(self, since: datetime | None, now: datetime, floor: Lock | None) -> Lock | None:
        """Return the lock of something of ``since``, no less than ``floor``; count what has none.

        What is too old for a lock of ours keeps the one that it has, or gets from the bucket.
        """
        until, mode = self.retention.until(since, now), self.retention.mode
        if until is not None and mode is not None:
            return Lock(mode, until).joined(floor)
        if mode is not None and floor is None:
            with self._guard:
                self.too_old += 1
        return None

    def _floor(self, now: datetime) -> Lock | None:
        """Return what the bucket would lock what is stored now by."""
        default = self._default() if self.retention.mode else None
        return None if default is None else default.lock(now + _SKEW)


def of_request(lock: Lock | None) -> dict[str, Any]:
    """Return how a PUT asks for a lock."""
    if lock is None:
        return {}
    return {
        "ObjectLockMode": lock.mode.value.upper(),
        "ObjectLockRetainUntilDate": lock.until,
    }


def _put(client: "S3Client", where: Mapping[str, Any], kept: Lock | None, lock: Lock) -> None:
    """Lock a version; a bucket's default may have locked it in the weaker mode before."""
    named: Any = {"Mode": lock.mode.value.upper(), "RetainUntilDate": lock.until}
    try:
        client.put_object_retention(**where, Retention=named)
    except ClientError as error:
        if code_of(error) not in NOT_ALLOWED or kept is None or kept.mode is lock.mode:
            raise
        raise DestinationError(
            f"Stopped while locking {where['Key']}: it is locked in GOVERNANCE mode already, and "
            "may not be changed to COMPLIANCE.",
            advice="Give the bucket a default in COMPLIANCE mode, or none; or allow "
            "s3:BypassGovernanceRetention for one run.",
        ) from error
