"""Object Lock, as AWS documents it: what is locked stays, and a lock only grows."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.s3.bodies import BODY, sha256
from tests.s3.calls import outcome
from tests.s3.faults import Faults
from tests.s3.guard import Guard
from tests.s3.raw import code, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.usefixtures("wire")

NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(days=30)
LATEST = NOW + timedelta(days=60)
DENIED = (403, "AccessDenied")


def put(bucket: str, mode: str = "COMPLIANCE", until: datetime = LATER) -> dict[str, Any]:
    return {
        "Bucket": bucket, "Key": "k", "Body": BODY, "ChecksumAlgorithm": "SHA256",
        "ChecksumSHA256": sha256(BODY), "ObjectLockMode": mode, "ObjectLockRetainUntilDate": until,
    }  # fmt: skip


def retention(mode: str, until: datetime) -> dict[str, Any]:
    return {"Retention": {"Mode": mode, "RetainUntilDate": until}}


def test_compliance_is_not_shortened_nor_deleted(s3: "S3Client", locked_bucket: str) -> None:
    version = s3.put_object(**put(locked_bucket))["VersionId"]
    one: dict[str, Any] = {"Bucket": locked_bucket, "Key": "k", "VersionId": version}
    refused = [
        outcome(s3.delete_object, **one),
        outcome(s3.delete_object, **one, BypassGovernanceRetention=True),
        outcome(s3.put_object_retention, **one, **retention("COMPLIANCE", NOW + timedelta(1))),
        outcome(s3.put_object_retention, **one, **retention("GOVERNANCE", LATEST)),
    ]
    assert refused == [DENIED] * 4
    longer = outcome(s3.put_object_retention, **one, **retention("COMPLIANCE", LATEST))
    assert longer == (200, "")
    kept = s3.get_object_retention(**one)["Retention"]
    assert (kept["Mode"], kept["RetainUntilDate"]) == ("COMPLIANCE", LATEST)
    s3.delete_object(Bucket=locked_bucket, Key="k")  # a marker, which hides it and deletes nothing
    assert outcome(s3.head_object, Bucket=locked_bucket, Key="k") == (404, "404")
    assert s3.get_object(**one)["Body"].read() == BODY


def test_governance_takes_a_bypass(s3: "S3Client", locked_bucket: str) -> None:
    version = s3.put_object(**put(locked_bucket, "GOVERNANCE"))["VersionId"]
    one: dict[str, Any] = {"Bucket": locked_bucket, "Key": "k", "VersionId": version}
    assert outcome(s3.delete_object, **one) == DENIED
    assert outcome(s3.delete_object, **one, BypassGovernanceRetention=True) == (204, "")
    assert outcome(s3.head_object, **one)[0] == 404


def test_a_hold_keeps_until_it_is_lifted(s3: "S3Client", locked_bucket: str) -> None:
    stored = s3.put_object(
        Bucket=locked_bucket,
        Key="k",
        Body=BODY,
        ChecksumAlgorithm="SHA256",
        ObjectLockLegalHoldStatus="ON",
    )
    one: dict[str, Any] = {"Bucket": locked_bucket, "Key": "k", "VersionId": stored["VersionId"]}
    assert s3.get_object_legal_hold(**one)["LegalHold"]["Status"] == "ON"
    assert outcome(s3.delete_object, **one) == DENIED
    s3.put_object_legal_hold(**one, LegalHold={"Status": "OFF"})
    assert outcome(s3.get_object_legal_hold, **one) == (404, "NoSuchObjectLockConfiguration")
    assert outcome(s3.delete_object, **one) == (204, "")


def test_a_lock_needs_a_bucket_for_it(s3: "S3Client", bucket: str, versioned_bucket: str) -> None:
    for without in (bucket, versioned_bucket):
        assert outcome(s3.put_object, **put(without)) == (400, "InvalidRequest")
        assert outcome(s3.head_object, Bucket=without, Key="k") == (404, "404")
        configuration = outcome(s3.get_object_lock_configuration, Bucket=without)
        assert configuration == (404, "ObjectLockConfigurationNotFoundError")
    on: dict[str, Any] = {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}
    refused = outcome(s3.put_object_lock_configuration, Bucket=bucket, **on)
    assert refused == (409, "InvalidBucketState")


def test_questions_about_no_lock(s3: "S3Client", bucket: str, locked_bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    for ask in (s3.get_object_retention, s3.get_object_legal_hold):
        assert outcome(ask, Bucket=bucket, Key="k") == (400, "InvalidRequest")
        assert outcome(ask, Bucket=locked_bucket, Key="k") == (404, "NoSuchKey")
    hold: Any = {"Status": "ON"}
    refused = outcome(s3.put_object_legal_hold, Bucket=bucket, Key="k", LegalHold=hold)
    assert refused == (400, "InvalidRequest")


def test_a_lock_bucket_keeps_its_versions(s3: "S3Client", locked_bucket: str) -> None:
    off: dict[str, Any] = {"VersioningConfiguration": {"Status": "Suspended"}}
    refused = outcome(s3.put_bucket_versioning, Bucket=locked_bucket, **off)
    assert refused == (409, "InvalidBucketState")
    assert s3.get_bucket_versioning(Bucket=locked_bucket)["Status"] == "Enabled"


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"mode": "COMPLIANCE"}, (400, "InvalidArgument")),
        ({"retain-until-date": f"{LATER:%FT%TZ}"}, (400, "InvalidArgument")),
        ({"mode": "FOREVER", "retain-until-date": f"{LATER:%FT%TZ}"}, (400, "InvalidArgument")),
        ({"mode": "COMPLIANCE", "retain-until-date": "soon"}, (400, "InvalidArgument")),
        ({"mode": "COMPLIANCE", "retain-until-date": f"{NOW:%FT%TZ}"}, (400, "InvalidArgument")),
        ({"mode": "COMPLIANCE", "retain-until-date": f"{LATER:%FT%TZ}"}, (200, "")),
    ],
)
def test_lock_headers(
    guard: Guard, locked_bucket: str, headers: dict[str, str], refused: tuple[int, str]
) -> None:
    lock = {f"x-amz-object-lock-{name}": value for name, value in headers.items()}
    summed = {**lock, "x-amz-checksum-sha256": sha256(BODY)}
    assert code(send(guard, "PUT", f"/{locked_bucket}/k", BODY, lock)) == (400, "InvalidRequest")
    assert code(send(guard, "PUT", f"/{locked_bucket}/k", BODY, summed)) == refused


def test_what_a_bucket_locks_by_itself(guard: Guard, s3: "S3Client", locked_bucket: str) -> None:
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}}
    on: Any = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    s3.put_object_lock_configuration(Bucket=locked_bucket, ObjectLockConfiguration=on)
    assert code(send(guard, "PUT", f"/{locked_bucket}/k", BODY)) == (400, "InvalidRequest")
    stored = s3.put_object(Bucket=locked_bucket, Key="k", Body=BODY)
    one: dict[str, Any] = {"Bucket": locked_bucket, "Key": "k", "VersionId": stored["VersionId"]}
    kept = s3.get_object_retention(**one)["Retention"]["RetainUntilDate"]
    assert timedelta(days=29) < kept - NOW < timedelta(days=31)
    assert outcome(s3.delete_object, **one) == DENIED
    upload = outcome(s3.create_multipart_upload, Bucket=locked_bucket, Key="k")
    assert upload == (501, "NotImplemented")
    versions: Any = {"Objects": [{"Key": "k", "VersionId": stored["VersionId"]}]}
    many = outcome(s3.delete_objects, Bucket=locked_bucket, Delete=versions)
    assert many == (501, "NotImplemented")


@pytest.mark.parametrize(
    ("faults", "shows"), [(Faults(locks="ignored"), None), (Faults(locks="echoed"), "COMPLIANCE")]
)
def test_a_store_that_only_says_it_locks(
    guard: Guard, s3: "S3Client", locked_bucket: str, faults: Faults, shows: str | None
) -> None:
    guard.faults = faults
    version = s3.put_object(**put(locked_bucket))["VersionId"]
    one: dict[str, Any] = {"Bucket": locked_bucket, "Key": "k", "VersionId": version}
    assert s3.head_object(**one).get("ObjectLockMode") == shows
    assert s3.get_object_lock_configuration(Bucket=locked_bucket)["ObjectLockConfiguration"]
    assert outcome(s3.put_object_retention, **one, **retention("COMPLIANCE", LATEST))[0] == 200
    none = outcome(s3.get_object_retention, **one)
    assert none == (404, "NoSuchObjectLockConfiguration")
    assert outcome(s3.delete_object, **one) == (204, "")
    assert outcome(s3.head_object, **one)[0] == 404
