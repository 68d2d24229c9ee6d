"""Archives in the stand-in's buckets."""

from pathlib import Path
from typing import TYPE_CHECKING

from archiver.config.s3_options import Options, place
from archiver.domain.retention import UNLOCKED, Retention
from archiver.store.s3.bucket_store import BucketStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def bucket_store(
    client: "S3Client",
    address: str,
    workdir: Path,
    options: Options | None = None,
    retention: Retention = UNLOCKED,
) -> BucketStore:
    """Return the archive at ``address``, as one machine writes it whose workroom that is."""
    room = workdir / "workroom"
    return BucketStore(client, place(address), options or Options(), room, retention)
