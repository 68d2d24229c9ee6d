"""Putting objects into a bucket: each is locked as the rules say, and confirmed."""

import io
from collections.abc import Mapping
from typing import Any, BinaryIO

from archiver.errors import DestinationError
from archiver.store.base import ObjectMetadata, PutResult
from archiver.store.s3.bucket.bucket import Bucket
from archiver.store.s3.bucket.object_answers import version_in
from archiver.store.s3.locking.object_locks import ObjectLocks
from archiver.store.s3.trying.bucket_memory import BucketMemory
from archiver.store.s3.writing.upload import Content, Upload


class Writer:
    """Writes the objects of one archive. Safe for threads."""

    def __init__(self, bucket: Bucket, memory: BucketMemory, locks: ObjectLocks) -> None:
        self._bucket = bucket
        self._memory = memory
        self._locks = locks

    @property
    def keeps_versions(self) -> bool:
        """Whether the bucket was seen to keep versions."""
        return self._memory.capabilities.versioned

    def see_version(self, version: str) -> None:
        """Take in that an answer names a version."""
        self._memory.see_version(version)

    def put(self, key: str, body: BinaryIO, sha256: str, about: ObjectMetadata) -> PutResult:
        """Create an object, and return only when the bucket has been seen to hold these bytes."""
        upload = self.upload(key, body)
        if upload.content.sha256 != sha256:
            raise DestinationError(
                f"Stopped while writing {key}: the disk gave back other bytes than it took.",
                advice="Check this machine's disk and memory before writing anything more.",
            )
        creates_only = self._memory.capabilities.creates_only
        if not creates_only and (there := self._bucket.there(key)) is not None:
            return upload.adopt(there)
        answer = upload.send(about.labels, self.lock_of(key, about))
        if answer is None:
            return upload.adopt(self._bucket.there(key))
        version = version_in(answer)
        self._memory.see_version(version)
        if not creates_only or not upload.is_told(answer):
            upload.confirm(version)
        return upload.result(version, created=True)

    def put_over(self, key: str, data: bytes) -> None:
        """Put a version of a name on top of whatever lies there, unlocked; it is not to count."""
        upload = self.upload(key, io.BytesIO(data))
        if (answer := upload.send({}, {}, creates=False)) is None:
            raise upload.contradicted()
        upload.confirm(version_in(answer))

    def upload(self, key: str, body: BinaryIO) -> Upload:
        """Return the upload of a file, which has been read."""
        return Upload(self._bucket, self._memory, key, body, Content.of(body))

    def lock_of(self, key: str, about: ObjectMetadata) -> Mapping[str, Any]:
        """Return the lock that an object gets, once the bucket was seen to hold to one."""
        lock = self._locks.of_put(key, about)
        if lock:
            self._memory.prove_locks()
        return lock
