"""What an answer tells: an object's version and checksums, as far as they can be used; the time."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from botocore.parsers import ResponseParserError

Answer = TypeVar("Answer", bound=Mapping[str, Any])
NULL = "null"
"""The version of what was stored while the bucket kept none."""


def of_s3(answer: Answer) -> Answer:
    """Return the answer of an object; raises ``ResponseParserError`` for a page in its place.

    S3 and all that is like it give an ETag with each object, and a page with status 200 has none.
    What was to be read of it is let go of.
    """
    if "ETag" not in answer:
        if body := answer.get("Body"):
            body.close()
        raise ResponseParserError
    return answer


def base64_of(hex_digest: str) -> str:
    """Return a digest as S3 writes it."""
    return base64.b64encode(bytes.fromhex(hex_digest)).decode()


def sha256_in(answer: Mapping[str, Any]) -> str | None:
    """Return the SHA-256 that the server worked out of the whole object, as hex digits.

    ``None`` when it keeps none, or one made of the hashes of parts.
    """
    told = answer.get("ChecksumSHA256")
    if not isinstance(told, str) or "-" in told:
        return None
    try:
        return base64.b64decode(told, validate=True).hex()
    except ValueError:
        return None


def version_in(answer: Mapping[str, Any]) -> str | None:
    """Return what the bucket calls the version that is told of, ``None`` where it keeps none."""
    version = answer.get("VersionId")
    return None if version in {None, NULL} else str(version)


def md5_in(answer: Mapping[str, Any]) -> str | None:
    """Return the MD5 that the ETag is, if it may be one: not of parts and not under a KMS key."""
    etag = str(answer.get("ETag", "")).strip('"')
    encrypted = str(answer.get("ServerSideEncryption", "")).startswith("aws:kms")
    is_md5 = len(etag) == 32 and not encrypted and "SSECustomerAlgorithm" not in answer  # noqa: PLR2004 - hex digits of an MD5
    return etag if is_md5 else None


def time_in(answer: Mapping[str, Any]) -> datetime | None:
    """Return what the clock of whoever answered shows, by the answer's ``Date``."""
    told = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        return parsedate_to_datetime(told).astimezone(UTC) if told else None
    except (ValueError, OverflowError):
        return None
