"""The one place that asks a server to delete: a version, or by a name alone to put a marker."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from archiver.store.s3.connecting.s3_errors import NOT_ALLOWED, code_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def delete(client: "S3Client", what: Mapping[str, Any]) -> Mapping[str, Any]:
    """Delete what the request names; return the answer. Raises what boto3 raises."""
    return client.delete_object(**what)


def delete_if_allowed(client: "S3Client", what: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Delete what the request names; return the answer, ``None`` where that is not allowed."""
    try:
        return delete(client, what)
    except ClientError as error:
        if code_of(error) not in NOT_ALLOWED:
            raise
        return None
