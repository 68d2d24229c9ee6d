"""What a bucket lists of an archive: the objects, every version of them, and delete markers.

What lies under ``.archiver/`` is no part of the archive and left out.
"""

from collections.abc import Iterator

from botocore.exceptions import ClientError
from msgspec import Struct

from archiver.domain.layout import PRIVATE
from archiver.store.base import Item
from archiver.store.s3.bucket.bucket import Bucket
from archiver.store.s3.bucket.object_answers import NULL
from archiver.store.s3.bucket.pages import pages_of
from archiver.store.s3.bucket.versions import ObjectVersion, versions_of
from archiver.store.s3.connecting.s3_errors import UNKNOWN, code_of, map_s3_errors


class BucketListing(Struct, frozen=True):
    """Lists the archive's part of a bucket."""

    bucket: Bucket

    def items(self, prefix: str) -> Iterator[Item]:
        """Yield what a plain listing shows: the newest version of each, and nothing deleted."""
        start = self.bucket.place.key(prefix)
        pages = pages_of(self.bucket.client, "list_objects_v2", self.bucket.where, start)
        with map_s3_errors(f"listing {prefix or 'the archive'}"):
            for page in pages:
                for each in page.get("Contents", ()):
                    item = Item(self.bucket.name(each["Key"]), each["Size"])
                    if _is_ours(item):
                        yield item

    def versions(self, prefix: str) -> Iterator[Item]:
        """Yield every version under a prefix and every marker, of each name the oldest first.

        A server that knows no versions, and so can't list them, has its objects listed.
        """
        with map_s3_errors(f"listing the versions of {prefix or 'the archive'}"):
            try:
                yield from filter(_is_ours, self._versions(prefix))
            except ClientError as error:
                if code_of(error) not in UNKNOWN:
                    raise
                yield from self.items(prefix)

    def _versions(self, prefix: str) -> Iterator[Item]:
        bucket = self.bucket
        for each in versions_of(bucket.client, bucket.where, bucket.place.key(prefix)):
            yield Item(
                key=bucket.name(each.key),
                bytes=each.bytes,
                version=_name_of(each),
                is_current=each.is_current,
                is_marker=each.is_marker,
            )


def _is_ours(item: Item) -> bool:
    return not item.key.startswith(f"{PRIVATE}/")


def _name_of(version: ObjectVersion) -> str | None:
    """Return how to ask for a version: what was stored before there were any, by its name alone.

    Where something lies over that, it has to be asked for as ``null``.
    """
    is_plain = version.id == NULL and version.is_current and not version.is_marker
    return None if is_plain else version.id
