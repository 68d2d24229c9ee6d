"""Each fault that can be switched on does what it says, as often as it was told to."""

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from botocore.exceptions import BotoCoreError

from archiver.sandbox import Trouble
from archiver.sandbox.media.presigned import Denial
from tests.clients import plain_client
from tests.s3 import refusals
from tests.s3.bodies import BODY, OTHER, crc32, sha256
from tests.s3.calls import outcome
from tests.s3.faults import Faults, Loss, Troubled
from tests.s3.guard import Guard
from tests.s3.raw import send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PUT = frozenset({"PutObject"})
GET = frozenset({"GetObject"})


def keys(s3: "S3Client", bucket: str) -> list[str]:
    return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]


@pytest.mark.parametrize(
    "denial",
    [
        refusals.SLOW_DOWN,
        refusals.INTERNAL_ERROR,
        refusals.CONFLICT,
        refusals.ACCESS_DENIED,
        refusals.KMS_DISABLED,
    ],
)
def test_refusals_come_and_go(guard: Guard, s3: "S3Client", bucket: str, denial: Denial) -> None:
    for _ in range(2):
        guard.faults = Faults(troubles=(Troubled(denial, times=2, operations=PUT),))
        calls = [outcome(s3.put_object, Bucket=bucket, Key="k", Body=BODY) for _ in range(3)]
        assert calls == [(denial.status, denial.code)] * 2 + [(200, "")]
    assert guard.tally.refusals == {denial.code: 4}
    assert keys(s3, bucket) == ["k"]


def test_a_refusal_of_some_keys_for_ever(guard: Guard, s3: "S3Client", bucket: str) -> None:
    guard.faults = Faults(troubles=(Troubled(refusals.ACCESS_DENIED, part="/secret/"),))
    put: dict[str, Any] = {"Bucket": bucket, "Body": BODY}
    assert [outcome(s3.put_object, Key="secret/k", **put)[0] for _ in range(5)] == [403] * 5
    assert outcome(s3.put_object, Key="k", **put) == (200, "")


def test_an_error_under_200(guard: Guard, bucket: str, s3: "S3Client") -> None:
    guard.faults = Faults(troubles=(Troubled(refusals.ERROR_UNDER_200, times=1),))
    answer = send(guard, "PUT", f"/{bucket}/k", BODY)
    assert (answer.status_code, "<Error><Code>InternalError<" in answer.text) == (200, True)
    assert keys(s3, bucket) == []


@pytest.mark.parametrize(("loss", "stored"), [(Loss.UNHEARD, []), (Loss.UNANSWERED, ["k"])])
def test_losses(guard: Guard, s3: "S3Client", bucket: str, loss: Loss, stored: list[str]) -> None:
    guard.faults = Faults(troubles=(Troubled(loss, times=1, operations=PUT),))
    put: dict[str, Any] = {"Bucket": bucket, "Key": "k", "Body": BODY, "IfNoneMatch": "*"}
    assert outcome(s3.put_object, **put) == (0, "ConnectionClosedError")
    assert keys(s3, bucket) == stored
    assert outcome(s3.put_object, **put)[0] == (412 if stored else 200)
    assert guard.tally.requests["PutObject"] == 2


def test_a_body_damaged_on_the_way(guard: Guard, s3: "S3Client", bucket: str) -> None:
    guard.faults = Faults(troubles=(Troubled(Loss.DAMAGED, operations=PUT),))
    put: dict[str, Any] = {"Bucket": bucket, "Key": "k", "Body": BODY}
    assert outcome(s3.put_object, **put) == (400, "BadDigest")  # boto3 sends a CRC32 unasked
    assert outcome(s3.put_object, ChecksumSHA256=sha256(BODY), **put) == (400, "BadDigest")
    assert keys(s3, bucket) == []
    assert send(guard, "PUT", f"/{bucket}/k", BODY).status_code == 200  # nothing to tell it by
    kept = s3.get_object(Bucket=bucket, Key="k")["Body"].read()
    assert kept != BODY
    assert len(kept) == len(BODY)


