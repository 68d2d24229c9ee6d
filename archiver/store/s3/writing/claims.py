"""Names that several want at the same moment: one of them gets it.

They may all be let through where a bucket keeps versions. There the oldest version of the name is
the one that counts, to whoever reads or writes; who finds that its own is not the oldest takes it
back.
"""

import io
from contextlib import suppress

from botocore.exceptions import ClientError
from msgspec import Struct

from archiver.errors import DestinationError, Missing
from archiver.manifest.counting import named
from archiver.store.base import NO_METADATA, Item, PutResult
from archiver.store.s3.bucket.bucket import Bucket
from archiver.store.s3.bucket.bucket_listing import BucketListing
from archiver.store.s3.bucket.deletion import delete
from archiver.store.s3.bucket.object_answers import version_in
from archiver.store.s3.connecting.s3_errors import NOT_ALLOWED, code_of, map_s3_errors
from archiver.store.s3.locking.object_locks import ObjectLocks
from archiver.store.s3.trying.bucket_memory import BucketMemory
from archiver.store.s3.writing.upload import Upload
from archiver.store.s3.writing.writer import Writer

_LOOKS = 4
"""How often the versions of a name are listed until they have the one that was just put."""


class Claims(Struct, frozen=True):
    """Claims names of one archive. Safe for threads."""

    bucket: Bucket
    listing: BucketListing
    memory: BucketMemory
    locks: ObjectLocks
    writer: Writer

    def claim(self, key: str, data: bytes) -> PutResult:
        """Create a name that others may want at this moment; raises :class:`Exists`.

        Exactly one of them gets it, where the bucket keeps writers apart or keeps versions, also
        where it has come to keep them since this machine tried it. What may have to be taken back
        is locked afterwards, unless the bucket locks it anyway.
        """
        does, upload = self.memory.capabilities, self.writer.upload(key, io.BytesIO(data))
        if not does.versioned:
            sha256 = upload.content.sha256
            put = self.writer.put(key, io.BytesIO(data), sha256, NO_METADATA)
            if put.version is None:
                return put
            self.memory.see_version(put.version)
            first = self._first(upload, put.version if put.created else None)
            return upload.result(first, created=put.version == first)
        lock = self.writer.lock_of(key, NO_METADATA)
        may_be_taken_back = not does.keeps_apart and not (lock and self.bucket.default)
        at_once = {} if may_be_taken_back else lock
        is_taken = not does.creates_only and self.bucket.there(key) is not None
        answer = None if is_taken else upload.send({}, at_once)
        version = None if answer is None else version_in(answer)
        first = self._first(upload, version)
        if answer is None or not upload.is_told(answer):
            upload.confirm(first)
        if lock and not at_once:
            with map_s3_errors(f"locking {key}"):
                self.locks.put_later(self.bucket.client, self.bucket.at(key, first), None)
        return upload.result(first, created=version == first)

    def _first(self, upload: Upload, version: str | None) -> str | None:
        """Return the oldest version of a name if it is what was sent; else take that back.

        ``version`` is what was put, ``None`` where the answer was lost, or said that the name is
        taken: maybe by this very PUT.
        """
        found = self._versions_with(upload, version)
        is_certain = self.memory.capabilities.in_order or len(found) == 1
        own = [each for each in found if self._is_own(upload, each, version)]
        if is_certain and found[0] in own:
            return found[0].version
        for each in own:
            self._take_back(each)
        raise upload.exists() if is_certain else _written_twice(upload.key)

    def _is_own(self, upload: Upload, item: Item, version: str | None) -> bool:
        """Whether a version is what was put, or has its bytes: it may have been sent twice."""
        if version is not None and item.version == version:
            return True
        if item.bytes != upload.content.size:
            return False
        with suppress(Missing):  # its writer has taken it back since
            return upload.is_held(self.bucket.head(upload.key, item.version))
        return False

    def _versions_with(self, upload: Upload, version: str | None) -> list[Item]:
        """Return the versions of a name, the oldest first, when they are told with that one."""
        for _ in range(_LOOKS):
            found = named(self.listing.versions(upload.key), upload.key)
            if found and (version is None or version in {each.version for each in found}):
                return found
        raise upload.contradicted()

    def _take_back(self, own: Item) -> None:
        """Delete a version that came second, so that a plain reader gets the one that counts."""
        key, version = own.key, own.version
        with map_s3_errors(f"taking back version {version} of {key}"):
            try:
                delete(self.bucket.client, self.bucket.at(key, version))
            except ClientError as error:
                if code_of(error) not in NOT_ALLOWED:
                    raise
                raise DestinationError(
                    f"Stopped: another machine wrote {key} at the same time and was first, and "
                    f"version {version} of it, which this one wrote, may not be taken back.",
                    advice="Have that version deleted, and run again. See `archiver doctor`, "
                    "creates.",
                ) from error


def _written_twice(key: str) -> DestinationError:
    return DestinationError(
        f"Stopped: {key} was written by another machine at the same time, and this bucket "
        "keeps the two apart for nobody.",
        advice="Let one machine alone write to this archive, and run archiver verify.",
    )
