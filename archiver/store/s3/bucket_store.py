"""A bucket as the archive: the names, the promise and the manifests of a folder.

How objects get there is in :mod:`archiver.store.s3.writing`. Where the bucket keeps versions, all
of them are told, and what lies over the one that is archived can be taken off it.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from botocore.exceptions import ClientError

from archiver.config.s3_options import BucketPlace, Options
from archiver.domain.layout import aside_key, checked
from archiver.domain.quantities import counted
from archiver.domain.retention import UNLOCKED, Default, LockMode, Retention
from archiver.store.base import (
    NO_METADATA,
    Capabilities,
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
from archiver.store.s3.bucket.bucket_facts import BucketFacts, facts
from archiver.store.s3.bucket.bucket_listing import BucketListing
from archiver.store.s3.connecting.s3_errors import (
    NO_VERSION,
    NOT_ALLOWED,
    NULL,
    code_of,
    map_s3_errors,
    missing,
    version_in,
)
from archiver.store.s3.locking.object_locks import Locks
from archiver.store.s3.trying.bucket_capabilities import BucketCapabilities
from archiver.store.s3.trying.bucket_memory import BucketMemory
from archiver.store.s3.writing.upload import Writing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class BucketStore:
    """The archive at ``place``. ``workdir`` is a folder of this machine, for locks and parts.

    The client may be used by many threads; so may this.
    """

    def __init__(
        self,
        client: "S3Client",
        place: BucketPlace,
        options: Options,
        workdir: Path,
        retention: Retention = UNLOCKED,
    ) -> None:
        self._bucket = Bucket(client, place, options)
        self._workroom = Workdir(Folders(workdir), (), str(place))
        self._listing = BucketListing(self._bucket)
        self._locks = Locks(retention, lambda: self._bucket.default)
        self._known = BucketMemory(self._bucket, workdir)
        self._writing = Writing(self._bucket, self._listing, self._known, self._locks)

    @property
    def capabilities(self) -> Capabilities:
        """What buckets are like."""
        return Capabilities(is_remote=True, tells_hashes=True, locks=True)

    @property
    def has_one_writer(self) -> bool:
        """Return false: machines know nothing of one another."""
        return False

    def part(self) -> TempFile:
        """Return a part file on this machine."""
        return self._workroom.part()

    def put(self, key: str, data: bytes, about: ObjectMetadata = NO_METADATA) -> PutResult:
        """Create ``key`` with ``data``."""
        sha256 = hashlib.sha256(data).hexdigest()
        return self._writing.put(checked(key), io.BytesIO(data), sha256, about)

    def put_part(
        self, key: str, part: TempFile, sha256: str, about: ObjectMetadata = NO_METADATA
    ) -> PutResult:
        """Create ``key`` from ``part``."""
        with disk_refusals("reading a temporary file"):
            part.file.flush()
            part.file.seek(0)
        return self._writing.put(checked(key), part.file, sha256, about)

    def claim(self, key: str, data: bytes) -> PutResult:
        """Create ``key``; where versions are kept, the oldest of the name decides."""
        return self._writing.claim(checked(key), data)

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """Open ``key`` for reading, as it comes over the network."""
        return self._bucket.open(checked(key), version)

    def kept(self, key: str, version: str | None = None) -> ObjectStat:
        """Return what HEAD tells, with the server's SHA-256 if it keeps one."""
        told = self._bucket.head(checked(key), version)
        return ObjectStat(told["ContentLength"], self._writing.hash_in(told), version_in(told))

    def secure(self, key: str) -> None:
        """Do nothing: what a server has answered for, it has on its disks."""

    def hold(self, key: str, version: str | None) -> None:
        """Lock a version that has no lock, if the settings lock what is stored."""
        if not self._locks.retention.locks:
            return
        self.prove_locks()
        with missing(checked(key)):
            self._locks.put_first(self._bucket.client, self._bucket.at(key, version))

    def items(self, prefix: str) -> Iterator[Item]:
        """Yield what a plain listing shows: the newest version of each, and nothing deleted."""
        return self._listing.items(prefix)

    def everything(self) -> Iterator[Item]:
        """Yield every version there is; of an unversioned bucket, every object."""
        return self._listing.versions("")

    def versions(self, prefix: str) -> Iterator[Item]:
        """Yield every version under a prefix; of an unversioned bucket, every object."""
        return self._listing.versions(prefix)

    def free_bytes(self) -> int | None:
        """Return the room for part files; that of a bucket has no end."""
        return self._workroom.free_bytes()

    def free_files(self) -> int | None:
        """Return how many part files there is room for."""
        return self._workroom.free_files()

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold this machine's lock; between machines the chain's numbers decide."""
        return self._workroom.exclusive()

    def set_aside(self, key: str, new_key: str) -> None:
        """Write the content under ``new_key``, then delete that very version of ``key``.

        One that is locked stays, under a delete marker.
        """
        version = self.kept(key).version
        self.put(checked(new_key), self._content(key, version))
        with map_s3_errors(f"setting {key} aside"):
            if not self._delete(key, version):
                self._bucket.client.delete_object(**self._bucket.at(key))

    def uncover(self, key: str, version: str | None) -> None:
        """Take off what lies over a version: markers go, other content is set aside first.

        What may not be deleted is covered itself, by the bytes of the version once more.
        """
        with map_s3_errors(f"bringing {key} back"):
            right = self._content(checked(key), version)
            while (over := self._over(key, version)) is not None:
                if not over.is_marker:
                    content = self._content(key, over.version)
                    if content == right:
                        return
                    self.put(aside_key(key, hashlib.sha256(content).hexdigest()), content)
                if not self._delete(key, over.version or NULL):
                    self._writing.put_over(key, right)
                    return

    def _over(self, key: str, version: str | None) -> Item | None:
        """Return what a plain reader meets instead of a version, ``None`` if it is that."""
        every = [item for item in self._listing.versions(key) if item.key == key]
        return next((item for item in every if item.is_current and item.version != version), None)

    def _content(self, key: str, version: str | None) -> bytes:
        with self.open(key, version) as file, disk_refusals(f"reading {key}"):
            return file.read()

    def _delete(self, key: str, version: str | None) -> bool:
        """Delete a version or a marker; return whether that is allowed."""
        try:
            self._bucket.client.delete_object(**self._bucket.at(key, version))
        except ClientError as error:
            if version is None or code_of(error) not in NOT_ALLOWED:
                raise
            return False
        return True

    @property
    def habits(self) -> BucketCapabilities:
        """What the bucket does, tried once and then remembered in the workroom."""
        return self._known.habits

    def try_again(self) -> BucketCapabilities:
        """Try what the bucket does, whatever is remembered of it: it may have been set up anew."""
        return self._known.try_again()

    @property
    def default(self) -> Default | None:
        """What the bucket locks unasked."""
        return self._bucket.default

    @property
    def lock_mode(self) -> LockMode | None:
        """The mode in which recordings are locked: the bucket's, where that is the stricter."""
        return self._locks.mode

    def facts(self) -> BucketFacts:
        """Ask the bucket what it says of itself."""
        with map_s3_errors(f"asking what {self._bucket.place} is"):
            return facts(self._bucket.client, self._bucket.where)

    def notes(self) -> Iterator[str]:
        """Say what was stored unlocked, and who may write here."""
        if self._locks.too_old:
            objects = counted(self._locks.too_old, "object was", "objects were")
            period = self._locks.retention.period
            yield f"{objects} given no date: older than {period}, by the call."
        if not self.habits.takes_many_writers:
            yield (
                "This bucket lets a name be written twice, so only one machine may write to this "
                "archive. See `archiver doctor`."
            )

    def lock(self, key: str, version: str | None, since: datetime | None) -> bool:
        """Lock what is there since that moment (UTC); return whether it has a lock now."""
        self.prove_locks()
        where = self._bucket.at(key, version)
        with missing(key):
            try:
                return self._locks.put_later(self._bucket.client, where, since)
            except ClientError as error:
                if version is not None and code_of(error) in NO_VERSION:
                    self._bucket.head(key, version)
                raise

    def clear(self) -> None:
        """Remove what earlier trials had to leave locked, where that has ended."""
        self._known.clear()

    def prove_locks(self) -> None:
        """See once that the bucket locks what it is told to; raises :class:`UsageError`."""
        self._known.prove_locks()
