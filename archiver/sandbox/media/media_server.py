"""The media server: S3 as seen through a presigned GET link, and nothing more.

Answers and XML errors are as S3 writes them (Amazon S3 API reference: GetObject, error responses).
A request that carries credentials beside its link is refused with 400.
"""

import re
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import unquote
from xml.sax.saxutils import escape

from msgspec.structs import replace

from archiver.sandbox.faults import Trouble
from archiver.sandbox.media.presigned import Denial, check
from archiver.sandbox.media.spoil import spoilt
from archiver.sandbox.switchboard import Switchboard
from archiver.sandbox.tally import RequestTally
from archiver.sandbox.terms import BUCKET, Terms
from archiver.sandbox.wire import Request, Response
from archiver.sandbox.world.tones import StoredObject
from archiver.sandbox.world.world import World

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_TWO_CREDENTIALS = Denial(
    400,
    "InvalidArgument",
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query"
    " string parameter or the Authorization header should be specified",
)
_NO_SUCH_KEY = Denial(404, "NoSuchKey", "The specified key does not exist.")
_BAD_RANGE = Denial(416, "InvalidRange", "The requested range is not satisfiable")
_STRUCK = {
    Trouble.SLOW_DOWN: Denial(503, "SlowDown", "Please reduce your request rate."),
    Trouble.SERVER_ERROR: Denial(
        500, "InternalError", "We encountered an internal error. Please try again."
    ),
    Trouble.NOT_FOUND: _NO_SUCH_KEY,
    Trouble.GONE: Denial(410, "Gone", "The object is gone."),
    Trouble.REFUSED: Denial(403, "AccessDenied", "Access Denied"),
    Trouble.EXPIRED: Denial(403, "AccessDenied", "Request has expired"),
}


def xml(denial: Denial) -> bytes:
    """Return S3's error document."""
    pairs = (("Code", denial.code), ("Message", denial.message), *denial.details)
    fields = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in pairs)
    tail = "<RequestId>SANDBOX0000000000</RequestId><HostId>sandbox</HostId>"
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{fields}{tail}</Error>'
    return document.encode()


class MediaServer:
    """Answers requests for the objects of ``world``."""

    def __init__(self, world: World, terms: Terms, board: Switchboard, tally: RequestTally) -> None:
        self._world = world
        self._terms = terms
        self._board = board
        self._tally = tally

    def answer(self, request: Request) -> Response:
        """Answer one request, refusals and troubles included."""
        response = self._answer(request)
        date = formatdate(self._terms.now().timestamp(), usegmt=True)
        return replace(response, headers=(("Date", date), *response.headers))

    def _answer(self, request: Request) -> Response:
        key = unquote(request.path).removeprefix(f"/{BUCKET}/")
        self._tally.media(key, request.headers)
        if denial := self._denial(request):
            return self._refusal(denial)
        troubled = self._board.strike(key)
        if troubled is not None:
            self._tally.tick("troubled")
            if denial := _STRUCK.get(troubled.trouble):
                return self._refusal(denial)
        stored = self._world.stored(key)
        if stored is None:
            return self._refusal(_NO_SUCH_KEY)
        if troubled is not None and troubled.trouble is Trouble.WHOLE_FOR_RANGE:
            return self._whole(stored)
        response = self._object(request, stored)
        return response if troubled is None else spoilt(response, troubled)

    def _denial(self, request: Request) -> Denial | None:
        """Return why the request may not have the object, checked as it starts."""
        if "authorization" in request.headers or "cookie" in request.headers:
            self._tally.tick("credentials")
            return _TWO_CREDENTIALS
        now = self._terms.now()
        return check(request.method, request.path, request.query, request.headers, now)

    def _refusal(self, denial: Denial) -> Response:
        if denial.status == HTTPStatus.FORBIDDEN:
            self._tally.tick("refused")
        if denial.message == "Request has expired":
            self._tally.tick("expired")
        headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/xml"),)
        after = self._board.faults.retry_after
        if denial.status == HTTPStatus.SERVICE_UNAVAILABLE and after:
            headers += (("Retry-After", after),)
        return Response(denial.status, headers, xml(denial))

    def _object(self, request: Request, stored: StoredObject) -> Response:
        etag = self._etag(stored)
        if etag and request.headers.get("if-none-match") in {etag, "*"}:
            self._tally.tick("not_modified")
            return Response(304, (("ETag", etag),))
        span = request.headers.get("range")
        condition = request.headers.get("if-range")
        if span is None or (condition is not None and condition != etag):
            return self._whole(stored)
        return self._part(stored, span)

    def _whole(self, stored: StoredObject) -> Response:
        return Response(200, self._described(stored), stored.body)

    def _part(self, stored: StoredObject, span: str) -> Response:
        """Return the asked part (RFC 9110, 14.2); a range that is not understood is ignored."""
        match = _RANGE.fullmatch(span)
        if match is None or not any(match.groups()):
            return self._whole(stored)
        size = len(stored.body)
        first = int(match[1]) if match[1] else max(0, size - int(match[2]))
        last = min(size - 1, int(match[2])) if match[1] and match[2] else size - 1
        if first > last:
            refusal = self._refusal(_BAD_RANGE)
            unsatisfied = (("Content-Range", f"bytes */{size}"), *refusal.headers)
            return Response(416, unsatisfied, refusal.body)
        self._tally.tick("ranges")
        place = ("Content-Range", f"bytes {first}-{last}/{size}")
        return Response(206, (place, *self._described(stored)), stored.body[first : last + 1])

    def _described(self, stored: StoredObject) -> tuple[tuple[str, str], ...]:
        etag = self._etag(stored)
        headers = (("Content-Type", stored.content_type), ("Accept-Ranges", "bytes"))
        return (("ETag", etag), *headers) if etag else headers

    def _etag(self, stored: StoredObject) -> str | None:
        kind = self._board.faults.etags
        if kind == "none":
            return None
        return stored.etag if kind == "md5" else f'{stored.etag[:-1]}-2"'
