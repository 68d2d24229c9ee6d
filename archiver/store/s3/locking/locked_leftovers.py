"""What trials leave in a bucket because it is locked, and how it is removed when that ends."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from archiver.store.s3.bucket.bucket import Bucket
from archiver.store.s3.bucket.deletion import delete
from archiver.store.s3.connecting.s3_errors import FOREIGN

TRIED_S = 60
"""How long the scratch object of a trial stays locked."""


class LockedLeftover(Struct, frozen=True):
    """A version of a scratch object, under the bucket's own key, and until when it is locked."""

    key: str
    version: str
    until: datetime

    def plain(self) -> dict[str, str]:
        """Return it as JSON has it."""
        return {"key": self.key, "version": self.version, "until": self.until.isoformat()}

    @classmethod
    def of(cls, told: object) -> "LockedLeftover":
        """Read what :meth:`plain` returned; raises ``ValueError``."""
        if not isinstance(told, Mapping) or told.keys() != {"key", "version", "until"}:
            raise ValueError("not what a trial left")
        until = datetime.fromisoformat(str(told["until"]))
        if until.tzinfo is None:
            raise ValueError("not a moment")
        return cls(str(told["key"]), str(told["version"]), until)


def still_there(
    bucket: Bucket, left: Iterable[LockedLeftover], now: datetime
) -> list[LockedLeftover]:
    """Delete what is locked no more; return the rest."""
    return [each for each in left if each.until >= now or not _is_deleted(bucket, each)]


def _is_deleted(bucket: Bucket, left: LockedLeftover) -> bool:
    """Delete it. A run has other things to do than to end over litter: a later one tries again."""
    try:
        delete(bucket.client, {**bucket.where, "Key": left.key, "VersionId": left.version})
    except FOREIGN:
        return False
    return True


def soon(now: datetime) -> datetime:
    """Return until when a scratch object of a trial is locked."""
    return now.replace(microsecond=0) + timedelta(seconds=TRIED_S)
