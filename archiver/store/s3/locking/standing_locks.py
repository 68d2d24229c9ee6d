"""What keeps a version from being deleted, as the bucket tells it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from archiver.domain.retention import Lock, LockMode
from archiver.store.base import StandingLock
from archiver.store.s3.bucket.object_answers import time_in
from archiver.store.s3.connecting.s3_errors import NO_LOCK, UNKNOWN, code_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_NONE = NO_LOCK | UNKNOWN | {"InvalidRequest"}
"""How servers say that a version has no lock, or that they know of none."""


def standing_lock(client: "S3Client", where: Mapping[str, Any]) -> StandingLock | None:
    """Return what keeps a version from being deleted; two clocks must be past a date."""
    kept, is_held = kept_lock(client, where), has_legal_hold(client, where)
    until = kept.until if kept and kept.until > _clock_of(client.head_object(**where)) else None
    return StandingLock(until, is_held) if until or is_held else None


def kept_lock(client: "S3Client", where: Mapping[str, Any]) -> Lock | None:
    """Return how a version is locked until a day, ``None`` when it has no such lock."""
    try:
        told = client.get_object_retention(**where).get("Retention", {})
    except ClientError as error:
        if code_of(error) not in _NONE:
            raise
        return None
    until = told.get("RetainUntilDate")
    if until is None:
        return None
    is_weak = str(told.get("Mode", "")).upper() == "GOVERNANCE"
    return Lock(LockMode.GOVERNANCE if is_weak else LockMode.COMPLIANCE, until)


def has_legal_hold(client: "S3Client", where: Mapping[str, Any]) -> bool:
    """Whether a version has a legal hold."""
    try:
        told = client.get_object_legal_hold(**where).get("LegalHold", {})
    except ClientError as error:
        if code_of(error) not in _NONE:
            raise
        return False
    return told.get("Status") == "ON"


def put_legal_hold(client: "S3Client", where: Mapping[str, Any], *, on: bool) -> bool:
    """Set the legal hold of a version, or take it away; return whether the bucket can lock."""
    try:
        client.put_object_legal_hold(**where, LegalHold={"Status": "ON" if on else "OFF"})
    except ClientError as error:
        if code_of(error) not in _NONE:
            raise
        return False
    return True


def _clock_of(answer: Mapping[str, Any]) -> datetime:
    """Return the earlier of this machine's clock and that of whoever answered."""
    now = datetime.now(UTC)
    return min(now, time_in(answer) or now)
