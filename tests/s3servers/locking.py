"""Questions about Object Lock: whether a bucket that says it keeps a version really does."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from tests.s3servers.question import Question, Reply, outcome, told
from tests.s3servers.server import S3, Endpoint

KEY = "key"
YESTERDAY, TOMORROW, LATER = (
    datetime.now(UTC).replace(microsecond=0) + timedelta(days=days) for days in (-1, 1, 2)
)
COMPLIANCE = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": TOMORROW}
HOLD = {"ObjectLockLegalHoldStatus": "ON"}
REFUSED = "403 AccessDenied, kept"


class _Version(Struct, frozen=True):
    """A version in a bucket with Object Lock, by the lock's headers that it was put with."""

    client: S3
    put: Reply
    where: dict[str, Any]

    def head(self) -> Reply:
        return self.client.head_object(**self.where)  # type: ignore[no-any-return]  # boto3's own

    def after(self, call: str, **how: object) -> str:
        """Return how a call on the version went, and whether the version is there after it."""
        done = outcome(lambda: getattr(self.client, call)(**self.where, **how))
        return f"{done}, {'kept' if outcome(self.head) == '200' else 'gone'}"

    def retention(self, until: datetime) -> str:
        """Return how it went to move the day until which it is kept."""
        wanted = {"Mode": "COMPLIANCE", "RetainUntilDate": until}
        return outcome(lambda: self.client.put_object_retention(**self.where, Retention=wanted))


def _put(endpoint: Endpoint, lock: dict[str, Any]) -> _Version:
    client, bucket = endpoint.client(), endpoint.bucket(locked=True)
    put = client.put_object(Bucket=bucket, Key=KEY, Body=b"audio", **lock)
    where = {"Bucket": bucket, "Key": KEY, "VersionId": put["VersionId"]}
    return _Version(client, put, where)


def _lock_of_a_bucket(endpoint: Endpoint, *, locked: bool) -> str:
    bucket = endpoint.bucket(locked=locked)
    ask = partial(endpoint.client().get_object_lock_configuration, Bucket=bucket)
    return outcome(ask, lambda reply: reply["ObjectLockConfiguration"]["ObjectLockEnabled"])


def _versioning(endpoint: Endpoint) -> str:
    client = endpoint.client()
    return str(client.get_bucket_versioning(Bucket=endpoint.bucket(locked=True)).get("Status"))


def _suspended(endpoint: Endpoint) -> str:
    suspend = partial(endpoint.client().put_bucket_versioning, Bucket=endpoint.bucket(locked=True))
    return outcome(lambda: suspend(VersioningConfiguration={"Status": "Suspended"}))


def _in_head(endpoint: Endpoint, lock: dict[str, Any]) -> str:
    return told(_put(endpoint, lock).head(), **lock)


def _asked(endpoint: Endpoint) -> str:
    version = _put(endpoint, COMPLIANCE)
    reply = version.client.get_object_retention(**version.where)
    return told(reply["Retention"], Mode="COMPLIANCE", RetainUntilDate=TOMORROW)


def _hold_asked(endpoint: Endpoint) -> str:
    version = _put(endpoint, HOLD)
    return told(version.client.get_object_legal_hold(**version.where), LegalHold={"Status": "ON"})


def _deleted(endpoint: Endpoint, lock: dict[str, Any]) -> str:
    return _put(endpoint, lock).after("delete_object")


def _deleted_with_bypass(endpoint: Endpoint) -> str:
    return _put(endpoint, COMPLIANCE).after("delete_object", BypassGovernanceRetention=True)


def _deleted_after_the_hold(endpoint: Endpoint) -> str:
    version = _put(endpoint, HOLD)
    version.client.put_object_legal_hold(**version.where, LegalHold={"Status": "OFF"})
    return version.after("delete_object")


def _hidden(endpoint: Endpoint) -> str:
    version = _put(endpoint, COMPLIANCE)
    bucket = version.where["Bucket"]
    done = outcome(lambda: version.client.delete_object(Bucket=bucket, Key=KEY))
    return f"{done}, {'kept' if outcome(version.head) == '200' else 'gone'}"


def _moved(endpoint: Endpoint, until: datetime) -> str:
    return _put(endpoint, {**COMPLIANCE, "ObjectLockRetainUntilDate": LATER}).retention(until)


def _past(endpoint: Endpoint) -> str:
    lock = {**COMPLIANCE, "ObjectLockRetainUntilDate": YESTERDAY}
    return outcome(lambda: _put(endpoint, lock).put)


def _without_lock(endpoint: Endpoint) -> str:
    put = partial(endpoint.client().put_object, Bucket=endpoint.bucket(versioned=True), Key=KEY)
    return outcome(lambda: put(Body=b"audio", **COMPLIANCE))


QUESTIONS = (
    Question("Object Lock of a bucket with it", "Enabled", partial(_lock_of_a_bucket, locked=True)),
    Question(
        "Object Lock of a bucket without it",
        "404 ObjectLockConfigurationNotFoundError",
        partial(_lock_of_a_bucket, locked=False),
    ),
    Question("versioning of a bucket with Object Lock", "Enabled", _versioning),
    Question("suspending that versioning", "409 InvalidBucketState", _suspended),
    Question("COMPLIANCE in HEAD", "told", partial(_in_head, lock=COMPLIANCE)),
    Question("COMPLIANCE, asked for", "told", _asked),
    Question("legal hold in HEAD", "told", partial(_in_head, lock=HOLD)),
    Question("legal hold, asked for", "told", _hold_asked),
    Question("delete under COMPLIANCE", REFUSED, partial(_deleted, lock=COMPLIANCE)),
    Question("delete under COMPLIANCE with bypass", REFUSED, _deleted_with_bypass),
    Question("delete under a legal hold", REFUSED, partial(_deleted, lock=HOLD)),
    Question("delete after the hold was lifted", "204, gone", _deleted_after_the_hold),
    Question("delete of the name under COMPLIANCE", "204, kept", _hidden),
    Question("COMPLIANCE made shorter", "403 AccessDenied", partial(_moved, until=TOMORROW)),
    Question("COMPLIANCE made longer", "200", partial(_moved, until=LATER + timedelta(days=1))),
    Question("COMPLIANCE until a day that is past", "400 InvalidArgument", _past),
    Question("COMPLIANCE in a bucket without Object Lock", "400 InvalidRequest", _without_lock),
)
