"""A redirect that tells no region is final, as is a status 300: no server of S3 answers so.

botocore takes each 301, 302 and 307 for a bucket in another region. Where the answer does not tell
which, it asks for that by a request that is answered alike, and so on until its stack is full.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from botocore.model import OperationModel
    from mypy_boto3_s3 import S3Client

REDIRECTS = frozenset({
    HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, HTTPStatus.TEMPORARY_REDIRECT,
})  # fmt: skip
"""What botocore takes for a bucket in another region, whatever the answer says."""
_REGION = "x-amz-bucket-region"

Parsed = dict[str, Any]


def refuse_redirects(client: "S3Client") -> None:
    """Let the client raise ``ClientError`` for a redirect that botocore cannot follow."""
    client.meta.events.register_first("needs-retry.s3", _see)
    client.meta.events.register_first("after-call.s3", _see_choices)


def tells_region(parsed: Mapping[str, Any]) -> bool:
    """Whether an answer tells in which region the bucket is."""
    headers = parsed.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return bool(headers.get(_REGION) or parsed.get("Error", {}).get("Region"))


def _see(
    response: "tuple[AWSResponse, Parsed] | None", operation: "OperationModel", **_: object
) -> None:
    if response is None:
        return
    http_response, parsed = response
    if http_response.status_code in REDIRECTS and not tells_region(parsed):
        raise ClientError(cast("Any", parsed), operation.name)


def _see_choices(
    http_response: "AWSResponse", parsed: Parsed, model: "OperationModel", **_: object
) -> None:
    """Raise ``ClientError`` for a status that botocore takes for success."""
    if http_response.status_code == HTTPStatus.MULTIPLE_CHOICES:
        answer = {**parsed, "Error": {"Code": "300"}}
        raise ClientError(cast("Any", answer), model.name)
