"""A bucket as the archive: the names, the promise and the manifests of a folder.

Where the bucket keeps versions, all of them are told, and what lies over the one that is archived
can be taken off it.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from archiver.config.s3_options import BucketPlace, Options
from archiver.domain.layout import checked
from archiver.domain.quantities import counted
from archiver.domain.retention import UNLOCKED, Retention
from archiver.store.base import (
    NO_METADATA,
    Capabilities,
    FreeSpace,
    Item,
    ObjectMetadata,
    ObjectStat,
    PutResult,
    TempFile,
)
from archiver.store.disk.folders import Folders
from archiver.store.disk.workdir import Workdir
from archiver.store.os_errors import map_os_errors as disk_refusals
from archiver.store.s3.bucket.bucket import Bucket
from archiver.store.s3.bucket.bucket_listing import BucketListing
from archiver.store.s3.bucket.object_answers import version_in
from archiver.store.s3.locking.bucket_locking import BucketLocking
from archiver.store.s3.locking.object_locks import ObjectLocks
from archiver.store.s3.trying.bucket_memory import BucketMemory
from archiver.store.s3.writing.bucket_clearing import BucketClearing
from archiver.store.s3.writing.claims import Claims
from archiver.store.s3.writing.writer import Writer

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class BucketStore:
    """The archive at ``place``. ``workdir`` is a folder of this machine, for locks and parts.

    ``memory`` is what this machine has seen the ``bucket`` do. The client may be used by many
    threads; so may this.
    """

    capabilities = Capabilities(is_remote=True, tells_hashes=True, locks=True)

    def __init__(
        self,
        client: "S3Client",
        place: BucketPlace,
        options: Options,
        workdir: Path,
        retention: Retention = UNLOCKED,
    ) -> None:
        self.bucket = Bucket(client, place, options)
        self.memory = BucketMemory(self.bucket, workdir)
        self._workdir = Workdir(Folders(workdir), (), str(place))
        self._listing = BucketListing(self.bucket)
        self._locks = ObjectLocks(retention, lambda: self.bucket.default)
        self._writer = Writer(self.bucket, self.memory, self._locks)
        self.clearing = BucketClearing(self.bucket, self._listing, self._writer)
        self.locking = BucketLocking(self.bucket, self._locks, self.memory.prove_locks)

    def part(self) -> TempFile:
        """Return a part file on this machine."""
        return self._workdir.part()

    def put(self, key: str, data: bytes, about: ObjectMetadata = NO_METADATA) -> PutResult:
        """Create ``key`` with ``data``."""
        sha256 = hashlib.sha256(data).hexdigest()
        return self._writer.put(checked(key), io.BytesIO(data), sha256, about)

    def put_part(
        self, key: str, part: TempFile, sha256: str, about: ObjectMetadata = NO_METADATA
    ) -> PutResult:
        """Create ``key`` from ``part``."""
        with disk_refusals("reading a temporary file"):
            part.file.flush()
            part.file.seek(0)
        return self._writer.put(checked(key), part.file, sha256, about)

    def claim(self, key: str, data: bytes) -> PutResult:
        """Create ``key``; where versions are kept, the oldest of the name decides."""
        claims = Claims(self.bucket, self._listing, self.memory, self._locks, self._writer)
        return claims.claim(checked(key), data)

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """Open ``key`` for reading, as it comes over the network."""
        return self.bucket.open(checked(key), version)

    def stat(self, key: str, version: str | None = None) -> ObjectStat:
        """Return what HEAD tells, with the server's SHA-256 if it keeps one."""
        told = self.bucket.head(checked(key), version)
        return ObjectStat(told["ContentLength"], self.memory.hash_in(told), version_in(told))

    def sync(self, key: str) -> None:
        """Do nothing: what a server has answered for, it has on its disks."""

    def items(self, prefix: str) -> Iterator[Item]:
        """Yield what a plain listing shows: the newest version of each, and nothing deleted."""
        return self._listing.items(prefix)

    def versions(self, prefix: str) -> Iterator[Item]:
        """Yield every version under a prefix; of an unversioned bucket, every object."""
        return self._listing.versions(prefix)

    def scan(self) -> Iterator[Item]:
        """Yield every version there is; of an unversioned bucket, every object."""
        return self._listing.versions("")

    def free(self) -> FreeSpace:
        """Return the room for part files; that of a bucket has no end."""
        return self._workdir.free()

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold this machine's lock; between machines the chain's numbers decide."""
        return self._workdir.exclusive()

    def shown(self) -> AbstractContextManager[str]:
        """Let a scratch object lie there for as long as a block runs."""
        return self.memory.shown()

    def shows(self, name: str) -> bool:
        """Whether that scratch object lies in this bucket."""
        return self.bucket.there(name) is not None

    def clock(self) -> datetime | None:
        """Return what the server's clock shows."""
        return self.bucket.clock()

    def notes(self) -> Iterator[str]:
        """Say what was stored unlocked, and who may write here."""
        if self._locks.too_old:
            objects = counted(self._locks.too_old, "object was", "objects were")
            period = self._locks.retention.period
            yield f"{objects} given no date: older than {period}, by the call."
        if not self.memory.capabilities.takes_many_writers:
            yield (
                "This bucket lets a name be written twice, so only one machine may write to this "
                "archive. See `archiver doctor`."
            )
