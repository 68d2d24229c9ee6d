"""Presigned S3 links, made by botocore's signer and checked by AWS's own page.

The check is written out from "Authenticating Requests: Using Query Parameters (AWS Signature
Version 4)". A link is checked when its request starts, by a given clock; botocore's signer is given
that clock too.
"""

import hmac
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, quote

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from msgspec import Struct

from archiver.sandbox.media.signature import STAMP, Signed

ACCESS_KEY = "AKIDSANDBOXEXAMPLE00"
SECRET_KEY = "sandbox/secret/that/guards/nothing"  # noqa: S105 - guards tones made by a program
REGION: Final = "ap-southeast-1"

_CREDENTIALS = Credentials(ACCESS_KEY, SECRET_KEY)
_UNSIGNED = "UNSIGNED-PAYLOAD"
_MAX_AHEAD = timedelta(minutes=15)

# At DEBUG botocore writes out what it signs and the signature: a link is a secret here too.
logging.getLogger("botocore.auth").setLevel(logging.WARNING)


class Denial(Struct, frozen=True):
    """Why S3 refuses a request: its status, its code and message, and what else its XML says."""

    status: int
    code: str
    message: str
    details: tuple[tuple[str, str], ...] = ()


class _Signer(S3SigV4QueryAuth):
    """Botocore's signer of presigned links, at a given time instead of the machine's."""

    def __init__(self, stamp: str, life: int) -> None:
        super().__init__(_CREDENTIALS, "s3", REGION, expires=life)
        self._stamp = stamp

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        request.context["timestamp"] = self._stamp
        super()._modify_request_before_signing(request)  # type: ignore[misc]  # left out of the stubs


def sign(host: str, path: str, at: datetime, life: int) -> str:
    """Return a link to ``path`` (unquoted) of a host, good for ``life`` seconds from ``at``.

    A host that is named without ``https://`` speaks http.
    """
    return _signed(host, path, at.astimezone(UTC).strftime(STAMP), life)


@lru_cache(maxsize=1_024)
def _signed(host: str, path: str, stamp: str, life: int) -> str:
    """Return the link of a second: reports list a recording many times, and signing takes long."""
    request = AWSRequest("GET", f"{_origin(host)}{quote(path, safe='/~')}")
    _Signer(stamp, life).add_auth(request)
    return str(request.url)


def _origin(host: str) -> str:
    return host if host.startswith("https://") else f"http://{host}"


def check(
    method: str, path: str, query: str, headers: Mapping[str, str], now: datetime
) -> Denial | None:
    """Return why S3 would refuse this request at ``now``, or ``None`` when the link is good.

    ``path`` and ``query`` are as they came, quoted; header names are in lower case.
    """
    fields = dict(parse_qsl(query, keep_blank_values=True))
    try:
        given = fields.pop("X-Amz-Signature")
        stamp, life = fields["X-Amz-Date"], int(fields["X-Amz-Expires"])
        key, _, scope = fields["X-Amz-Credential"].partition("/")
        signed = {name: headers[name] for name in fields["X-Amz-SignedHeaders"].split(";")}
        signed_at = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return Denial(403, "AccessDenied", "Access Denied")
    if key != ACCESS_KEY:
        message = "The AWS Access Key Id you provided does not exist in our records."
        return Denial(403, "InvalidAccessKeyId", message)
    if denial := _out_of_time(signed_at, life, now):
        return denial
    wanted = Signed(method, path, fields, signed, _UNSIGNED, stamp, scope).signature(SECRET_KEY)
    if not hmac.compare_digest(wanted, given):
        return Denial(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided."
            " Check your key and signing method.",
        )
    return None


def _out_of_time(signed_at: datetime, life: int, now: datetime) -> Denial | None:
    deadline = signed_at + timedelta(seconds=life)
    if now > deadline:
        details = (
            ("X-Amz-Expires", str(life)),
            ("Expires", f"{deadline:%Y-%m-%dT%H:%M:%SZ}"),
            ("ServerTime", f"{now:%Y-%m-%dT%H:%M:%SZ}"),
        )
        return Denial(403, "AccessDenied", "Request has expired", details)
    if signed_at > now + _MAX_AHEAD:
        message = "The difference between the request time and the current time is too large."
        return Denial(403, "RequestTimeTooSkewed", message)
    return None