@pytest.mark.parametrize(
    "trouble", [Trouble.CUT, Trouble.RESET, Trouble.FLIPPED, Trouble.LYING_ETAG]
)
def test_answers_are_spoilt(guard: Guard, s3: "S3Client", bucket: str, trouble: Trouble) -> None:
    good = s3.put_object(Bucket=bucket, Key="k", Body=BODY)["ETag"]
    guard.faults = Faults(troubles=(Troubled(trouble, times=1, operations=GET),))

    def read() -> tuple[bytes, str]:
        answer = s3.get_object(Bucket=bucket, Key="k")
        try:
            return answer["Body"].read(), answer["ETag"]
        except BotoCoreError as error:
            return b"", type(error).__name__

    assert read() != (BODY, good)
    assert read() == (BODY, good)


def test_a_stalled_answer(guard: Guard, s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    link = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
    guard.faults = Faults(troubles=(Troubled(Trouble.SLOW),))
    got = bytearray()

    def read(answer: httpx.Response) -> None:
        for piece in answer.iter_raw():
            got.extend(piece)

    with (
        plain_client() as http,
        http.stream("GET", link, timeout=0.1) as answer,
        pytest.raises(httpx.ReadTimeout),
    ):
        read(answer)
    assert bytes(got) == BODY[: len(BODY) // 2]


@pytest.mark.parametrize(
    ("faults", "statuses"),
    [
        (Faults(), (412, 412)),
        (Faults(create_only="unversioned"), (412, 200)),
        (Faults(create_only="ignored"), (200, 200)),
    ],
)
def test_create_only(  # noqa: PLR0913, PLR0917 - two buckets and what becomes of each
    guard: Guard,
    s3: "S3Client",
    bucket: str,
    versioned_bucket: str,
    faults: Faults,
    statuses: tuple[int, int],
) -> None:
    guard.faults = faults
    for name, second in zip((bucket, versioned_bucket), statuses, strict=True):
        put: dict[str, Any] = {"Bucket": name, "Key": "k", "IfNoneMatch": "*"}
        assert outcome(s3.put_object, Body=BODY, **put)[0] == 200
        assert outcome(s3.put_object, Body=OTHER, **put)[0] == second
        kept = s3.get_object(Bucket=name, Key="k")["Body"].read()
        assert kept == (BODY if second == 412 else OTHER)


def test_checksums(guard: Guard, s3: "S3Client", locked_bucket: str) -> None:
    put: dict[str, Any] = {"Bucket": locked_bucket, "Key": "k", "Body": BODY}
    look: dict[str, Any] = {"Bucket": locked_bucket, "Key": "k", "ChecksumMode": "ENABLED"}
    guard.faults = Faults(checksums="forgotten")
    lock: dict[str, Any] = {"ChecksumSHA256": sha256(BODY), "ObjectLockLegalHoldStatus": "ON"}
    assert "ChecksumSHA256" not in s3.put_object(**lock, **put)
    assert s3.head_object(**look)["ObjectLockLegalHoldStatus"] == "ON"
    assert "ChecksumSHA256" not in s3.head_object(**look)
    assert outcome(s3.put_object, ChecksumSHA256=sha256(OTHER), **put) == (400, "BadDigest")
    guard.faults = Faults(checksums="unchecked")
    assert outcome(s3.put_object, ChecksumCRC32=crc32(OTHER), **put) == (200, "")
    assert s3.head_object(**look)["ChecksumCRC32"] == crc32(OTHER)


def test_owners_and_versions(guard: Guard, s3: "S3Client", versioned_bucket: str) -> None:
    guard.faults = Faults(owners_ignored=True, versions_hidden=True)
    put = s3.put_object(
        Bucket=versioned_bucket, Key="k", Body=BODY, ExpectedBucketOwner="210987654321"
    )
    assert "VersionId" not in set(put)
    assert "Status" not in set(s3.get_bucket_versioning(Bucket=versioned_bucket))
    guard.faults = Faults()
    assert s3.get_bucket_versioning(Bucket=versioned_bucket)["Status"] == "Enabled"
    assert len(s3.list_object_versions(Bucket=versioned_bucket)["Versions"]) == 1
