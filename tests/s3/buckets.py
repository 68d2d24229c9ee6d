"""What buckets do with a request that has been checked: moto's, mended where moto is no AWS.

Create-only writes, Object Lock, delete markers and what a new bucket comes with are mended; and
what a lesser store gets wrong can be switched on. Not safe for threads.
"""

import hashlib
from base64 import b64encode
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from msgspec.structs import replace

from archiver.sandbox.media.presigned import Denial
from archiver.sandbox.wire import Request, Response
from tests.s3 import newborn
from tests.s3.backend import Backend
from tests.s3.faults import Faults
from tests.s3.locks import PREFIX, Locks
from tests.s3.payload import CHECKSUM
from tests.s3.refusals import refusal, refuse

if TYPE_CHECKING:
    from moto.s3.models import FakeBucket

_MARKS = frozenset({"x-amz-delete-marker", "x-amz-version-id"})
_MARKER = Denial(405, "MethodNotAllowed", "The specified method is not allowed.")
_NO_VERSIONING = b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'


class Buckets:
    """All the buckets there are, none to begin with."""

    def __init__(self) -> None:
        self._backend = Backend()
        self._locks = Locks(self._backend)
        self._echoes: dict[str, tuple[tuple[str, str], ...]] = {}

    def do(self, what: str, request: Request, faults: Faults, now: datetime) -> Response:
        """Do the operation ``what``, under ``faults``; ``Refused`` where the state forbids it."""
        if what == "PutObject":
            self._check_create_only(request, faults)
        if faults.locks == "kept":
            self._locks.judge(what, request, now)
        if faults.checksums == "forgotten":
            request = _without_checksums(request)
        if faults.locks == "kept":
            response = self._ask(what, request)
        else:
            response = self._lockless(what, request, echoing=faults.locks == "echoed")
        return _without_versions(what, response) if faults.versions_hidden else response

    def is_free(self, request: Request) -> bool:
        """Whether a plain reader gets nothing under the name of a request."""
        return self._backend.look("HEAD", request.path).status != HTTPStatus.OK

    def kept(self, bucket: str) -> "FakeBucket":
        """Return a bucket as it is now, to be put back."""
        return self._backend.kept(bucket)

    def put_back(self, bucket: "FakeBucket") -> None:
        """Let a bucket be as it was when it was kept."""
        self._backend.put_back(bucket)

    def _check_create_only(self, request: Request, faults: Faults) -> None:
        condition = request.headers.get("if-none-match")
        if condition is None or not self._honours_conditions(request, faults):
            return
        if condition != "*":
            raise refuse(501, "NotImplemented", "If-None-Match takes * alone.")
        if not self.is_free(request):
            message = "At least one of the pre-conditions you specified did not hold"
            raise refuse(412, "PreconditionFailed", message)

    def _honours_conditions(self, request: Request, faults: Faults) -> bool:
        if faults.create_only != "unversioned":
            return faults.create_only == "kept"
        bucket = request.path.split("/")[1]
        return b"<Status>" not in self._backend.look("GET", f"/{bucket}", "versioning").body

    def _ask(self, what: str, request: Request) -> Response:
        """Return moto's answer, and our own where moto has none or a poor one."""
        if what == "GetObjectRetention":
            return self._locks.retention(request)
        if what == "GetObjectLegalHold":
            return self._locks.hold(request)
        response = self._backend.ask(request)
        if what == "CreateBucket" and response.status == HTTPStatus.OK:
            newborn.settle(self._backend, request.path)
        if what == "GetObject" and response.status == HTTPStatus.NOT_FOUND:
            return self._marked(request, response)
        return response

    def _marked(self, request: Request, response: Response) -> Response:
        """Tell of a delete marker, as moto's HeadObject does and its GetObject does not."""
        seen = self._backend.ask(replace(request, method="HEAD"))
        marks = tuple(pair for pair in seen.headers if pair[0].lower() in _MARKS)
        if seen.status == HTTPStatus.METHOD_NOT_ALLOWED:
            response = refusal(_MARKER)
        return replace(response, headers=response.headers + marks)

    def _lockless(self, what: str, request: Request, *, echoing: bool) -> Response:
        """Do what is asked as a store that takes locks and forgets them."""
        if what in {"PutObjectRetention", "PutObjectLegalHold"}:
            return Response(HTTPStatus.OK)
        if what == "PutObject":
            asked = (pair for pair in request.headers.items() if pair[0].startswith(PREFIX))
            self._echoes[request.path] = tuple(asked)
            request = _without(request, PREFIX)
        response = self._ask(what, request)
        if echoing and what in {"HeadObject", "GetObject"}:
            echo = self._echoes.get(request.path, ())
            response = replace(response, headers=response.headers + echo)
        return response


def _without(request: Request, prefix: str) -> Request:
    headers = {k: v for k, v in request.headers.items() if not k.startswith(prefix)}
    return replace(request, headers=headers)


def _without_checksums(request: Request) -> Request:
    """Return the request without checksums; moto takes no lock without an MD5 then."""
    plain = _without(request, CHECKSUM)
    md5 = hashlib.md5(request.body, usedforsecurity=False).digest()
    return replace(plain, headers={**plain.headers, "content-md5": b64encode(md5).decode()})


def _without_versions(what: str, response: Response) -> Response:
    if what == "GetBucketVersioning":
        return replace(response, body=_NO_VERSIONING)
    kept = (pair for pair in response.headers if pair[0].lower() != "x-amz-version-id")
    return replace(response, headers=tuple(kept))
