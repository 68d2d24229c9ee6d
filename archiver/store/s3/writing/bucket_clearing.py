"""How names of a bucket are cleared: content is moved out of a name, or off what it covers."""

import hashlib
import io
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from archiver.domain.layout import aside_key, checked
from archiver.errors import DestinationError
from archiver.store.base import NO_METADATA, Item
from archiver.store.s3.bucket.bucket import Bucket
from archiver.store.s3.bucket.bucket_listing import BucketListing
from archiver.store.s3.bucket.deletion import delete, delete_if_allowed
from archiver.store.s3.bucket.object_answers import NULL, version_in
from archiver.store.s3.connecting.s3_errors import map_s3_errors
from archiver.store.s3.writing.writer import Writer


class BucketClearing(Struct, frozen=True):
    """Clears the names of one archive. Safe for threads."""

    bucket: Bucket
    listing: BucketListing
    writer: Writer

    def set_aside(self, key: str, new_key: str) -> None:
        """Write the content under ``new_key``, then delete that very version of ``key``.

        One that is locked stays, under a delete marker.
        """
        version = version_in(self.bucket.head(checked(key)))
        self._put(checked(new_key), self._content(key, version))
        with map_s3_errors(f"setting {key} aside"):
            if not self._delete(key, version):
                delete(self.bucket.client, self.bucket.at(key))

    def uncover(self, key: str, version: str | None, sha256: str) -> None:
        """Take off what lies over a version: markers go, other content is set aside first.

        What may not be deleted is covered itself, by the bytes of the version once more: those
        that hash to ``sha256``, or nothing is changed.
        """
        with map_s3_errors(f"bringing {key} back"):
            right = self._content(checked(key), version)
            if hashlib.sha256(right).hexdigest() != sha256:
                raise _other_bytes(key)
            while (over := self._over(key, version)) is not None:
                if not over.is_marker:
                    content = self._content(key, over.version)
                    if content == right:
                        return
                    self._put(aside_key(key, hashlib.sha256(content).hexdigest()), content)
                if not self._delete(key, over.version or NULL):
                    self.writer.put_over(key, right)
                    return

    def remove_versions(self, key: str) -> None:
        """Delete every version and every delete marker of a name, each by its own id.

        Where the bucket has come to keep versions unseen, a first pass leaves delete markers.
        """
        with map_s3_errors(f"removing {checked(key)}"):
            while self._leaves_marker(key):
                pass

    def _leaves_marker(self, key: str) -> bool:
        """Delete what is listed of a name; return whether that put a marker over some of it."""
        keeps_versions, has_left = self.writer.keeps_versions, False
        for each in [item for item in self.listing.versions(key) if item.key == key]:
            version = each.version or (NULL if keeps_versions else None)
            told = delete(self.bucket.client, self.bucket.at(key, version))
            if version is None and (left := version_in(told)):
                self.writer.see_version(left)
                has_left = True
        return has_left

    def _over(self, key: str, version: str | None) -> Item | None:
        """Return what a plain reader meets instead of a version, ``None`` if it is that."""
        every = [item for item in self.listing.versions(key) if item.key == key]
        return next((item for item in every if item.is_current and item.version != version), None)

    def _content(self, key: str, version: str | None) -> bytes:
        """Return the bytes of a version, as the bucket tells of them.

        Its word may be wrong where the bytes were changed: then two answers must agree.
        """
        told = self.bucket.head(key, version)
        first = self._read(key, version)
        if self._is_told(key, first, told):
            return first
        second = self._read(key, version)
        is_same = first == second and len(first) == told["ContentLength"]
        if not (is_same or self._is_told(key, second, told)):
            raise _other_bytes(key)
        return second

    def _is_told(self, key: str, data: bytes, told: Mapping[str, Any]) -> bool:
        return self.writer.upload(key, io.BytesIO(data)).is_held(told)

    def _read(self, key: str, version: str | None) -> bytes:
        with self.bucket.open(key, version) as file:
            return file.read()

    def _put(self, key: str, data: bytes) -> None:
        sha256 = hashlib.sha256(data).hexdigest()
        self.writer.put(checked(key), io.BytesIO(data), sha256, NO_METADATA)

    def _delete(self, key: str, version: str | None) -> bool:
        """Delete a version or a marker; return whether that is allowed."""
        what = self.bucket.at(key, version)
        if version is None:
            delete(self.bucket.client, what)
            return True
        return delete_if_allowed(self.bucket.client, what) is not None


def _other_bytes(key: str) -> DestinationError:
    return DestinationError(
        f"Stopped while reading {key}: the bucket gives other bytes than it tells of.",
        advice="Nothing of it was moved. Run it again later; archiver verify --read tells more.",
    )
