"""Questions about writing: create-only names, checksums, and what is kept beside the bytes."""

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

from tests.s3servers.question import Question, outcome, told
from tests.s3servers.server import CONNECTIONS, Endpoint

KEY, DATA, OTHER = "key", b"audio", b"other"
SHA256 = base64.b64encode(hashlib.sha256(DATA).digest()).decode()
WRONG_SHA256 = base64.b64encode(hashlib.sha256(OTHER).digest()).decode()
WRONG_MD5 = base64.b64encode(hashlib.md5(OTHER, usedforsecurity=False).digest()).decode()
ROUNDS = 10


def _second_create(endpoint: Endpoint, *, versioned: bool = False) -> str:
    put = partial(endpoint.client().put_object, Bucket=endpoint.bucket(versioned=versioned))
    put(Key=KEY, Body=DATA, IfNoneMatch="*")
    return outcome(lambda: put(Key=KEY, Body=OTHER, IfNoneMatch="*"))


def _create_over_a_delete_marker(endpoint: Endpoint) -> str:
    client, bucket = endpoint.client(), endpoint.bucket(versioned=True)
    client.put_object(Bucket=bucket, Key=KEY, Body=DATA)
    client.delete_object(Bucket=bucket, Key=KEY)
    return outcome(lambda: client.put_object(Bucket=bucket, Key=KEY, Body=OTHER, IfNoneMatch="*"))


def _second_copy(endpoint: Endpoint) -> str:
    client, bucket = endpoint.client(), endpoint.bucket()
    for key in (KEY, "taken"):
        client.put_object(Bucket=bucket, Key=key, Body=DATA)
    source = {"Bucket": bucket, "Key": KEY}
    return outcome(
        lambda: client.copy_object(Bucket=bucket, Key="taken", CopySource=source, IfNoneMatch="*")
    )


def _winners(endpoint: Endpoint, *, versioned: bool = False) -> str:
    """Let writers of different bytes race for a name, in several rounds; tell how many won."""
    client, bucket = endpoint.client(), endpoint.bucket(versioned=versioned)
    start = Barrier(CONNECTIONS)

    def write(number: int, writer: int) -> bool:
        start.wait()
        put = partial(client.put_object, Bucket=bucket, Key=f"{number}", Body=b"%d" % writer)
        return outcome(partial(put, IfNoneMatch="*")) == "200"

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        rounds = [
            sum(pool.map(partial(write, number), range(CONNECTIONS))) for number in range(ROUNDS)
        ]
    return " to ".join(map(str, sorted({min(rounds), max(rounds)})))


def _oldest(endpoint: Endpoint) -> str:
    """Let writers of a name look at once which version of it is the oldest; tell who says its own.

    Every writer looks after its own PUT, while others may still be on their way.
    """
    client, bucket = endpoint.client(), endpoint.bucket(versioned=True)
    start = Barrier(CONNECTIONS)

    def listed(key: str) -> list[str]:
        told = client.list_object_versions(Bucket=bucket, Prefix=key)
        return [each["VersionId"] for each in told["Versions"]]

    def write(key: str, writer: int) -> tuple[str, str]:
        start.wait()
        put = client.put_object(Bucket=bucket, Key=key, Body=b"%d" % writer)
        return put["VersionId"], listed(key)[-1]

    agree = 0
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for number in range(ROUNDS):
            seen = [*pool.map(partial(write, f"{number}"), range(CONNECTIONS))]
            own = [version for version, oldest in seen if version == oldest]
            everyone_else = {oldest for _, oldest in seen}
            agree += own == [listed(f"{number}")[-1]] == [*everyone_else]
    return f"one, {agree} of {ROUNDS}"


def _put_with(endpoint: Endpoint, **checks: str) -> str:
    put = partial(endpoint.client().put_object, Bucket=endpoint.bucket(), Key=KEY, Body=DATA)
    return outcome(partial(put, **checks))


def _checksum_of_put(endpoint: Endpoint) -> str:
    put = partial(endpoint.client().put_object, Bucket=endpoint.bucket(), Key=KEY, Body=DATA)
    reply = put(ChecksumAlgorithm="SHA256", ChecksumSHA256=SHA256)
    return told(reply, ChecksumSHA256=SHA256)


def _checksum_of_head(endpoint: Endpoint, **mode: str) -> str:
    client, bucket = endpoint.client(), endpoint.bucket()
    algorithm = {"ChecksumAlgorithm": "SHA256", "ChecksumSHA256": SHA256}
    client.put_object(Bucket=bucket, Key=KEY, Body=DATA, **algorithm)
    return told(client.head_object(Bucket=bucket, Key=KEY, **mode), ChecksumSHA256=SHA256)


def _kept(endpoint: Endpoint, **given: object) -> str:
    client, bucket = endpoint.client(), endpoint.bucket()
    put = partial(client.put_object, Bucket=bucket, Key=KEY, Body=DATA, **given)
    return outcome(put, lambda _: told(client.head_object(Bucket=bucket, Key=KEY), **given))


def _kms(endpoint: Endpoint) -> str:
    return _kept(endpoint, ServerSideEncryption="aws:kms", SSEKMSKeyId=endpoint.kms_key)


def _tags(endpoint: Endpoint) -> str:
    client, bucket = endpoint.client(), endpoint.bucket()
    client.put_object(Bucket=bucket, Key=KEY, Body=DATA, Tagging="kept=yes")
    reply = client.get_object_tagging(Bucket=bucket, Key=KEY)
    return told(reply, TagSet=[{"Key": "kept", "Value": "yes"}])


QUESTIONS = (
    Question("second create-only PUT", "412 PreconditionFailed", _second_create),
    Question(
        "second create-only PUT, versioned bucket",
        "412 PreconditionFailed",
        partial(_second_create, versioned=True),
    ),
    Question("create-only PUT over a delete marker", "200", _create_over_a_delete_marker),
    Question("create-only copy to a taken name", "412 PreconditionFailed", _second_copy),
    Question(f"winners of {CONNECTIONS} create-only PUTs at once", "1", _winners),
    Question(
        f"winners of {CONNECTIONS} create-only PUTs at once, versioned bucket",
        "1",
        partial(_winners, versioned=True),
    ),
    Question(
        f"oldest of {CONNECTIONS} versions put at once, to all",
        f"one, {ROUNDS} of {ROUNDS}",
        _oldest,
    ),
    Question(
        "PUT with another body's SHA-256",
        "400 BadDigest",
        partial(_put_with, ChecksumAlgorithm="SHA256", ChecksumSHA256=WRONG_SHA256),
    ),
    Question(
        "PUT with a SHA-256 that is none",
        "400 InvalidRequest",
        partial(_put_with, ChecksumAlgorithm="SHA256", ChecksumSHA256="bm9uZQ=="),
    ),
    Question(
        "PUT with another body's MD5", "400 BadDigest", partial(_put_with, ContentMD5=WRONG_MD5)
    ),
    Question("SHA-256 in the reply to PUT", "told", _checksum_of_put),
    Question(
        "SHA-256 in HEAD, asked for", "told", partial(_checksum_of_head, ChecksumMode="ENABLED")
    ),
    Question("SHA-256 in HEAD, not asked for", "not told", _checksum_of_head),
    Question("SSE-S3 in HEAD", "told", partial(_kept, ServerSideEncryption="AES256")),
    Question("SSE-KMS in HEAD", "told", _kms),
    Question("storage class in HEAD", "told", partial(_kept, StorageClass="STANDARD_IA")),
    Question("metadata in HEAD", "told", partial(_kept, Metadata={"a-name": "a value"})),
    Question("tags given with PUT", "told", _tags),
)
