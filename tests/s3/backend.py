"""moto, asked in this process: what holds the stand-in's buckets.

It believes every request, so only what has been checked is passed on to it: as the account's own,
plain and without conditions. It is not safe for threads; who asks holds a lock.
"""

import copy
import io
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlencode

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from werkzeug.exceptions import HTTPException

from archiver.sandbox.media.presigned import ACCESS_KEY, REGION
from archiver.sandbox.wire import Request, Response
from tests.s3.operations import fields
from tests.s3.payload import checksums

if TYPE_CHECKING:
    from moto.s3.models import FakeBucket, FakeKey

_AS_THE_ACCOUNT = (
    f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20200101/{REGION}/s3/aws4_request,"
    " SignedHeaders=host, Signature=0"
)
_READING = frozenset({"GET", "HEAD"})
_JUDGED = frozenset({
    "amz-sdk-invocation-id", "amz-sdk-request",
    "authorization", "connection", "content-encoding", "expect", "host",
    "if-none-match", "x-amz-content-sha256", "x-amz-date", "x-amz-decoded-content-length",
    "x-amz-expected-bucket-owner", "x-amz-sdk-checksum-algorithm", "x-amz-trailer",
})  # fmt: skip
_SETTINGS = frozenset({
    "acl", "encryption", "location", "object-lock", "policy", "policyStatus", "publicAccessBlock",
    "versioning",
})  # fmt: skip
"""What is told of a bucket whatever lies in it."""
_UNWANTED = frozenset({
    "content-length", "date", "server", "x-amz-sdk-checksum-algorithm", "x-amzn-requestid",
})  # fmt: skip


class Backend:
    """moto's buckets, empty to begin with; there is one set of them in a process.

    moto's own way to them reads its table of addresses anew for every request, and copies every
    object, bytes and all, to list what there is: that is half of the time that a bucket takes. It
    looks for buckets in names of hosts, and draws an id for each answer, which gets another. What
    is read again and again, it makes anew each time.
    """

    def __init__(self) -> None:
        from moto import settings  # noqa: PLC0415 - takes a second
        from moto.core import errors, responses  # noqa: PLC0415 - the same
        from moto.core.models import DEFAULT_ACCOUNT_ID  # noqa: PLC0415 - the same
        from moto.s3.models import FakeKey, s3_backends  # noqa: PLC0415 - the same

        FakeKey.__deepcopy__ = _as_listed  # type: ignore[attr-defined]  # listing alone copies it
        settings.S3_IGNORE_SUBDOMAIN_BUCKETNAME = True
        vars(responses)["gen_amzn_requestid_long"] = lambda _headers: "0"
        vars(errors)["ErrorLookupFactory"] = cache(errors.ErrorLookupFactory)
        s3_backends.reset()
        moto = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        urls, self._buckets = moto.urls, moto.buckets
        self._read: dict[str, dict[tuple[object, ...], Response]] = {}
        self._doors = [(re.compile(url), answer) for url, answer in urls.items()]

    def _process(self, request: AWSPreparedRequest) -> tuple[int, Mapping[str, str], str | bytes]:
        """Return what moto answers, as its own stubber of botocore does."""
        from moto.core.request import normalize_request  # noqa: PLC0415 - as above

        place = request.url.partition("?")[0]
        answer = next(answer for url, answer in self._doors if url.match(place))
        asked = normalize_request(request)
        try:
            return answer(asked, asked.raw_url, asked.headers)
        except HTTPException as refused:
            return refused.code or 500, dict(refused.get_headers()), refused.get_body()

    def ask(self, request: Request) -> Response:
        """Return moto's answer to a request that has been checked.

        Until something is written there, who asks the same has the same answer, and moto is not
        asked.
        """
        asked = AWSPreparedRequest(
            method=request.method,
            url=_url(request),
            headers=_headers(request),
            body=request.body,
            stream_output=False,
        )
        if asked.method not in _READING:
            self._forget(request)
            return self._answered(asked)
        known = self._read.setdefault(_subject(request), {})
        same = (asked.method, asked.url, *asked.headers.items())
        if same not in known:
            known[same] = self._answered(asked)
        return known[same]

    def _forget(self, written: Request) -> None:
        """Forget what was read of an object that is written, and listings; of a bucket, all."""
        bucket, key = _split(written.path)
        if not key:
            self._read.clear()
        for lies_there in (f"{bucket}/{key}", f"{bucket}/"):
            self._read.pop(lies_there, None)

    def _answered(self, asked: AWSPreparedRequest) -> Response:
        status, headers, body = self._process(asked)
        data = body.encode() if isinstance(body, str) else bytes(body)
        return _answer(status, headers, b"" if asked.method == "HEAD" else data)

    def kept(self, bucket: str) -> "FakeBucket":
        """Return a bucket as it is now, to be put back."""
        return _copied(self._buckets[bucket])

    def put_back(self, bucket: "FakeBucket") -> None:
        """Let a bucket be as it was when it was kept."""
        self._read.clear()
        self._buckets[bucket.name] = _copied(bucket)

    def look(self, method: str, path: str, query: str = "") -> Response:
        """Return the answer to a question of our own."""
        return self.ask(Request(method, path, query, {}))


def _split(path: str) -> tuple[str, str]:
    """Return a bucket and the key in it, which may be none."""
    _, bucket, *key = unquote(path).split("/", 2)
    return bucket, "".join(key)


def _subject(request: Request) -> str:
    """Return what is read: an object, or of a bucket its settings, or what lies in it."""
    bucket, key = _split(request.path)
    return f"{bucket}?" if not key and _SETTINGS & fields(request).keys() else f"{bucket}/{key}"


def _copied(bucket: "FakeBucket") -> "FakeBucket":
    """Return a bucket with objects of its own; there are no markers and no uploads in it."""
    same = copy.copy(bucket)
    same.keys = type(bucket.keys)()
    for name, versions in bucket.keys.lists():
        same.keys.setlist(name, [_own(each) for each in versions])
    return same


def _own(kept: "FakeKey") -> "FakeKey":
    """Return another object with the same bytes, which nobody has to dispose of."""
    own = object.__new__(type(kept))
    own.__setstate__(kept.__getstate__() | {"disposed": True})
    return own


def _as_listed(kept: "FakeKey", _memo: object) -> "FakeKey":
    """Return what a listing tells of an object: all but its bytes."""
    told = copy.copy(kept.__dict__)
    told |= {"_etag": kept.etag.strip('"'), "_value_buffer": io.BytesIO(), "multipart": None}
    listed = object.__new__(type(kept))
    listed.__dict__ = told | {"disposed": True}
    return listed


def _url(request: Request) -> str:
    query = {k: v for k, v in fields(request).items() if not k.lower().startswith("x-amz-")}
    return f"http://s3.{REGION}.amazonaws.com{request.path}?{urlencode(query)}".rstrip("?")


def _headers(request: Request) -> HTTPHeaders:
    headers = HTTPHeaders()
    headers["Authorization"] = _AS_THE_ACCOUNT
    for name, value in request.headers.items():
        if name not in _JUDGED:
            headers[name] = value
    for name in checksums(request):  # without it, moto keeps no checksum
        headers["x-amz-sdk-checksum-algorithm"] = name.upper()
    return headers


def _answer(status: int, headers: Mapping[str, str], body: bytes) -> Response:
    told = {name.lower(): str(value) for name, value in headers.items()}
    length = told.get("content-length")
    kept = tuple((k, str(v)) for k, v in headers.items() if k.lower() not in _UNWANTED)
    return Response(status, kept, body, promised=None if body or not length else int(length))
