"""Links: as botocore signs them, and checked as S3 checks them."""

from datetime import UTC, datetime, timedelta

import boto3
import botocore.auth
import httpx
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from archiver.sandbox import Sandbox
from archiver.sandbox.media.presigned import ACCESS_KEY, REGION, SECRET_KEY, sign
from archiver.sandbox.terms import BUCKET
from tests.sandbox.clocks import Clock

MOMENT = datetime(2019, 8, 13, 12, 46, 18, tzinfo=UTC)


def code(response: httpx.Response) -> tuple[int, str, str]:
    text = response.text
    inside = [text.partition(f"<{tag}>")[2].partition("</")[0] for tag in ("Code", "Message")]
    return response.status_code, inside[0], inside[1]


@pytest.mark.parametrize("path", ["/b/rc/1.mp3", "/b/a b+c~d/é=&.mp3", "/b/%41"])
def test_a_link_is_what_botocore_signs(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: MOMENT)
    ours = sign("127.0.0.1:9", path, MOMENT, 3600)
    request = AWSRequest("GET", ours.partition("?")[0])
    S3SigV4QueryAuth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", REGION, expires=3600).add_auth(
        request
    )
    assert (
        httpx.URL(str(request.url)).params["X-Amz-Signature"]
        == (httpx.URL(ours).params["X-Amz-Signature"])
    )


def test_boto3_own_link_is_accepted(sandbox: Sandbox, clock: Clock, media: httpx.Client) -> None:
    clock.moment = datetime.now(UTC)
    client = boto3.client(
        "s3",
        region_name=REGION,
        endpoint_url=f"http://{sandbox.media_host}",
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    key = next(iter(sandbox.world.objects))
    link = client.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key})
    stored = sandbox.world.stored(key)
    assert stored is not None
    assert media.get(link).content == stored.body


def test_good_tampered_expired(link: str, clock: Clock, media: httpx.Client) -> None:
    assert media.get(link).status_code == 200
    tampered = link.replace("X-Amz-Expires=3600", "X-Amz-Expires=9999")
    assert code(media.get(tampered))[:2] == (403, "SignatureDoesNotMatch")
    assert code(media.get(link.partition("?")[0])) == (403, "AccessDenied", "Access Denied")
    assert code(media.get(link.replace(ACCESS_KEY, "AKIA")))[1] == "InvalidAccessKeyId"
    clock.advance(3600)
    assert media.get(link).status_code == 200
    clock.advance(1)
    expired = media.get(link)
    assert code(expired) == (403, "AccessDenied", "Request has expired")
    assert "<X-Amz-Expires>3600</X-Amz-Expires>" in expired.text


def test_a_link_from_the_future(link: str, clock: Clock, media: httpx.Client) -> None:
    clock.moment -= timedelta(hours=1)
    assert code(media.get(link))[1] == "RequestTimeTooSkewed"


def test_a_link_for_another_object_or_host(
    sandbox: Sandbox, link: str, clock: Clock, media: httpx.Client
) -> None:
    other = next(iter(sandbox.world.objects))
    path = sign(sandbox.media_host, f"/{BUCKET}/{other}", clock(), 3600).partition("?")[0]
    assert code(media.get(f"{path}?{link.partition('?')[2]}"))[1] == "SignatureDoesNotMatch"
    assert code(media.get(link, headers={"Host": "else"}))[1] == "SignatureDoesNotMatch"
