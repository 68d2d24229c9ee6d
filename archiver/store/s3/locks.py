"""Object Lock: what is locked on its way in, what is locked later, and whether locks hold at all.

A lock needs a bucket that keeps versions, and belongs to one version. S3 takes no date in the past
(Amazon S3 User Guide, Object Lock).
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from archiver.buckets import Place
from archiver.errors import UsageError
from archiver.keys import PRIVATE, Shelf
from archiver.retention import Retention
from archiver.store.base import About
from archiver.store.s3.answers import NOT_ALLOWED, UNKNOWN, code_of, refusals

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LOCKED = (f"{Shelf.RECORDINGS}/", "manifests/")
_TRIED_S = 60
"""How long the scratch object of a trial stays locked."""
_NO_LOCK = frozenset({"ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration"})


def _machine_clock() -> datetime:
    return datetime.now(UTC)


class Locks:
    """Works out the lock of each object, and counts recordings that are too old for one."""

    def __init__(self, retention: Retention, now: Callable[[], datetime] = _machine_clock) -> None:
        self.retention = retention
        self.too_old = 0
        self._now = now
        self._guard = threading.Lock()

    def of_put(self, key: str, about: About) -> Mapping[str, Any]:
        """Return what goes with the PUT of a key: recordings and manifests, nothing else."""
        now = self._now()
        is_ours = key.startswith(_LOCKED)
        if not self.retention.locks or not is_ours or self.retention.waits(about.since, now):
            return {}
        until = self._until(about.since, now)
        lock: dict[str, Any] = {}
        if until is not None and self.retention.mode is not None:
            lock["ObjectLockMode"] = self.retention.mode.value.upper()
            lock["ObjectLockRetainUntilDate"] = until
        if self.retention.legal_hold:
            lock["ObjectLockLegalHoldStatus"] = "ON"
        return lock

    def put_later(
        self, client: "S3Client", where: Mapping[str, Any], since: datetime | None
    ) -> bool:
        """Lock a version that is there; return whether it has a lock now."""
        until = self._until(since, self._now())
        mode = self.retention.mode
        if until is not None and mode is not None and not _is_longer(client, where, until):
            named: Any = {"Mode": mode.value.upper(), "RetainUntilDate": until}
            client.put_object_retention(**where, Retention=named)
        if self.retention.legal_hold:
            client.put_object_legal_hold(**where, LegalHold={"Status": "ON"})
        return until is not None or self.retention.legal_hold

    def put_first(self, client: "S3Client", where: Mapping[str, Any]) -> None:
        """Lock a version from now on, unless it has a lock already."""
        if not _locked_until(client, where):
            self.put_later(client, where, None)

    def _until(self, since: datetime | None, now: datetime) -> datetime | None:
        until = self.retention.until(since, now)
        if until is None and self.retention.mode is not None:
            with self._guard:
                self.too_old += 1
        return until


def _is_longer(client: "S3Client", where: Mapping[str, Any], until: datetime) -> bool:
    """Whether a version is locked until then or later: no lock is ever made shorter."""
    kept = _locked_until(client, where)
    return kept is not None and kept >= until


def _locked_until(client: "S3Client", where: Mapping[str, Any]) -> datetime | None:
    """Return until when a version is locked, ``None`` when it has no such lock."""
    try:
        kept = client.get_object_retention(**where).get("Retention", {})
    except ClientError as error:
        if code_of(error) not in _NO_LOCK | UNKNOWN | {"InvalidRequest"}:
            raise
        return None
    return kept.get("RetainUntilDate")


def prove(client: "S3Client", place: Place, asked: Mapping[str, Any]) -> None:
    """Raise :class:`UsageError` unless the bucket holds to a lock; leave a scratch object behind.

    It is asked for what it must be set to, and then tried: a version is locked for a minute, and
    may neither lose that lock in the telling nor be deleted.
    """
    try:
        _prove_settings(client, {"Bucket": place.bucket, **asked})
        _prove_by_trying(client, place, asked)
    except ClientError as error:
        if code_of(error) in _NO_LOCK | UNKNOWN:
            raise _not_worm(place, "Object Lock is not enabled on it") from error
        with refusals(f"trying whether {place} locks"):
            raise


def _prove_settings(client: "S3Client", bucket: Mapping[str, Any]) -> None:
    name = bucket["Bucket"]
    if client.get_bucket_versioning(**bucket).get("Status") != "Enabled":
        raise _not_worm(name, "it does not keep versions")
    told: Mapping[str, Any] = client.get_object_lock_configuration(**bucket)
    if told.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
        raise _not_worm(name, "Object Lock is not enabled on it")


def _prove_by_trying(client: "S3Client", place: Place, asked: Mapping[str, Any]) -> None:
    key = place.key(f"{PRIVATE}/locked-{secrets.token_hex(8)}")
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=_TRIED_S)
    put: dict[str, Any] = {
        "Bucket": place.bucket,
        "Key": key,
        "Body": b"archiver tries whether this bucket locks\n",
        "ChecksumAlgorithm": "SHA256",
        "ObjectLockMode": "COMPLIANCE",
        "ObjectLockRetainUntilDate": until,
        **asked,
    }
    version = client.put_object(**put).get("VersionId")
    if version in {None, "null"}:
        raise _not_worm(place, "it names no version of what it stores")
    where: dict[str, Any] = {"Bucket": place.bucket, "Key": key, "VersionId": version, **asked}
    kept = client.get_object_retention(**where).get("Retention", {})
    if kept.get("Mode") != "COMPLIANCE" or kept.get("RetainUntilDate") != until:
        raise _not_worm(place, "it tells another lock than was set")
    try:
        client.delete_object(**where)
    except ClientError as error:
        if code_of(error) not in NOT_ALLOWED:
            raise
    try:
        client.head_object(**where)
    except ClientError as error:
        raise _not_worm(place, "it deleted what was locked") from error
    _prove_deleting(client, place, asked)


def _prove_deleting(client: "S3Client", place: Place, asked: Mapping[str, Any]) -> None:
    """See that these credentials may delete at all: else a lock was not what refused them."""
    key = place.key(f"{PRIVATE}/unlocked-{secrets.token_hex(8)}")
    where: dict[str, Any] = {"Bucket": place.bucket, "Key": key, **asked}
    put: dict[str, Any] = {**where, "Body": b"", "ChecksumAlgorithm": "SHA256"}
    version: Any = client.put_object(**put).get("VersionId")
    try:
        client.delete_object(**where, VersionId=version)
    except ClientError as error:
        if code_of(error) not in NOT_ALLOWED:
            raise
        why = f"these credentials may not delete under {PRIVATE}/, so it can't be tried"
        raise _not_worm(place, why) from error


def _not_worm(place: object, why: str) -> UsageError:
    return UsageError(
        f"The bucket of {place} can't lock what is stored: {why}.",
        advice="Use a bucket made with Object Lock, or take lock and legal_hold from the settings.",
    )
