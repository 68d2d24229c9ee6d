"""The owner that a bucket was said to have, named where a request is refused.

Servers answer a wrong one as they answer a missing right, and do not say which it is.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EXPECTED = "ExpectedBucketOwner"
"""What requests name it by, and where it then stands in the error of an answer."""


def name_owner(client: "S3Client") -> None:
    """Let a client note in each error answer which owner its request has named."""
    client.meta.events.register("before-parameter-build.s3", _note)
    client.meta.events.register("after-call.s3", _name)


def _note(params: Mapping[str, Any], context: dict[str, Any], **_: object) -> None:
    context[EXPECTED] = params.get(EXPECTED)


def _name(parsed: dict[str, Any], context: Mapping[str, Any], **_: object) -> None:
    if context.get(EXPECTED) and "Error" in parsed:
        parsed["Error"][EXPECTED] = context[EXPECTED]
