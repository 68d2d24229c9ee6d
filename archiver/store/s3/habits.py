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
from archiver.store.s3.answers import CONFLICT, TAKEN, base64_of, code_of, refusals, sha256_in

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Habits:
    """What a bucket does.

    ``creates_only``: a second create-only PUT is refused. ``keeps_hashes``: HEAD tells the SHA-256
    that the server worked out. ``versioned``: every PUT has a version of its own. ``locks``: it was
    seen to hold to a lock.
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
    """Try the bucket with a scratch object, and remove it; ``asked`` is sent with every request."""
    key = place.key(f"{PRIVATE}/tried-{secrets.token_hex(8)}")
    body = b"archiver tries what this bucket does\n"
    digest = sha256(body).hexdigest()
    put: dict[str, Any] = {
        "Bucket": place.bucket,
        "Key": key,
        "Body": body,
        "ChecksumAlgorithm": "SHA256",
        "ChecksumSHA256": base64_of(digest),
        "IfNoneMatch": "*",
        **asked,
    }
    where = {"Bucket": place.bucket, "Key": key, **asked}
    versions: list[str | None] = []
    with refusals(f"trying what {place} can do"):
        try:
            first = client.put_object(**put)
            versions.append(first.get("VersionId"))
            second = _again(client, put)
            if second is not None:
                versions.append(second.get("VersionId"))
            told = client.head_object(**where, ChecksumMode="ENABLED")
        finally:
            for version in versions:
                _remove(client, where, version)
    return Habits(
        creates_only=second is None,
        keeps_hashes=sha256_in(told) == digest,
        versioned=versions[0] not in {None, "null"},
    )


def _again(client: "S3Client", put: dict[str, Any]) -> Mapping[str, Any] | None:
    """Put it once more; ``None`` when that is refused, as it should be."""
    try:
        return client.put_object(**put)
    except ClientError as error:
        if code_of(error) in TAKEN | CONFLICT:
            return None
        raise


def _remove(client: "S3Client", where: dict[str, Any], version: str | None) -> None:
    """Remove a scratch object, if that is allowed: a bucket may forbid deleting, and should."""
    named = {"VersionId": version} if version and version != "null" else {}
    try:
        client.delete_object(**{**where, **named})
    except ClientError as error:
        if code_of(error) not in {"AccessDenied", "403", "MethodNotAllowed"}:
            raise
