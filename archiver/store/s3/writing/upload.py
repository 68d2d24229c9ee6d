"""Putting objects into a bucket: each by one PUT, and confirmed before it counts.

The SHA-256 that was worked out while downloading goes with the PUT, and the server refuses other
bytes. ``If-None-Match: *`` makes it create-only, so writers on several machines can't overwrite one
another (Amazon S3 API reference, PutObject). What the answer leaves open the bucket is asked: a PUT
may have been accepted though its answer was lost.

Several that want one name at the same moment may all be let through where a bucket keeps versions.
There the oldest version of the name is the one that counts, to whoever reads or writes; who finds
that its own is not the oldest takes it back. (:meth:`Writing.claim`)
"""

import hashlib
import io
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from archiver.errors import DestinationError, Exists, Missing
from archiver.manifest.counting import named
from archiver.store.base import CHUNK, NO_METADATA, Item, ObjectMetadata, PutResult
from archiver.store.os_errors import map_os_errors as disk_refusals
from archiver.store.s3.bucket.bucket import Bucket
from archiver.store.s3.bucket.bucket_listing import BucketListing
from archiver.store.s3.connecting.s3_errors import (
    CONFLICT,
    DAMAGED,
    NOT_ALLOWED,
    TAKEN,
    base64_of,
    code_of,
    map_s3_errors,
    md5_in,
    refusal,
    sha256_in,
    status_of,
    version_in,
)
from archiver.store.s3.locking.object_locks import Locks
from archiver.store.s3.trying.bucket_memory import BucketMemory

SERVER_ERROR = 500
_SENDS = 8
"""How often a PUT is sent that meets another of the same key, or arrives damaged."""
_LOOKS = 4
"""How often the versions of a name are listed until they have the one that was just put."""
_TYPES = {
    "mp3": "audio/mpeg",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
    "flac": "audio/flac",
}


@dataclass(frozen=True, slots=True)
class _Sent:
    """Size and digests (hex) of what is to be there."""

    size: int
    sha256: str
    md5: str


