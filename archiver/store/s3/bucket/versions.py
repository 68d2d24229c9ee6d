"""All that a bucket keeps under its names, of each name the oldest version first.

A server lists the versions of a name in the order in which they were stored, the newest first
(Amazon S3 User Guide, listing objects in a versioning-enabled bucket). That order is the server's
own, so it is the same to everybody; times are not: they are given in seconds, or by the clock of
whichever gateway took the request.
"""

from collections.abc import Iterator, Mapping
from heapq import merge
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from archiver.store.s3.bucket.object_answers import NULL
from archiver.store.s3.bucket.pages import pages_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class ObjectVersion(Struct, frozen=True):
    """A version of an object, or a delete marker, under the bucket's own key."""

    key: str
    id: str
    bytes: int
    is_current: bool
    is_marker: bool


def versions_of(
    client: "S3Client", where: Mapping[str, Any], prefix: str
) -> Iterator[ObjectVersion]:
    """Yield every version whose key starts with ``prefix``, by key; ``where`` names the bucket.

    Markers come after the versions of their key. Raises what boto3 raises.
    """
    pages = pages_of(client, "list_object_versions", where, prefix)
    every = (version for page in pages for version in _in_page(page))
    for _key, group in groupby(every, key=attrgetter("key")):
        found = [*group]
        yield from (each for each in reversed(found) if not each.is_marker)
        yield from (each for each in reversed(found) if each.is_marker)


def _in_page(page: Mapping[str, Any]) -> Iterator[ObjectVersion]:
    """Yield what a page lists, by key: it names versions and markers apart."""
    versions = (_version(told) for told in page.get("Versions", ()))
    markers = (_version(told, is_marker=True) for told in page.get("DeleteMarkers", ()))
    yield from merge(versions, markers, key=attrgetter("key"))


def _version(told: Mapping[str, Any], *, is_marker: bool = False) -> ObjectVersion:
    return ObjectVersion(
        key=told["Key"],
        id=told.get("VersionId") or NULL,
        bytes=0 if is_marker else told["Size"],
        is_current=told["IsLatest"],
        is_marker=is_marker,
    )
