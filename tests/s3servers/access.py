"""Questions about who may: signatures, presigned links, the bucket's owner, what is public."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from unittest import mock

import botocore.auth
import httpx
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.s3servers.question import Question, outcome, told
from tests.s3servers.server import REGION, Endpoint

KEY, DATA = "key", b"audio"
STRANGER = "111122223333"
PRIVATE = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def _put_for_a_stranger(endpoint: Endpoint) -> str:
    put = partial(endpoint.client().put_object, Bucket=endpoint.bucket(), Key=KEY, Body=DATA)
    return outcome(lambda: put(ExpectedBucketOwner=STRANGER))


def _head_for_a_stranger(endpoint: Endpoint) -> str:
    head = partial(endpoint.client().head_bucket, Bucket=endpoint.bucket())
    return outcome(lambda: head(ExpectedBucketOwner=STRANGER))


def _with_a_wrong_secret(endpoint: Endpoint) -> str:
    client = endpoint.client((endpoint.keys[0], "another"))
    return outcome(partial(client.list_objects_v2, Bucket=endpoint.bucket()))


def _with_an_unknown_key(endpoint: Endpoint) -> str:
    client = endpoint.client(("nobody", endpoint.keys[1]))
    return outcome(partial(client.list_objects_v2, Bucket=endpoint.bucket()))


def _signed_an_hour_ago(endpoint: Endpoint) -> str:
    bucket = endpoint.bucket()
    with mock.patch.object(botocore.auth, "get_current_datetime", _an_hour_ago):
        return outcome(lambda: endpoint.client().list_objects_v2(Bucket=bucket))


def _now() -> datetime:
    return datetime.now(UTC)


def _an_hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def _link(endpoint: Endpoint, clock: Callable[[], datetime] = _now) -> str:
    """Return a link, good for a minute from the time of ``clock``, to an object that is there."""
    client, where = endpoint.client(), {"Bucket": endpoint.bucket(), "Key": KEY}
    client.put_object(**where, Body=DATA)
    with mock.patch.object(botocore.auth, "get_current_datetime", clock):
        return str(client.generate_presigned_url("get_object", where, ExpiresIn=60))


def _followed(link: str) -> str:
    return _answer(httpx.get(link, trust_env=False))


def _good_link(endpoint: Endpoint) -> str:
    return _followed(_link(endpoint))


def _expired_link(endpoint: Endpoint) -> str:
    return _followed(_link(endpoint, _an_hour_ago))


def _forged_link(endpoint: Endpoint) -> str:
    return _followed(re.sub(r"(?<=Signature=)[0-9a-f]+", "0" * 64, _link(endpoint)))


def _unsigned(endpoint: Endpoint) -> str:
    return _followed(_link(endpoint).partition("?")[0])


def _exchanged_body(endpoint: Endpoint) -> str:
    """Sign one body and send another of the same length."""
    request = AWSRequest("PUT", f"{endpoint.url}/{endpoint.bucket()}/{KEY}", data=DATA)
    keys = Credentials(*endpoint.keys)
    S3SigV4Auth(keys, "s3", REGION).add_auth(request)
    headers = dict(request.headers.items())
    sent = httpx.put(str(request.url), headers=headers, content=b"other", trust_env=False)
    return _answer(sent)


def _answer(reply: httpx.Response) -> str:
    code = re.search(r"<Code>(\w+)</Code>", reply.text)
    return f"{reply.status_code} {code[1]}" if code else str(reply.status_code)


def _private(endpoint: Endpoint) -> str:
    client, bucket = endpoint.client(), endpoint.bucket()
    block = {"PublicAccessBlockConfiguration": PRIVATE}
    client.put_public_access_block(Bucket=bucket, **block)
    return told(client.get_public_access_block(Bucket=bucket), **block)


def _ownership(endpoint: Endpoint) -> str:
    ask = partial(endpoint.client().get_bucket_ownership_controls, Bucket=endpoint.bucket())
    rules = [{"ObjectOwnership": "BucketOwnerEnforced"}]
    return outcome(ask, lambda reply: told(reply.get("OwnershipControls", {}), Rules=rules))


QUESTIONS = (
    Question("PUT, another owner expected", "403 AccessDenied", _put_for_a_stranger),
    Question("HEAD of a bucket, another owner expected", "403", _head_for_a_stranger),
    Question(
        "request signed with a wrong secret",
        "403 SignatureDoesNotMatch",
        _with_a_wrong_secret,
    ),
    Question(
        "request with an unknown key",
        "403 InvalidAccessKeyId",
        _with_an_unknown_key,
    ),
    Question("request of an hour ago", "403 RequestTimeTooSkewed", _signed_an_hour_ago),
    Question("request without a signature", "403 AccessDenied", _unsigned),
    Question("body other than was signed", "400 XAmzContentSHA256Mismatch", _exchanged_body),
    Question("presigned link", "200", _good_link),
    Question("presigned link that has expired", "403 AccessDenied", _expired_link),
    Question("presigned link, signature forged", "403 SignatureDoesNotMatch", _forged_link),
    Question("public access block, read back", "told", _private),
    Question("BucketOwnerEnforced of a new bucket", "told", _ownership),
)
