"""Requests of clients in this process, given to the guard without a wire: half of what one costs.

Where troubles are on, they take the wire, for most of these are its own.
"""

import io
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from urllib3 import HTTPHeaderDict, HTTPResponse

from archiver.sandbox.wire import Request
from tests.s3.guard import Guard


class Direct:
    """What botocore asks before it sends a request of S3: the answer, ``None`` to have it sent."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self.is_on = True

    def __call__(self, request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        """Return the guard's answer to a request that would come to it."""
        to = urlsplit(request.url)
        is_meant = f"{to.scheme}://{to.netloc}" == self._guard.endpoint
        if not (self.is_on and is_meant) or self._guard.faults.troubles:
            return None
        told = {name.lower(): _text(value) for name, value in request.headers.items()}
        headers = {"host": to.netloc, **told}
        asked = Request(request.method, to.path, to.query, headers, _body(request.body))
        answer = self._guard.answer(asked)
        length = len(answer.body) if answer.promised is None else answer.promised
        raw: Any = HTTPResponse(
            io.BytesIO(b"" if request.method == "HEAD" else answer.body),
            headers=HTTPHeaderDict((*answer.headers, ("Content-Length", str(length)))),
            status=answer.status,
            preload_content=False,
            request_method=request.method,
        )
        return AWSResponse(request.url, answer.status, raw.headers, raw)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _body(body: Any) -> bytes:  # noqa: ANN401 - bytes, or a file of any kind
    data = body.read() if hasattr(body, "read") else body
    return bytes(data or b"")
