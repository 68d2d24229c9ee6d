"""What a media server's refusal means for the run. Pure.

S3 puts its reason into a small XML body (Amazon S3 API reference, "Error responses"). Only the one
word in ``<Code>`` is read, by a pattern over a bounded prefix: no XML parser, so no XML bombs.
"""

import re
from http import HTTPStatus

from archiver.errors import ArchiverError, FreshLink, Gone, RecordingError, Refused, TryAgain

MAX_ERROR_BODY = 4_096
_CODE = re.compile(rb"<Code>\s*([A-Za-z0-9.]{1,64})\s*</Code>")
_LINK_DIED = frozenset(
    {
        "AccessDenied",
        "AuthorizationQueryParametersError",
        "ExpiredPresignRequest",
        "ExpiredRequest",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
    }
)
_PASSING = frozenset({"InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown"})
_COLD = "InvalidObjectState"


def code_of(body: bytes) -> str | None:
    """Return S3's error code from the first bytes of an error's body, if there is one."""
    found = _CODE.search(body[:MAX_ERROR_BODY])
    return found[1].decode("ascii") if found else None


def error_of(status: int, code: str | None, after: float | None) -> ArchiverError:
    """Return the error that an answer other than 200 or 206 stands for.

    The code decides before the status does: stores differ in the status they give the same
    refusal. ``after`` is the seconds that ``Retry-After`` asked for.
    """
    said = f"The media server answered {status}{f' ({code})' if code else ''}"
    if code == _COLD:
        return RecordingError(
            f"{said}: the recording lies in cold storage.",
            advice="Ask the provider to restore it, then run it again.",
        )
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return Gone(f"{said}: there is no such recording (any more).")
    if code in _PASSING or _may_pass(status):
        return TryAgain(f"{said}.", advice="Run it again later.", after=after)
    if code in _LINK_DIED or status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return FreshLink(f"{said}: the link is no longer accepted.")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Refused(f"{said}, which leads elsewhere; no redirect of a media host is followed.")
    return RecordingError(f"{said}.")


def _may_pass(status: int) -> bool:
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
