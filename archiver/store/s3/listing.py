"""What a bucket lists of an archive: the objects, every version of them, and delete markers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from archiver.buckets import Place
from archiver.keys import PRIVATE, checked
from archiver.store.base import Item
from archiver.store.s3.answers import NOT_ALLOWED, UNKNOWN, code_of, refusals, version_in

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Listing:
    """Lists what lies at a place; ``asked`` goes with every request."""

    client: "S3Client"
    place: Place
    asked: Mapping[str, Any]

    def items(self, prefix: str) -> Iterator[Item]:
        """Yield what a plain listing shows: the newest version of each, and nothing deleted."""
        with refusals(f"listing {prefix or 'the archive'}"):
            for page in self._pages("list_objects_v2", prefix):
                for each in page.get("Contents", ()):
                    name = self._name(each)
                    if not name.startswith(f"{PRIVATE}/"):
                        yield Item(name, each["Size"])

    def everything(self) -> Iterator[Item]:
        """Yield every version there is; of an unversioned bucket, every object.

        A server that knows no versions, and so can't list them, has its objects listed.
        """
        with refusals("listing the archive's versions"):
            try:
                for page in self._pages("list_object_versions", ""):
                    for each in page.get("Versions", ()):
                        yield from self._ours(each, each["Size"])
                    for marker in page.get("DeleteMarkers", ()):
                        yield from self._ours(marker, 0, is_marker=True)
            except ClientError as error:
                if code_of(error) not in UNKNOWN:
                    raise
                yield from self.items("")

    def versions_of(self, key: str) -> frozenset[str]:
        """Return the versions of a key; its name may be the start of another's."""
        with refusals(f"reading {key}"):
            return frozenset(
                each["VersionId"]
                for page in self._pages("list_object_versions", key)
                for each in page.get("Versions", ())
                if self._name(each) == key
            )

    def is_hidden(self, key: str) -> bool:
        """Whether the newest version of a key is a delete marker; false where none may ask."""
        with refusals(f"reading {checked(key)}"):
            try:
                return any(
                    each["IsLatest"]
                    for page in self._pages("list_object_versions", key)
                    for each in page.get("DeleteMarkers", ())
                    if self._name(each) == key
                )
            except ClientError as error:
                if code_of(error) not in UNKNOWN | NOT_ALLOWED:
                    raise
                return False

    def _pages(self, operation: Any, prefix: str) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - the stubs have an overload for each name
        pages = self.client.get_paginator(operation)
        yield from pages.paginate(
            Bucket=self.place.bucket, Prefix=self.place.key(prefix), **self.asked
        )

    def _name(self, told: Mapping[str, Any]) -> str:
        return str(told["Key"]).removeprefix(self.place.prefix)

    def _ours(
        self, told: Mapping[str, Any], size: int, *, is_marker: bool = False
    ) -> Iterator[Item]:
        """Yield a version or a marker, unless it is none of the archive's."""
        name = self._name(told)
        if not name.startswith(f"{PRIVATE}/"):
            yield Item(name, size, version_in(told), told["IsLatest"], is_marker)
