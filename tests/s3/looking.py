"""Looking into a bucket behind the archiver's back, and listening to what the guard is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest import mock

from archiver.domain.layout import PRIVATE
from archiver.sandbox.wire import Request
from archiver.store.base import Item
from archiver.store.s3.bucket.bucket_listing import BucketListing
from tests.s3.guard import Guard

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def versions_of(s3: "S3Client", bucket: str) -> list[tuple[str, str]]:
    """Return key and version of all that a bucket keeps, but for what its tries left there."""
    told = s3.list_object_versions(Bucket=bucket)
    found = [(each["Key"], each["VersionId"]) for each in told.get("Versions", ())]
    return [each for each in found if f"{PRIVATE}/" not in each[0]]


def doubled(s3: "S3Client", bucket: str) -> int:
    """Return how many versions lie beside another of the same key."""
    keys = [key for key, _ in versions_of(s3, bucket)]
    return len(keys) - len(set(keys))


def named(s3: "S3Client", bucket: str, part: str) -> str:
    """Return the first key with ``part`` in it."""
    return next(key for key, _ in versions_of(s3, bucket) if part in key)


def put_over(s3: "S3Client", bucket: str, key: str, body: bytes) -> None:
    """Write what a key has not got yet: no archiver does it so."""
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() != body
    s3.put_object(Bucket=bucket, Key=key, Body=body)
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == body


@contextmanager
def listening(guard: Guard) -> Iterator[list[Request]]:
    """Yield every request that the guard hears in the block."""
    heard: list[Request] = []
    hear = guard.tally.hear

    def note(operation: str, request: Request) -> None:
        heard.append(request)
        hear(operation, request)

    with mock.patch.object(guard.tally, "hear", note):
        yield heard


@contextmanager
def unlisted(*parts: str) -> Iterator[None]:
    """Let listings of versions lack, in the block, each name that has all these parts."""
    listed = BucketListing.versions

    def versions(listing: BucketListing, prefix: str) -> Iterator[Item]:
        return (each for each in listed(listing, prefix) if any(x not in each.key for x in parts))

    with mock.patch.object(BucketListing, "versions", versions):
        yield
