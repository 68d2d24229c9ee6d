"""What a request brings: its body, taken out of its wrapping and held to every hash it came with.

"Checking object integrity" and "Signature calculations: transferring payload in multiple chunks
with trailing headers" of the Amazon S3 documentation. A hash that this module can't work out is
refused, never believed.
"""

import hashlib
import hmac
import zlib
from base64 import b64decode
from collections.abc import Callable

from msgspec.structs import replace

from archiver.sandbox.wire import Request
from tests.s3.refusals import Refused, refuse

CHECKSUM = "x-amz-checksum-"
UNSIGNED = "UNSIGNED-PAYLOAD"
_TRAILED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "sha256": lambda body: hashlib.sha256(body).digest(),
    "sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
}
_ALGORITHMS = frozenset({*_DIGESTS, "crc32c", "crc64nvme"})


def checksums(request: Request) -> dict[str, str]:
    """Return the checksums that a request came with, by algorithm."""
    values = {name: request.headers.get(CHECKSUM + name) for name in _ALGORITHMS}
    return {name: value for name, value in values.items() if value is not None}


def is_summed(request: Request) -> bool:
    """Whether any checksum came with the request."""
    return bool(checksums(request)) or "content-md5" in request.headers


def unwrapped(request: Request) -> Request:
    """Return the request with its plain body and what trailed it as headers; ``Refused`` if cut."""
    declared = request.headers.get("x-amz-content-sha256", UNSIGNED)
    if "transfer-encoding" in request.headers or (
        declared.startswith("STREAMING-") and declared != _TRAILED
    ):
        message = "A header you provided implies functionality that is not implemented"
        raise refuse(501, "NotImplemented", message)
    if declared != _TRAILED:
        return request
    body, trailers = _without_chunks(request.body)
    if request.headers.get("x-amz-decoded-content-length") != str(len(body)):
        raise _cut()
    if set(trailers) != {request.headers.get("x-amz-trailer", "")}:
        message = "The trailers do not match the x-amz-trailer header"
        raise refuse(400, "MalformedTrailerError", message)
    headers = {**request.headers, **trailers, "x-amz-content-sha256": UNSIGNED}
    return replace(request, headers=headers, body=body)


def check(request: Request) -> None:
    """Raise ``Refused`` unless the plain body is what every hash of the request says."""
    declared = request.headers.get("x-amz-content-sha256", UNSIGNED)
    if declared not in {UNSIGNED, hashlib.sha256(request.body).hexdigest()}:
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise refuse(400, "XAmzContentSHA256Mismatch", message)
    _check_md5(request)
    _check_checksums(request)


def _check_md5(request: Request) -> None:
    given = request.headers.get("content-md5")
    if given is None:
        return
    wanted = hashlib.md5(request.body, usedforsecurity=False).digest()
    value = _decoded(given, len(wanted))
    if value is None:
        raise refuse(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
    if not hmac.compare_digest(value, wanted):
        raise refuse(400, "BadDigest", "The Content-MD5 you specified did not match.")


def _check_checksums(request: Request) -> None:
    given = checksums(request)
    if len(given) > 1:
        message = "Expecting a single x-amz-checksum- header. Multiple types are not allowed."
        raise refuse(400, "InvalidRequest", message)
    announced = request.headers.get("x-amz-sdk-checksum-algorithm", "").lower()
    if announced and announced not in given:
        message = (
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or"
            " x-amz-trailer headers were found."
        )
        raise refuse(400, "InvalidRequest", message)
    for name, value in given.items():
        if name not in _DIGESTS:
            raise refuse(501, "NotImplemented", f"This stand-in can't work out {name}.")
        wanted = _DIGESTS[name](request.body)
        decoded = _decoded(value, len(wanted))
        if decoded is None:
            message = f"Value for {CHECKSUM}{name} header is invalid."
            raise refuse(400, "InvalidRequest", message)
        if not hmac.compare_digest(decoded, wanted):
            message = f"The {name.upper()} you specified did not match the calculated checksum."
            raise refuse(400, "BadDigest", message)


def _decoded(text: str, size: int) -> bytes | None:
    try:
        value = b64decode(text, validate=True)
    except ValueError:
        return None
    return value if len(value) == size else None


def _without_chunks(data: bytes) -> tuple[bytes, dict[str, str]]:
    """Return what aws-chunked data holds, and its trailers."""
    pieces = []
    at = 0
    while True:
        line, _, _ = data[at : at + 128].partition(b"\r\n")
        try:
            size = int(line, 16)
        except ValueError:
            raise _cut() from None
        at += len(line) + 2
        if size == 0:
            break
        if data[at + size : at + size + 2] != b"\r\n":
            raise _cut()
        pieces.append(data[at : at + size])
        at += size + 2
    lines = (line.partition(":") for line in data[at:].decode("latin-1").split("\r\n") if line)
    return b"".join(pieces), {name.lower(): value.strip() for name, _, value in lines}


def _cut() -> Refused:
    message = "You did not provide the number of bytes specified by the Content-Length HTTP header."
    return refuse(400, "IncompleteBody", message)
