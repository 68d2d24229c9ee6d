"""What a bucket does of what it is asked, found out by trying it once: its word is no proof.

Servers answer 200 to a header that they ignore. So each promise that the archive leans on is tried
with a scratch object under ``.archiver/``, which no manifest names and verify passes over.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from archiver.buckets import Place
from archiver.keys import PRIVATE
from archiver.store.s3.answers import (
    CONFLICT,
    DAMAGED,
    NOT_ALLOWED,
    TAKEN,
    base64_of,
    code_of,
    refusals,
    sha256_in,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BODY = b"archiver tries what this bucket does\n"
_SHA256 = sha256(_BODY).hexdigest()


@dataclass(frozen=True, slots=True)
class Habits:
    """What a bucket does.

    ``creates_only``: a second create-only PUT is refused. ``keeps_hashes``: HEAD tells the SHA-256
    that the server worked out, and a PUT with another is refused. ``versioned``: every PUT has a
    version of its own. ``locks``: it was seen to hold to a lock.
    """

    creates_only: bool
    keeps_hashes: bool
    versioned: bool
    locks: bool = False

    def plain(self) -> dict[str, bool]:
        """Return them as JSON has them."""
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, object]) -> "Habits | None":
        """Read what :meth:`plain` returned; ``None`` for anything else."""
        names = ("creates_only", "keeps_hashes", "versioned", "locks")
        if told.keys() != set(names) or not all(isinstance(told[name], bool) for name in names):
            return None
        return cls(*(bool(told[name]) for name in names))


def learn(client: "S3Client", place: Place, asked: Mapping[str, Any]) -> Habits:
    """Try the bucket with scratch objects, and remove them; ``asked`` goes with every request."""
    where = {"Bucket": place.bucket, **asked}
    key = place.key(f"{PRIVATE}/tried-{secrets.token_hex(8)}")
    put: dict[str, Any] = {
        **where,
        "Key": key,
        "Body": _BODY,
        "ChecksumAlgorithm": "SHA256",
        "ChecksumSHA256": base64_of(_SHA256),
        "IfNoneMatch": "*",
    }
    left: list[Mapping[str, Any]] = []
    with refusals(f"trying what {place} can do"):
        try:
            first = _put(client, put, left)
            is_taken = _refused(client, put, TAKEN | CONFLICT, left)
            told = client.head_object(**where, Key=key, ChecksumMode="ENABLED")
            other = {**put, "Key": f"{key}-damaged", "Body": _BODY[::-1]}
            checks_hashes = _refused(client, other, DAMAGED, left)
        finally:
            for each in left:
                _remove(client, {**where, **each})
    return Habits(
        creates_only=is_taken,
        keeps_hashes=checks_hashes and sha256_in(told) == _SHA256,
        versioned=first not in {None, "null"},
    )


def _put(client: "S3Client", put: dict[str, Any], left: list[Mapping[str, Any]]) -> str | None:
    """Put an object, note what is to be removed, and return its version."""
    version = client.put_object(**put).get("VersionId")
    named = {"VersionId": version} if version and version != "null" else {}
    left.append({"Key": put["Key"], **named})
    return version


def _refused(
    client: "S3Client", put: dict[str, Any], codes: frozenset[str], left: list[Mapping[str, Any]]
) -> bool:
    """Return whether a PUT is refused with one of ``codes``, as it should be."""
    try:
        _put(client, put, left)
    except ClientError as error:
        if code_of(error) in codes:
            return True
        raise
    return False


def _remove(client: "S3Client", where: dict[str, Any]) -> None:
    """Remove a scratch object, if that is allowed: a bucket may forbid deleting, and should."""
    try:
        client.delete_object(**where)
    except ClientError as error:
        if code_of(error) not in NOT_ALLOWED:
            raise
