"""Locking what is in a bucket already: it is first seen that the bucket holds to a lock."""

from collections.abc import Callable
from datetime import datetime

from botocore.exceptions import ClientError
from msgspec import Struct

from archiver.domain.layout import checked
from archiver.domain.retention import LockMode
from archiver.store.base import StandingLock
from archiver.store.s3.bucket.bucket import Bucket
from archiver.store.s3.connecting.s3_errors import NO_VERSION, code_of, missing
from archiver.store.s3.locking.object_locks import ObjectLocks
from archiver.store.s3.locking.standing_locks import has_legal_hold, put_legal_hold, standing_lock


class BucketLocking(Struct, frozen=True):
    """Locks the versions of one archive. ``prove`` raises :class:`UsageError` where that fails."""

    bucket: Bucket
    locks: ObjectLocks
    prove: Callable[[], None]

    @property
    def mode(self) -> LockMode | None:
        """The mode in which recordings are locked: the bucket's, where that is the stricter."""
        return self.locks.mode

    @property
    def may_lock(self) -> bool:
        """Whether the bucket may have locks; it may where it does not say."""
        return self.bucket.locks.may_lock

    def lock(self, key: str, version: str | None, since: datetime | None) -> bool:
        """Lock what is there since that moment (UTC); return whether it has a lock now."""
        self.prove()
        where = self.bucket.at(key, version)
        with missing(key):
            try:
                return self.locks.put_later(self.bucket.client, where, since)
            except ClientError as error:
                if version is not None and code_of(error) in NO_VERSION:
                    self.bucket.head(key, version)
                raise

    def hold(self, key: str, version: str | None) -> None:
        """Lock a version that has no lock, if the settings lock what is stored."""
        if not self.locks.retention.locks:
            return
        self.prove()
        with missing(checked(key)):
            self.locks.put_first(self.bucket.client, self.bucket.at(key, version))

    def standing(self, key: str, version: str | None) -> StandingLock | None:
        """Return the lock of a version, and whether it has a legal hold, as the bucket tells it."""
        with missing(checked(key), version):
            return standing_lock(self.bucket.client, self.bucket.at(key, version))

    def has_legal_hold(self, key: str, version: str | None) -> bool:
        """Return whether a version has a legal hold."""
        with missing(checked(key), version):
            return has_legal_hold(self.bucket.client, self.bucket.at(key, version))

    def set_legal_hold(self, key: str, version: str | None) -> bool:
        """Set the legal hold of a version; return whether the bucket can lock."""
        where = self.bucket.at(checked(key), version)
        with missing(key, version):
            return put_legal_hold(self.bucket.client, where, on=True)

    def end_legal_hold(self, key: str, version: str | None) -> bool:
        """End the legal hold of a version, unless all that is stored has one by the settings."""
        if self.locks.retention.legal_hold:
            return False
        where = self.bucket.at(checked(key), version)
        with missing(key, version):
            is_held = has_legal_hold(self.bucket.client, where)
            return is_held and put_legal_hold(self.bucket.client, where, on=False)
