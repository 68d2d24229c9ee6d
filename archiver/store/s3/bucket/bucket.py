"""One bucket as requests name it, and the few questions that everything here asks of it."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import urlencode

from botocore.response import StreamingBody

from archiver.config.s3_options import BucketPlace, Options
from archiver.domain.retention import Default
from archiver.errors import DestinationError, Missing
from archiver.store.base import CHUNK
from archiver.store.s3.bucket.bucket_facts import BucketFacts, LockFacts, facts, lock_facts
from archiver.store.s3.bucket.object_answers import of_s3, time_in
from archiver.store.s3.bucket.object_body import Body
from archiver.store.s3.connecting.s3_errors import map_s3_errors, missing

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Bucket:
    """The part of a bucket that is one archive's. Safe for threads, as its client is."""

    client: "S3Client"
    place: BucketPlace
    options: Options

    @cached_property
    def asked(self) -> Mapping[str, Any]:
        """What goes with every request: the owner that the bucket must have."""
        owner = self.options.owner
        return {"ExpectedBucketOwner": owner} if owner else {}

    @cached_property
    def where(self) -> Mapping[str, Any]:
        """What names the bucket itself."""
        return {"Bucket": self.place.bucket, **self.asked}

    @cached_property
    def locks(self) -> LockFacts:
        """What the bucket says of its locks; it is asked once."""
        with map_s3_errors(f"asking what {self.place} locks"):
            return lock_facts(self.client, self.where)

    @property
    def default(self) -> Default | None:
        """What the bucket locks unasked."""
        return self.locks.default

    def facts(self) -> BucketFacts:
        """Ask the bucket what it says of itself."""
        with map_s3_errors(f"asking what {self.place} is"):
            return facts(self.client, self.where)

    def clock(self) -> datetime | None:
        """Return what the server's clock shows, by the ``Date`` of an answer; it may send none."""
        with map_s3_errors(f"asking {self.place} for the time"):
            return time_in(
                self.client.list_objects_v2(**self.where, Prefix=self.place.prefix, MaxKeys=1)
            )

    @cached_property
    def wanted(self) -> Mapping[str, Any]:
        """What the settings ask of every object that is stored."""
        options = self.options
        encryption = options.encryption
        wanted = {
            "StorageClass": options.storage_class,
            "ServerSideEncryption": encryption and encryption.algorithm,
            "SSEKMSKeyId": encryption and encryption.key,
            "Tagging": urlencode(options.tags) or None,
        }
        return {name: value for name, value in wanted.items() if value is not None}

    def at(self, key: str, version: str | None = None) -> dict[str, Any]:
        """Return what names an object, or one version of it."""
        named = {"VersionId": version} if version else {}
        return {**self.where, "Key": self.place.key(key), **named}

    def name(self, key: str) -> str:
        """Return what the archive calls the object under that key of the bucket."""
        return key.removeprefix(self.place.prefix)

    def head(self, key: str, version: str | None = None) -> Mapping[str, Any]:
        """Return what HEAD tells, with a length; raises :class:`Missing`."""
        with missing(key, version):
            told = of_s3(self.client.head_object(**self.at(key, version), ChecksumMode="ENABLED"))
        if "ContentLength" not in told:
            raise DestinationError(
                f"Stopped while reading {key}: what answered does not say how long it is.",
                advice="A proxy on the way may take the length (Content-Length) out of an answer "
                "to HEAD: check it, then run again.",
            )
        return told

    def open(self, key: str, version: str | None = None) -> BinaryIO:
        """Open an object for reading, as it comes over the network; raises :class:`Missing`."""
        where = self.at(key, version)
        with missing(key, version):
            answer = of_s3(self.client.get_object(**where))

        def rest(start: int) -> StreamingBody | None:
            part = {"Range": f"bytes={start}-", "IfMatch": answer["ETag"]} if start else {}
            more = self.client.get_object(**{**where, **part})
            told = more.get("ContentRange", "bytes 0-")
            return more["Body"] if told.startswith(f"bytes {start}-") else None

        return cast("BinaryIO", io.BufferedReader(Body(key, answer["Body"], rest), CHUNK))

    def there(self, key: str) -> Mapping[str, Any] | None:
        """Return what HEAD tells of a name, ``None`` when a plain reader gets nothing."""
        try:
            return self.head(key)
        except Missing:
            return None
