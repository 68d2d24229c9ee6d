"""Who may ask: the signature of a request, in its headers or in its link, and its time.

Written out from "Authenticating Requests (AWS Signature Version 4)" of the Amazon S3 API reference;
nothing of the client's signer is used.
"""

import hmac
import re
from datetime import UTC, datetime, timedelta

from archiver.sandbox.media import presigned
from archiver.sandbox.media.signature import ALGORITHM, STAMP, Signed
from archiver.sandbox.wire import Request
from tests.s3.operations import fields
from tests.s3.refusals import ACCESS_DENIED, Refused, refuse

MAX_SKEW = timedelta(minutes=15)
LONGEST_LINK = 7 * 24 * 3_600
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=([^/,]+)/([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]{{64}})"
)


def check(request: Request, now: datetime) -> None:
    """Raise ``Refused`` unless the account signed the request, for about ``now``."""
    query = fields(request)
    if "X-Amz-Signature" in query:
        _check_link(request, query, now)
    elif "authorization" in request.headers:
        _check_headers(request, query, now)
    else:
        raise Refused(ACCESS_DENIED)


def _check_link(request: Request, query: dict[str, str], now: datetime) -> None:
    life = query.get("X-Amz-Expires", "")
    if not life.isdecimal() or not 0 < int(life) <= LONGEST_LINK:
        message = "X-Amz-Expires must be between 1 and 604800 seconds"
        raise refuse(400, "AuthorizationQueryParametersError", message)
    headers = request.headers
    denial = presigned.check(request.method, request.path, request.query, headers, now)
    if denial:
        raise Refused(denial)
    _all_signed(request, set(query["X-Amz-SignedHeaders"].split(";")))


def _check_headers(request: Request, query: dict[str, str], now: datetime) -> None:
    match = _AUTHORIZATION.fullmatch(request.headers["authorization"])
    if match is None:
        message = "The authorization header is malformed."
        raise refuse(400, "AuthorizationHeaderMalformed", message)
    key, scope, names, given = match.groups()
    if key != presigned.ACCESS_KEY:
        message = "The AWS Access Key Id you provided does not exist in our records."
        raise refuse(403, "InvalidAccessKeyId", message)
    stamp = request.headers.get("x-amz-date", "")
    _check_time(stamp, now)
    if scope != f"{stamp[:8]}/{presigned.REGION}/s3/aws4_request":
        message = f"The authorization header is malformed; expecting '{presigned.REGION}'"
        raise refuse(400, "AuthorizationHeaderMalformed", message)
    payload = request.headers.get("x-amz-content-sha256")
    if payload is None:
        message = "Missing required header for this request: x-amz-content-sha256"
        raise refuse(400, "InvalidRequest", message)
    signed = {name: request.headers.get(name, "") for name in names.split(";")}
    wanted = Signed(request.method, request.path, query, signed, payload, stamp, scope)
    if not hmac.compare_digest(wanted.signature(presigned.SECRET_KEY), given):
        message = "The request signature we calculated does not match the signature you provided."
        raise refuse(403, "SignatureDoesNotMatch", message)
    _all_signed(request, set(signed))


def _check_time(stamp: str, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
    except ValueError:
        message = "AWS authentication requires a valid Date or x-amz-date header"
        raise refuse(403, "AccessDenied", message) from None
    if abs(signed_at - now) > MAX_SKEW:
        message = "The difference between the request time and the current time is too large."
        raise refuse(403, "RequestTimeTooSkewed", message)


def _all_signed(request: Request, signed: set[str]) -> None:
    must = {name for name in request.headers if name == "host" or name.startswith("x-amz-")}
    if not must <= signed:
        message = "There were headers present in the request which were not signed"
        raise refuse(403, "AccessDenied", message)
