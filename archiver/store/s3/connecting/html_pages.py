"""A page of HTML with status 200 is no answer of S3: a proxy or a sign-in page sends such.

One that is well-formed XML reads as an answer without any of its fields: an empty listing, a bucket
without settings, an object that was stored.
"""

from typing import TYPE_CHECKING

from botocore.parsers import ResponseParserError

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from botocore.model import OperationModel
    from mypy_boto3_s3 import S3Client

_MOST_BYTES = 1_000
_SIGN = b"<html"
"""No answer of S3 has it: what a person can name stands in XML with its angle brackets escaped."""


def refuse_pages(client: "S3Client") -> None:
    """Let the client raise ``ResponseParserError`` for a page in place of any answer but a body."""
    client.meta.events.register_last("after-call.s3", _see)


def _see(http_response: "AWSResponse", model: "OperationModel", **_: object) -> None:
    if model.has_streaming_output:
        return
    if _SIGN in http_response.content[:_MOST_BYTES].lower():
        raise ResponseParserError
