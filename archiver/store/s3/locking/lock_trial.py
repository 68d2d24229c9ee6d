"""Whether a bucket holds to a lock at all, found out by trying it: its word is no proof."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from archiver.domain.layout import PRIVATE
from archiver.domain.retention import Lock, LockMode
from archiver.errors import UsageError
from archiver.store.s3.bucket.bucket import Bucket
from archiver.store.s3.bucket.deletion import delete_if_allowed
from archiver.store.s3.bucket.object_answers import version_in
from archiver.store.s3.connecting.s3_errors import NO_LOCK, UNKNOWN, code_of, map_s3_errors
from archiver.store.s3.locking.locked_leftovers import LockedLeftover, soon
from archiver.store.s3.locking.object_locks import of_request


def prove(bucket: Bucket, left: list[LockedLeftover]) -> None:
    """Raise :class:`UsageError` unless the bucket holds to a lock.

    It is asked for what it must be set to, and then tried: a version is locked for a minute, and
    may neither lose that lock in the telling nor be deleted. That version is added to ``left``.
    """
    with map_s3_errors(f"trying whether {bucket.place} locks"):
        try:
            _prove_settings(bucket)
            _prove_by_trying(bucket, left)
        except ClientError as error:
            if code_of(error) not in NO_LOCK | UNKNOWN:
                raise
            raise _not_worm(bucket, "Object Lock is not enabled on it") from error


def _prove_settings(bucket: Bucket) -> None:
    if bucket.client.get_bucket_versioning(**bucket.where).get("Status") != "Enabled":
        raise _not_worm(bucket, "it does not keep versions")
    told: Mapping[str, Any] = bucket.client.get_object_lock_configuration(**bucket.where)
    if told.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
        raise _not_worm(bucket, "Object Lock is not enabled on it")


def _prove_by_trying(bucket: Bucket, left: list[LockedLeftover]) -> None:
    where = bucket.at(f"{PRIVATE}/locked-{secrets.token_hex(8)}")
    lock = Lock(LockMode.COMPLIANCE, soon(datetime.now(UTC)))
    answer = bucket.client.put_object(
        **where,
        Body=b"archiver tries whether this bucket locks\n",
        ChecksumAlgorithm="SHA256",
        **bucket.wanted,
        **of_request(lock),
    )
    if (version := version_in(answer)) is None:
        raise _not_worm(bucket, "it names no version of what it stores")
    left.append(LockedLeftover(where["Key"], version, lock.until))
    exactly = {**where, "VersionId": version}
    kept = bucket.client.get_object_retention(**exactly).get("Retention", {})
    if kept.get("Mode") != "COMPLIANCE" or kept.get("RetainUntilDate") != lock.until:
        raise _not_worm(bucket, "it tells another lock than was set")
    _is_deleted(bucket, exactly)
    try:
        bucket.client.head_object(**exactly)
    except ClientError as error:
        raise _not_worm(bucket, "it deleted what was locked") from error
    _prove_deleting(bucket, where)


def _prove_deleting(bucket: Bucket, where: Mapping[str, Any]) -> None:
    """See that these credentials may delete versions: else a lock was not what refused them.

    A delete marker is put and deleted again. No lock is ever on a marker, whatever the bucket
    locks unasked, and it leaves nothing behind.
    """
    marker = delete_if_allowed(bucket.client, where)
    version = marker and marker.get("VersionId")
    if not version or not _is_deleted(bucket, {**where, "VersionId": version}):
        why = f"these credentials may not delete under {PRIVATE}/, so it can't be tried"
        raise _not_worm(bucket, why)


def _is_deleted(bucket: Bucket, what: Mapping[str, Any]) -> bool:
    return delete_if_allowed(bucket.client, what) is not None


def _not_worm(bucket: Bucket, why: str) -> UsageError:
    return UsageError(
        f"The bucket of {bucket.place} can't lock what is stored: {why}.",
        advice="Use a bucket made with Object Lock, or take lock and legal_hold from the settings.",
    )
