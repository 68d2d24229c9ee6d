"""One object on its way into a bucket: one PUT, and what confirms that the bucket holds it.

The SHA-256 that was worked out while downloading goes with the PUT, and the server refuses other
bytes. ``If-None-Match: *`` makes it create-only, so writers on several machines can't overwrite one
another (Amazon S3 API reference, PutObject). What the answer leaves open the bucket is asked: a PUT
may have been accepted though its answer was lost.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.parsers import ResponseParserError
from msgspec import Struct

from archiver.errors import DestinationError, Exists
from archiver.store.base import CHUNK, PutResult
from archiver.store.os_errors import map_os_errors as disk_refusals
from archiver.store.s3.bucket.bucket import Bucket
from archiver.store.s3.bucket.object_answers import base64_of, md5_in, version_in
from archiver.store.s3.connecting.known_hashes import HashedBody
from archiver.store.s3.connecting.s3_errors import (
    CONFLICT,
    DAMAGED,
    TAKEN,
    code_of,
    refusal,
    status_of,
)
from archiver.store.s3.trying.bucket_memory import BucketMemory

SERVER_ERROR = 500
_SENDS = 8
"""How often a PUT is sent that meets another of the same key, or arrives damaged."""
_TYPES = {
    "mp3": "audio/mpeg",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
    "flac": "audio/flac",
}
Answer = Mapping[str, Any]


class Content(Struct, frozen=True):
    """Size and digests (hex) of what is to be there."""

    size: int
    sha256: str
    md5: str

    @classmethod
    def of(cls, body: BinaryIO) -> "Content":
        """Read a file to its end; raises :class:`DestinationError` where it can't be read."""
        sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
        with disk_refusals("reading what is to be compared"):
            while chunk := body.read(CHUNK):
                sha256.update(chunk)
                md5.update(chunk)
                size += len(chunk)
        return cls(size, sha256.hexdigest(), md5.hexdigest())


class Upload(Struct, frozen=True):
    """The object ``key``, whose bytes are those of ``body``; ``memory`` tells what to believe."""

    bucket: Bucket
    memory: BucketMemory
    key: str
    body: BinaryIO
    content: Content

    def send(
        self, labels: Mapping[str, str], lock: Mapping[str, Any], *, creates: bool = True
    ) -> Answer | None:
        """Send the PUT; return ``None`` when the name is taken, maybe by this very PUT.

        It ``creates`` the name, or puts another version on top of what lies there.
        """
        request = self._request(labels, lock)
        if creates:
            request["IfNoneMatch"] = "*"
        sent = 0
        while True:
            sent += 1
            self.body.seek(0)
            try:
                return self.bucket.client.put_object(**request)
            except ClientError as error:
                if code_of(error) in TAKEN:
                    return None
                if status_of(error) >= SERVER_ERROR and self._is_there():
                    return None
                if sent == _SENDS or code_of(error) not in CONFLICT | DAMAGED:
                    raise _put_refusal(error, self.key) from error
            except HTTPClientError as error:
                # The answer was lost, again and again: whether the PUT was, the bucket can tell.
                if self._is_there():
                    return None
                raise refusal(error, f"writing {self.key}") from error
            except (BotoCoreError, ResponseParserError) as error:
                raise refusal(error, f"writing {self.key}") from error

    def adopt(self, there: Answer | None) -> PutResult:
        """Accept what HEAD tells of the name, if it is the same content.

        Raises :class:`Exists` for other content, and :class:`DestinationError` where nothing is
        there.
        """
        if there is None:
            raise self.contradicted()
        if not self.is_held(there):
            raise self.exists()
        return self.result(version_in(there), created=False)

    def confirm(self, version: str | None) -> None:
        """See that the bucket holds these bytes, where the PUT's answer did not say so."""
        if not self.is_held(self.bucket.head(self.key, version)):
            raise DestinationError(
                f"Stopped while writing {self.key}: the bucket holds other bytes than were sent.",
                advice="Someone else may write to this place, or the server is faulty.",
            )

    def is_told(self, answer: Answer) -> bool:
        """Whether an answer says that these bytes came: by a SHA-256 to be believed, or an MD5."""
        kept = self.memory.hash_in(answer)
        return md5_in(answer) == self.content.md5 if kept is None else kept == self.content.sha256

    def is_held(self, there: Answer) -> bool:
        """Whether an object is what was sent, asked as cheaply as the server allows."""
        if there["ContentLength"] != self.content.size:
            return False
        if self.is_told(there):
            return True
        if self.memory.hash_in(there) is not None:
            return False
        with self.bucket.open(self.key, version_in(there)) as file:
            return Content.of(file).sha256 == self.content.sha256

    def result(self, version: str | None, *, created: bool) -> PutResult:
        """Return what the upload came to."""
        return PutResult(self.key, self.content.size, self.content.sha256, created, version)

    def exists(self) -> Exists:
        """Return the error to raise where the name has other content."""
        return Exists(
            f"{self.key} is there already, with other content.",
            advice="Run `archiver verify`: it was put there by someone else.",
        )

    def contradicted(self) -> DestinationError:
        """Return the error to raise where the server contradicts itself."""
        return DestinationError(
            f"Stopped while writing {self.key}: the server says it is there and that it isn't.",
            advice="Run it again later.",
        )

    def _request(self, labels: Mapping[str, str], lock: Mapping[str, Any]) -> dict[str, Any]:
        """Return a PUT."""
        return {
            **self.bucket.at(self.key),
            "Body": HashedBody(self.body, self.content.sha256),
            "ContentLength": self.content.size,
            "ContentType": _TYPES.get(self.key.rpartition(".")[2], "application/octet-stream"),
            "Metadata": dict(labels),
            "ChecksumAlgorithm": "SHA256",
            "ChecksumSHA256": base64_of(self.content.sha256),
            **self.bucket.wanted,
            **lock,
        }

    def _is_there(self) -> bool:
        return self.bucket.there(self.key) is not None


def _put_refusal(error: ClientError, key: str) -> DestinationError:
    if code_of(error) in DAMAGED:
        return DestinationError(
            f"Stopped while writing {key}: it arrived with other bytes than were sent.",
            advice="Check the network and this machine's memory, then run again.",
        )
    return refusal(error, f"writing {key}")