class Writing:
    """Writes the objects of one archive. Safe for threads."""

    def __init__(
        self, bucket: Bucket, listing: BucketListing, known: BucketMemory, locks: Locks
    ) -> None:
        self._bucket = bucket
        self._listing = listing
        self._known = known
        self._locks = locks

    def put(self, key: str, body: BinaryIO, sha256: str, about: ObjectMetadata) -> PutResult:
        """Create an object, and return only when the bucket has been seen to hold these bytes."""
        sent = _hashes(body)
        if sent.sha256 != sha256:
            raise DestinationError(
                f"Stopped while writing {key}: the disk gave back other bytes than it took.",
                advice="Check this machine's disk and memory before writing anything more.",
            )
        creates_only = self._known.habits.creates_only
        if not creates_only and (there := self._bucket.there(key)) is not None:
            return self._adopted(key, sent, there)
        answer = self._send(key, self._request(key, sent, about, self._lock_of(key, about)), body)
        if answer is None:
            return self._adopted(key, sent, self._taken_by(key))
        version = version_in(answer)
        if not creates_only or not self._tells(answer, sent):
            self._confirm(key, sent, version)
        return PutResult(key, sent.size, sha256, created=True, version=version)

    def claim(self, key: str, data: bytes) -> PutResult:
        """Create a name that others may want at this moment; raises :class:`Exists`.

        Exactly one of them gets it, where the bucket keeps writers apart or keeps versions. What
        may have to be taken back is locked afterwards, unless the bucket locks it anyway.
        """
        body, sha256 = io.BytesIO(data), hashlib.sha256(data).hexdigest()
        if not self._known.habits.versioned:
            return self.put(key, body, sha256, NO_METADATA)
        sent = _hashes(body)
        lock = self._lock_of(key, NO_METADATA)
        may_be_taken_back = not self._known.habits.keeps_apart and not (
            lock and self._bucket.default
        )
        at_once = {} if may_be_taken_back else lock
        is_taken = not self._known.habits.creates_only and self._bucket.there(key) is not None
        request = self._request(key, sent, NO_METADATA, at_once)
        answer = None if is_taken else self._send(key, request, body)
        version = None if answer is None else version_in(answer)
        first = self._first(key, sent, version)
        if answer is None or not self._tells(answer, sent):
            self._confirm(key, sent, first)
        if lock and not at_once:
            with map_s3_errors(f"locking {key}"):
                self._locks.put_later(self._bucket.client, self._bucket.at(key, first), None)
        return PutResult(key, sent.size, sha256, created=version == first, version=first)

    def put_over(self, key: str, data: bytes) -> None:
        """Put a version of a name on top of whatever lies there, unlocked; it is not to count."""
        body = io.BytesIO(data)
        sent = _hashes(body)
        request = self._request(key, sent, NO_METADATA, {})
        del request["IfNoneMatch"]
        if (answer := self._send(key, request, body)) is None:
            raise _contradicted(key)
        self._confirm(key, sent, version_in(answer))

    def hash_in(self, answer: Mapping[str, Any]) -> str | None:
        """Return the SHA-256 that an answer tells, if the server was seen to refuse a wrong one."""
        return sha256_in(answer) if self._known.checks_hashes else None

    def _first(self, key: str, sent: _Sent, version: str | None) -> str | None:
        """Return the oldest version of a name if it is what was sent; else take that back.

        ``version`` is what was put, ``None`` where the answer was lost, or said that the name is
        taken: maybe by this very PUT.
        """
        found = self._versions_with(key, version)
        is_certain = self._known.habits.in_order or len(found) == 1
        own = [each for each in found if self._is_own(key, sent, each, version)]
        if is_certain and found[0] in own:
            return found[0].version
        for each in own:
            self._take_back(key, each)
        raise _exists(key) if is_certain else _written_twice(key)

    def _is_own(self, key: str, sent: _Sent, item: Item, version: str | None) -> bool:
        """Whether a version is what was put, or has its bytes: it may have been sent twice."""
        if version is not None and item.version == version:
            return True
        if item.bytes != sent.size:
            return False
        with suppress(Missing):  # its writer has taken it back since
            return self._is(key, sent, self._bucket.head(key, item.version))
        return False

    def _versions_with(self, key: str, version: str | None) -> list[Item]:
        """Return the versions of a name, the oldest first, when they are told with that one."""
        for _ in range(_LOOKS):
            found = named(self._listing.versions(key), key)
            if found and (version is None or version in {each.version for each in found}):
                return found
        raise _contradicted(key)

    def _take_back(self, key: str, own: Item) -> None:
        """Delete a version that came second, so that a plain reader gets the one that counts."""
        try:
            self._bucket.client.delete_object(**self._bucket.at(key, own.version))
        except ClientError as error:
            if code_of(error) not in NOT_ALLOWED:
                raise refusal(error, f"taking back version {own.version} of {key}") from error
            raise DestinationError(
                f"Stopped: another machine wrote {key} at the same time and was first, and version "
                f"{own.version} of it, which this one wrote, may not be taken back.",
                advice="Have that version deleted, and run again. See `archiver doctor`, creates.",
            ) from error
        except BotoCoreError as error:
            raise refusal(error, f"taking back version {own.version} of {key}") from error

    def _lock_of(self, key: str, about: ObjectMetadata) -> Mapping[str, Any]:
        """Return the lock that an object gets, once the bucket was seen to hold to one."""
        lock = self._locks.of_put(key, about)
        if lock:
            self._known.prove_locks()
        return lock

    def _request(
        self, key: str, sent: _Sent, about: ObjectMetadata, lock: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return a create-only PUT, without its body."""
        return {
            **self._bucket.at(key),
            "ContentLength": sent.size,
            "ContentType": _TYPES.get(key.rpartition(".")[2], "application/octet-stream"),
            "Metadata": dict(about.labels),
            "ChecksumAlgorithm": "SHA256",
            "ChecksumSHA256": base64_of(sent.sha256),
            "IfNoneMatch": "*",
            **self._bucket.wanted,
            **lock,
        }

    def _send(self, key: str, request: dict[str, Any], body: BinaryIO) -> Mapping[str, Any] | None:
        """Send a PUT; ``None`` when the name is taken, maybe by this very PUT."""
        sent = 0
        while True:
            sent += 1
            body.seek(0)
            try:
                return self._bucket.client.put_object(**request, Body=body)
            except ClientError as error:
                if code_of(error) in TAKEN:
                    return None
                if status_of(error) >= SERVER_ERROR and self._bucket.there(key) is not None:
                    return None
                if sent == _SENDS or code_of(error) not in CONFLICT | DAMAGED:
                    raise _put_refusal(error, key) from error
            except HTTPClientError as error:
                # The answer was lost, again and again: whether the PUT was, the bucket can tell.
                if self._bucket.there(key) is not None:
                    return None
                raise refusal(error, f"writing {key}") from error
            except BotoCoreError as error:
                raise refusal(error, f"writing {key}") from error

    def _taken_by(self, key: str) -> Mapping[str, Any]:
        """Return what HEAD tells of a name that is said to be taken."""
        there = self._bucket.there(key)
        if there is None:
            raise _contradicted(key)
        return there

    def _adopted(self, key: str, sent: _Sent, there: Mapping[str, Any]) -> PutResult:
        """Accept what has the name, if it is the same content; raises :class:`Exists` otherwise."""
        if not self._is(key, sent, there):
            raise _exists(key)
        return PutResult(key, sent.size, sent.sha256, created=False, version=version_in(there))

    def _confirm(self, key: str, sent: _Sent, version: str | None) -> None:
        """See that the bucket holds these bytes, where the PUT's answer did not say so."""
        if not self._is(key, sent, self._bucket.head(key, version)):
            raise DestinationError(
                f"Stopped while writing {key}: the bucket holds other bytes than were sent.",
                advice="Someone else may write to this place, or the server is faulty.",
            )

    def _tells(self, answer: Mapping[str, Any], sent: _Sent) -> bool:
        """Whether an answer says that these bytes came: by a SHA-256 to be believed, or an MD5."""
        kept = self.hash_in(answer)
        return md5_in(answer) == sent.md5 if kept is None else kept == sent.sha256

    def _is(self, key: str, sent: _Sent, there: Mapping[str, Any]) -> bool:
        """Whether an object is what was sent, asked as cheaply as the server allows."""
        if there["ContentLength"] != sent.size:
            return False
        if self._tells(there, sent):
            return True
        if self.hash_in(there) is not None:
            return False
        with self._bucket.open(key, version_in(there)) as file:
            return _hashes(file).sha256 == sent.sha256


def _hashes(body: BinaryIO) -> _Sent:
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with disk_refusals("reading what is to be compared"):
        while chunk := body.read(CHUNK):
            sha256.update(chunk)
            md5.update(chunk)
            size += len(chunk)
    return _Sent(size, sha256.hexdigest(), md5.hexdigest())


def _put_refusal(error: ClientError, key: str) -> DestinationError:
    if code_of(error) in DAMAGED:
        return DestinationError(
            f"Stopped while writing {key}: it arrived with other bytes than were sent.",
            advice="Check the network and this machine's memory, then run again.",
        )
    return refusal(error, f"writing {key}")


def _exists(key: str) -> Exists:
    return Exists(
        f"{key} is there already, with other content.",
        advice="Run `archiver verify`: it was put there by someone else.",
    )


def _contradicted(key: str) -> DestinationError:
    return DestinationError(
        f"Stopped while writing {key}: the server says it is there and that it isn't.",
        advice="Run it again later.",
    )


def _written_twice(key: str) -> DestinationError:
    return DestinationError(
        f"Stopped: {key} was written by another machine at the same time, and this bucket "
        "keeps the two apart for nobody.",
        advice="Let one machine alone write to this archive, and run archiver verify.",
    )
