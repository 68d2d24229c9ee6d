"""Bodies whose SHA-256 is known are signed by it: botocore would work it out anew for each PUT.

What is sent is still held to it by the server, as every signed body is (Amazon S3 API reference,
``x-amz-content-sha256``): bytes that are others by then are refused.
"""

from typing import TYPE_CHECKING, Any, BinaryIO, cast

from botocore.auth import AUTH_TYPE_MAPS, S3SigV4Auth

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest
    from mypy_boto3_s3 import S3Client

_PLAIN = "s3v4"
_NAME = "s3v4-known-hashes"


class HashedBody:
    """A file to send, with the SHA-256 of all its bytes (hex)."""

    def __init__(self, file: BinaryIO, sha256: str) -> None:
        self.sha256 = sha256
        self.read = file.read
        self.seek = file.seek
        self.tell = file.tell


class _SignerByHash(S3SigV4Auth):
    def payload(self, request: "AWSRequest") -> str:
        body: object = request.data
        return body.sha256 if isinstance(body, HashedBody) else super().payload(request)


def sign_by_known_hashes(client: "S3Client") -> None:
    """Let a client sign each :class:`HashedBody` by the hash that it has."""
    AUTH_TYPE_MAPS[_NAME] = _SignerByHash
    client.meta.events.register_first("choose-signer.s3.PutObject", cast("Any", _choose))


def _choose(signature_version: str, **_: object) -> str | None:
    return _NAME if signature_version == _PLAIN else None
