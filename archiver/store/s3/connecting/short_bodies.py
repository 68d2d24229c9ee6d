"""Short bodies are sent at once: botocore asks before every PUT whether its body may come.

The answer, 100 Continue, takes a way there and back, and botocore reads it byte by byte. It spares
a body that the server would refuse by the headers alone (RFC 9110, 10.1.1), which is rare: names
hold the hash of what is written. AWS's own SDKs ask from one megabyte on (JavaScript, version 2)
or from two (Kotlin, continueHeaderThresholdBytes).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ASKED_FROM = 1_000_000
"""Whether a body of so many bytes may come is asked first."""


def send_at_once(client: "S3Client") -> None:
    """Let a client send a short body right behind its headers."""
    client.meta.events.register_last("before-call.s3", _do_not_ask)


def _do_not_ask(params: Mapping[str, Any], **_: object) -> None:
    headers = params["headers"]
    if int(headers.get("Content-Length", ASKED_FROM)) < ASKED_FROM:
        headers.pop("Expect", None)
