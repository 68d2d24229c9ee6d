"""The guard refuses what AWS refuses, and only that: signatures, times, hashes, conditions."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.clients import plain_client
from tests.s3.account import OWNER, client
from tests.s3.bodies import BODY, OTHER, crc32, md5, sha256
from tests.s3.calls import outcome
from tests.s3.guard import Guard
from tests.s3.raw import Signing, code, send

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.usefixtures("wire")


@pytest.mark.parametrize("key", ["a/b.mp3", "a b+c~d/é=&(1)!*'.mp3", "%41?x#y", "x/../y"])
def test_what_boto3_signs_is_accepted(guard: Guard, s3: "S3Client", bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=BODY)
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == BODY
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=key[:3])
    assert [each["Key"] for each in listed["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    assert outcome(s3.head_object, Bucket=bucket, Key=key) == (404, "404")
    assert guard.tally.requests == {
        "PutObject": 1, "GetObject": 1, "ListObjectsV2": 1, "DeleteObject": 1, "HeadObject": 1,
    }  # fmt: skip
    assert guard.tally.received == len(BODY)


def test_another_secret_is_refused(guard: Guard, bucket: str) -> None:
    thief = client(guard.endpoint, secret="guessed")  # noqa: S106 - and wrong
    put = outcome(thief.put_object, Bucket=bucket, Key="k", Body=BODY)
    assert put == (403, "SignatureDoesNotMatch")
    assert outcome(thief.head_bucket, Bucket=bucket) == (403, "403")
    assert guard.tally.refusals == {"SignatureDoesNotMatch": 2}


@pytest.mark.parametrize(
    ("signing", "headers", "refused"),
    [
        (Signing(), {}, (200, "")),
        (Signing(key="AKIDNOBODY"), {}, (403, "InvalidAccessKeyId")),
        (Signing(secret="x"), {}, (403, "SignatureDoesNotMatch")),  # noqa: S106 - wrong
        (Signing(region="us-east-1"), {}, (400, "AuthorizationHeaderMalformed")),
        (Signing(), {"x-amz-date": "yesterday"}, (403, "AccessDenied")),
        (Signing(unsigned=frozenset({"host"})), {}, (403, "AccessDenied")),
        (
            Signing(unsigned=frozenset({"x-amz-meta-a"})),
            {"x-amz-meta-a": "1"},
            (403, "AccessDenied"),
        ),
    ],
)
def test_signatures_in_headers(
    guard: Guard, bucket: str, signing: Signing, headers: dict[str, str], refused: tuple[int, str]
) -> None:
    how = Signing(signing.key, signing.secret, signing.region, signing.unsigned)
    assert code(send(guard, "PUT", f"/{bucket}/k", BODY, headers, signing=how)) == refused


def test_a_request_changed_after_signing_is_refused(guard: Guard, bucket: str) -> None:
    good = send(guard, "PUT", f"/{bucket}/k", BODY).request
    changed = {
        "path": httpx.Request("PUT", f"{guard.endpoint}/{bucket}/l", headers=good.headers),
        "query": httpx.Request("PUT", f"{good.url}?acl", headers=good.headers),
        "method": httpx.Request("DELETE", good.url, headers=good.headers),
    }
    with plain_client() as http:
        for each in changed.values():
            each.headers["content-length"] = "0"
        answers = {name: code(http.send(each)) for name, each in changed.items()}
        anonymous = http.get(str(good.url))
    assert set(answers.values()) == {(403, "SignatureDoesNotMatch")}
    assert len(answers) == guard.tally.refusals["SignatureDoesNotMatch"] == 3
    assert code(anonymous) == (403, "AccessDenied")


def test_a_signature_that_says_too_little(guard: Guard, bucket: str) -> None:
    headers = send(guard, "PUT", f"/{bucket}/k", BODY).request.headers
    link = f"{guard.endpoint}/{bucket}/k"
    poor = {**headers, "authorization": "AWS4-HMAC-SHA256 Signature=0"}
    unhashed = {name: headers[name] for name in headers if name != "x-amz-content-sha256"}
    with plain_client() as http:
        answers = [code(http.put(link, content=BODY, headers=each)) for each in (poor, unhashed)]
    assert answers == [(400, "AuthorizationHeaderMalformed"), (400, "InvalidRequest")]


@pytest.mark.parametrize(
    ("minutes", "refused"),
    [
        (-16, (403, "RequestTimeTooSkewed")),
        (-14, (200, "")),
        (14, (200, "")),
        (16, (403, "RequestTimeTooSkewed")),
    ],
)
def test_clocks_may_differ_by_15_minutes(
    guard: Guard, s3: "S3Client", bucket: str, minutes: int, refused: tuple[int, str]
) -> None:
    guard.now = lambda: datetime.now(UTC) + timedelta(minutes=minutes)
    assert outcome(s3.put_object, Bucket=bucket, Key="k", Body=BODY) == refused


def test_links(guard: Guard, s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a b.mp3", Body=BODY)
    params = {"Bucket": bucket, "Key": "a b.mp3"}
    link = s3.generate_presigned_url("get_object", Params=params, ExpiresIn=60)
    too_long = s3.generate_presigned_url("get_object", Params=params, ExpiresIn=604_801)
    with plain_client() as http:
        assert http.get(link).content == BODY
        longer = link.replace("X-Amz-Expires=60", "X-Amz-Expires=61")
        assert code(http.get(longer)) == (403, "SignatureDoesNotMatch")
        assert code(http.put(link, content=OTHER)) == (403, "SignatureDoesNotMatch")
        assert code(http.get(too_long)) == (400, "AuthorizationQueryParametersError")
        unsigned = http.get(link, headers={"x-amz-request-payer": "requester"})
        assert code(unsigned) == (403, "AccessDenied")
        guard.now = lambda: datetime.now(UTC) + timedelta(seconds=62)
        expired = http.get(link)
    assert code(expired) == (403, "AccessDenied")
    assert "Request has expired" in expired.text
    assert guard.tally.refusals.total() == 5


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({}, (200, "")),
        ({"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, (200, "")),
        ({"x-amz-content-sha256": "0" * 64}, (400, "XAmzContentSHA256Mismatch")),
        ({"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}, (501, "NotImplemented")),
        ({"content-md5": md5(BODY)}, (200, "")),
        ({"content-md5": md5(OTHER)}, (400, "BadDigest")),
        ({"content-md5": "AAAA"}, (400, "InvalidDigest")),
        ({"content-md5": "no base64"}, (400, "InvalidDigest")),
        ({"x-amz-checksum-sha256": sha256(BODY)}, (200, "")),
        ({"x-amz-checksum-sha256": sha256(OTHER)}, (400, "BadDigest")),
        ({"x-amz-checksum-sha256": hashlib.sha256(BODY).hexdigest()}, (400, "InvalidRequest")),
        ({"x-amz-checksum-crc32": crc32(OTHER)}, (400, "BadDigest")),
        ({"x-amz-checksum-crc32c": "AAAAAA=="}, (501, "NotImplemented")),
        (
            {"x-amz-checksum-sha256": sha256(BODY), "x-amz-checksum-crc32": crc32(BODY)},
            (400, "InvalidRequest"),
        ),
        ({"x-amz-sdk-checksum-algorithm": "SHA256"}, (400, "InvalidRequest")),
    ],
)  # fmt: skip
def test_hashes(
    guard: Guard, s3: "S3Client", bucket: str, headers: dict[str, str], refused: tuple[int, str]
) -> None:
    assert code(send(guard, "PUT", f"/{bucket}/k", BODY, headers)) == refused
    stored = outcome(s3.head_object, Bucket=bucket, Key="k")
    assert stored == ((200, "") if refused[0] == 200 else (404, "404"))


CHUNKED = {
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "x-amz-trailer": "x-amz-checksum-crc32",
    "x-amz-decoded-content-length": str(len(BODY)),
    "x-amz-sdk-checksum-algorithm": "CRC32",
    "content-encoding": "aws-chunked",
}


def chunked(body: bytes, trailer: str) -> bytes:
    halves = body[:10], body[10:]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(half), half) for half in halves)
    return chunks + f"0\r\n{trailer}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (chunked(BODY, f"x-amz-checksum-crc32:{crc32(BODY)}"), (200, "")),
        (chunked(BODY, f"x-amz-checksum-crc32:{crc32(OTHER)}"), (400, "BadDigest")),
        (chunked(BODY, f"x-amz-checksum-sha1:{crc32(BODY)}"), (400, "MalformedTrailerError")),
        (chunked(OTHER, f"x-amz-checksum-crc32:{crc32(OTHER)}"), (400, "IncompleteBody")),
        (chunked(BODY, "")[:20], (400, "IncompleteBody")),
        (BODY, (400, "IncompleteBody")),
    ],
    ids=("whole", "wrong checksum", "another trailer", "wrong length", "cut", "no chunks"),
)
def test_bodies_in_chunks(
    guard: Guard, s3: "S3Client", bucket: str, body: bytes, refused: tuple[int, str]
) -> None:
    assert code(send(guard, "PUT", f"/{bucket}/k", body, CHUNKED)) == refused
    if refused[0] == 200:
        kept = s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        assert (kept["Body"].read(), kept["ChecksumCRC32"]) == (BODY, crc32(BODY))
        assert "ContentEncoding" not in kept


def test_a_checksum_is_shown_when_asked_for(s3: "S3Client", bucket: str) -> None:
    put = s3.put_object(
        Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm="SHA256", ChecksumSHA256=sha256(BODY)
    )
    assert put["ChecksumSHA256"] == sha256(BODY)
    assert s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["ChecksumSHA256"]
    plain = s3.head_object(Bucket=bucket, Key="k")
    assert plain["ContentLength"] == len(BODY)
    assert "ChecksumSHA256" not in set(plain)
    part = s3.get_object(Bucket=bucket, Key="k", Range="bytes=4-8")
    assert (part["Body"].read(), part["ContentRange"]) == (BODY[4:9], f"bytes 4-8/{len(BODY)}")


def test_the_first_of_a_race_wins(guard: Guard, s3: "S3Client", versioned_bucket: str) -> None:
    def write(number: int) -> tuple[int, str]:
        body = BODY + bytes([number])
        return outcome(s3.put_object, Bucket=versioned_bucket, Key="k", Body=body, IfNoneMatch="*")

    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(write, range(12)))
    assert sorted(outcomes) == [(200, ""), *[(412, "PreconditionFailed")] * 11]
    winner = outcomes.index((200, ""))
    assert s3.get_object(Bucket=versioned_bucket, Key="k")["Body"].read() == BODY + bytes([winner])
    assert len(s3.list_object_versions(Bucket=versioned_bucket)["Versions"]) == 1
    assert guard.tally.requests["PutObject"] == 12


def test_a_deleted_key_may_be_created_again(s3: "S3Client", versioned_bucket: str) -> None:
    put: dict[str, Any] = {"Bucket": versioned_bucket, "Key": "k", "Body": BODY, "IfNoneMatch": "*"}
    assert outcome(s3.put_object, **put) == (200, "")
    assert outcome(s3.put_object, **put) == (412, "PreconditionFailed")
    s3.delete_object(Bucket=versioned_bucket, Key="k")
    assert outcome(s3.head_object, Bucket=versioned_bucket, Key="k") == (404, "404")
    assert outcome(s3.put_object, **put) == (200, "")
    assert outcome(s3.put_object, **{**put, "IfNoneMatch": '"0"'}) == (501, "NotImplemented")


def test_a_bucket_of_someone_else(guard: Guard, s3: "S3Client", bucket: str) -> None:
    for owner, refused in ((OWNER, (200, "")), ("210987654321", (403, "AccessDenied"))):
        put = {"Bucket": bucket, "Key": owner, "Body": BODY, "ExpectedBucketOwner": owner}
        assert outcome(s3.put_object, **put) == refused
    assert outcome(s3.head_bucket, Bucket=bucket, ExpectedBucketOwner="210987654321")[0] == 403
    assert guard.tally.refusals == {"AccessDenied": 2}


def test_a_deleted_key_is_told_by_its_marker(s3: "S3Client", versioned_bucket: str) -> None:
    one: dict[str, Any] = {"Bucket": versioned_bucket, "Key": "k"}
    version = s3.put_object(Body=BODY, **one)["VersionId"]
    marker = s3.delete_object(**one)["VersionId"]
    for look in (s3.get_object, s3.head_object):
        with pytest.raises(ClientError) as refused:
            look(**one)
        told = refused.value.response["ResponseMetadata"]["HTTPHeaders"]
        assert (told["x-amz-delete-marker"], told["x-amz-version-id"]) == ("true", marker)
    assert outcome(s3.get_object, VersionId=marker, **one) == (405, "MethodNotAllowed")
    assert s3.get_object(VersionId=version, **one)["Body"].read() == BODY


def test_a_new_bucket_is_private_and_encrypted(s3: "S3Client", bucket: str) -> None:
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert [*block.values()] == [True] * 4
    controls = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    assert controls["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert s3.put_object(Bucket=bucket, Key="k", Body=BODY)["ServerSideEncryption"] == "AES256"


def test_deleting_many_needs_a_checksum(guard: Guard, s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=BODY)
    many = b"<Delete><Object><Key>k</Key></Object></Delete>"
    unsummed = send(guard, "POST", f"/{bucket}?delete", many)
    assert code(unsummed) == (400, "InvalidRequest")
    assert s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "k"}]})["Deleted"]
    assert outcome(s3.head_object, Bucket=bucket, Key="k") == (404, "404")


def test_what_nobody_has_looked_at_is_refused(s3: "S3Client", bucket: str) -> None:
    assert outcome(s3.get_bucket_website, Bucket=bucket) == (501, "NotImplemented")
    copy = outcome(s3.copy_object, Bucket=bucket, Key="l", CopySource=f"{bucket}/k")
    assert copy == (501, "NotImplemented")
