"""Archives in a real server's buckets, pulled into by processes of a machine of their own."""

from pathlib import Path
from typing import NamedTuple, Self

from archiver.domain.layout import PRIVATE
from archiver.sandbox import Sandbox
from archiver.store.base import Store
from tests.canaries import TOKEN
from tests.pulls import DAY_OPTIONS, Archive
from tests.s3.stores import bucket_store
from tests.s3servers.server import S3, Endpoint


class Version(NamedTuple):
    """A version of an object; that of a bucket without versions is called ``null``."""

    key: str
    id: str


class BucketArchive(Archive, kw_only=True):
    """An archive in a bucket; ``folder`` is the home of the machine that pulls into it."""

    endpoint: Endpoint
    bucket: str

    @classmethod
    def empty(
        cls,
        sandbox: Sandbox,
        home: Path,
        endpoint: Endpoint,
        *,
        locked: bool = False,
        options: tuple[str, ...] = DAY_OPTIONS,
    ) -> Self:
        """Return an archive in a new bucket, ``locked`` in one that can lock."""
        bucket = endpoint.bucket(locked=locked)
        return cls(sandbox, home, options=options, endpoint=endpoint, bucket=bucket)

    @property
    def address(self) -> str:
        """Its address in the settings."""
        return f"s3://{self.bucket}/portal"

    def environment(self) -> dict[str, str]:
        """Return the variables of a pull into the bucket, and nothing else of this machine's."""
        return {
            **super().environment(),
            **self.endpoint.account(),
            "HOME": str(self.folder),
            "ARCHIVER_ARCHIVE": self.address,
            "ARCHIVER_S3_ENDPOINT": self.endpoint.url,
            "ARCHIVER_S3_STYLE": "path",
            **self.environ,
        }

    def store(self) -> Store:
        """Return its store, as a machine sees it that has never been there."""
        return bucket_store(self.endpoint.client(), self.address, self.folder / "onlooker")

    def parts(self) -> list[Path]:
        """Return the part files that are left on the machine."""
        return [*self.folder.glob(".local/state/archiver/*/parts/*")]

    def versions(self) -> list[Version]:
        """Return every version in the bucket, but for those of what was only tried."""
        return versions(self.endpoint.client(), self.bucket)


def settings(endpoint: Endpoint, bucket: str, home: Path) -> dict[str, str]:
    """Return the settings of an archive in a bucket, and of nothing else on this machine."""
    return {
        **endpoint.account(),
        "HOME": str(home),
        "ARCHIVER_TOKEN": TOKEN,
        "ARCHIVER_RATE": "60000",
        "ARCHIVER_ARCHIVE": f"s3://{bucket}/portal",
        "ARCHIVER_S3_ENDPOINT": endpoint.url,
        "ARCHIVER_S3_STYLE": "path",
    }


def versions(client: S3, bucket: str) -> list[Version]:
    """Return every version in a bucket, but for those of what was only tried."""
    pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket)
    found = [
        Version(each["Key"], each["VersionId"])
        for page in pages
        for each in page.get("Versions", ())
    ]
    return [each for each in found if f"{PRIVATE}/" not in each.key]


def doubled(found: list[Version]) -> int:
    """Return how many versions lie beside another of the same key."""
    return len(found) - len({each.key for each in found})
