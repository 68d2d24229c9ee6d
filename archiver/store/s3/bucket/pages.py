"""The pages of a bucket's listing, to its end and no less."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from archiver.errors import DestinationError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_GOES_ON = {"list_objects_v2": "NextContinuationToken", "list_object_versions": "NextKeyMarker"}
"""What tells where the next page begins."""


def pages_of(
    client: "S3Client",
    operation: Literal["list_objects_v2", "list_object_versions"],
    where: Mapping[str, Any],
    prefix: str,
) -> Iterator[Mapping[str, Any]]:
    """Yield the pages of a listing; ``where`` names the bucket. Raises what boto3 raises.

    Where a server says that there is more and not where it goes on, boto3 takes that for the end:
    it is :class:`DestinationError`, since what is not listed must not be taken for gone.
    """
    for page in client.get_paginator(operation).paginate(**where, Prefix=prefix):
        if page.get("IsTruncated") and not page.get(_GOES_ON[operation]):
            raise DestinationError(
                "Stopped while listing the bucket: the server says that there is more, and not "
                "where it goes on.",
                advice="Ask whoever runs the server: its listings end early.",
            )
        yield page
