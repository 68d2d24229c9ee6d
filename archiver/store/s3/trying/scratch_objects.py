"""Objects that are put into a bucket for a moment only, under ``.archiver/``, and removed again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from archiver.domain.retention import Lock, LockMode
from archiver.store.s3.bucket.bucket import Bucket
from archiver.store.s3.bucket.deletion import delete_if_allowed
from archiver.store.s3.bucket.object_answers import NULL
from archiver.store.s3.connecting.s3_errors import NOT_ALLOWED, code_of
from archiver.store.s3.locking.locked_leftovers import LockedLeftover, soon
from archiver.store.s3.locking.object_locks import of_request


class ScratchObjects:
    """The scratch objects that were put into one bucket, and are to be removed.

    Where the bucket locks whatever is stored, maybe for years, they are given a short lock of their
    own in place of that, if these credentials may do so.
    """

    def __init__(self, bucket: Bucket) -> None:
        now = datetime.now(UTC)
        default = bucket.default
        self._default = None if default is None else default.lock(now)
        self._lock = None if default is None else Lock(LockMode.GOVERNANCE, soon(now))
        self._client = bucket.client
        self._where = bucket.where
        self._left: list[Mapping[str, Any]] = []

    def put(self, put: Mapping[str, Any]) -> str:
        """Send a PUT, note what is to be removed, and return its version, maybe ``null``."""
        version = self._sent(put).get("VersionId") or NULL
        named = {} if version == NULL else {"VersionId": version}
        self._left.append({"Key": put["Key"], **named})
        return version

    def remove(self) -> list[LockedLeftover]:
        """Remove them, where that is allowed: a bucket may forbid it, and should.

        Return those that stay because they are locked.
        """
        left = []
        for each in self._left:
            is_deleted = delete_if_allowed(self._client, {**self._where, **each}) is not None
            if not is_deleted and self._lock and "VersionId" in each:
                left.append(LockedLeftover(each["Key"], each["VersionId"], self._lock.until))
        return left

    def _sent(self, put: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send it with its short lock, or without one where these credentials may not lock."""
        if self._lock == self._default:
            return self._client.put_object(**self._where, **put)
        try:
            return self._client.put_object(**self._where, **put, **of_request(self._lock))
        except ClientError as error:
            if code_of(error) not in NOT_ALLOWED:
                raise
            self._lock = self._default
            return self._client.put_object(**self._where, **put)
