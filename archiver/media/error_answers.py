"""What a media server's refusal means for the run. Pure.

S3 puts its reason into a small XML body (Amazon S3 API reference, "Error responses"). Only the one
word in ``<Code>`` is read, by a pattern over a bounded prefix: no XML parser, so no XML bombs.

What a server says of an object ends up in sidecars and manifests. So it is taken only in the form
that it must have, and never where it tells the link that was asked with.
"""

import re
from collections.abc import Iterable
from http import HTTPStatus

from archiver.errors import ArchiverError, Gone, LinkExpired, RecordingError, Refused, TryAgain
from archiver.media.link import Link
from archiver.scrubbing import clean

MAX_ERROR_BODY = 4_096
_CODE = re.compile(rb"<Code>\s*([A-Z][A-Za-z]{2,63})\s*</Code>")
"""One word, as all of S3's are: a signature, which has digits, is none."""
_FORMS = {
    # RFC 9110, 8.8.3 and 8.3.1: the kind alone, whatever parameters follow it.
    "etag": re.compile(r'((?:W/)?"[!#-~]{1,256}")'),
    "content-type": re.compile(r"([\w!#$&^.+-]{1,64}/[\w!#$&^.+-]{1,64})(?:\s*;.*)?", re.ASCII),
}
"""Of the headers that are kept."""
_LIST = "content-encoding"
"""It may come in several lines, which are one list (RFC 9110, 5.3)."""
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


def headers_of(pairs: Iterable[tuple[bytes, bytes]], link: Link) -> dict[str, str]:
    """Return an answer's headers, by their names in lower case, without what may not be kept."""
    headers: dict[str, str] = {}
    for name, text in (
        (key.decode("ascii").lower(), text.decode("latin-1")) for key, text in pairs
    ):
        is_list = name == _LIST and name in headers
        headers[name] = f"{headers[name]}, {text}" if is_list else text
    for name, form in _FORMS.items():
        match = form.fullmatch(headers.pop(name, "").strip())
        if match and clean(match[1]) == match[1] and not link.is_told_by(match[1]):
            headers[name] = match[1]
    return headers


def code_of(body: bytes, link: Link) -> str | None:
    """Return S3's error code from the first bytes of an error's body, if there is one."""
    found = _CODE.search(body[:MAX_ERROR_BODY])
    code = found[1].decode("ascii") if found else ""
    return code if code and not link.is_told_by(code) else None


def error_of(status: int, code: str | None, after: float | None) -> ArchiverError:
    """Return the error that an answer other than 200 or 206 stands for.

    The code decides before the status does: stores differ in the status they give the same
    refusal. ``after`` is the seconds that ``Retry-After`` asked for.
    """
    asks = f" and asks to wait {after:.0f} s" if after else ""
    said = f"The media server answered {status}{f' ({code})' if code else ''}"
    if code == _COLD:
        return RecordingError(
            f"{said}: the recording lies in cold storage.",
            advice="Ask the provider to restore it, then run it again.",
        )
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return Gone(f"{said}: there is no such recording (any more).")
    if code in _PASSING or _may_pass(status):
        return TryAgain(f"{said}{asks}.", advice="Run it again later.", after=after)
    if code in _LINK_DIED or status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return LinkExpired(f"{said}: the link is no longer accepted.")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return Refused(f"{said}, which leads elsewhere; no redirect of a media host is followed.")
    return RecordingError(f"{said}.")


def _may_pass(status: int) -> bool:
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
