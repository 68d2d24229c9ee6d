"""What there is to set of a bucket, and its address. Pure.

>>> place("s3://calls/2026/")
BucketPlace(bucket='calls', prefix='2026/')
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from msgspec import Struct, field

from archiver.secret import Secret

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*")
"""The characters that Amazon's guide calls safe in keys, in parts that are not empty."""
_TAG = re.compile(r"\s*([A-Za-z0-9+._:/@-]{1,128})\s*=\s*([A-Za-z0-9+._:/@-]{0,256})\s*")
_ACCOUNT = re.compile("[0-9]{12}")
_OWNER = re.compile("[!-~]{1,255}")
"""What other servers call an owner: Ceph by a name, maybe with its tenant before it."""
OWN_NAMES = frozenset({".archiver", "ARCHIVE.json", "manifests", "quarantine"})
"""What lies in an archive (``domain.layout``), but for the words that people use, too."""
MOST_TAGS = 10
MOST_KEY = 1_024
"""So many bytes of UTF-8 may a key have (Amazon S3 User Guide, naming objects)."""
LONGEST_NAME = 145
"""So many has the longest name that an archive makes (:mod:`archiver.domain.layout`)."""
_MOST_PREFIX = MOST_KEY - LONGEST_NAME - 1
SCHEME = "s3"
"""What stands before ``://`` in the address of a bucket."""
FORM = f"{SCHEME}://bucket/prefix"
EXAMPLE = f"{SCHEME}://calls/2026"


class Style(StrEnum):
    """Where the bucket's name stands in an address: in the path or in the host."""

    AUTO = "auto"
    PATH = "path"
    VIRTUAL = "virtual"


class Checksums(StrEnum):
    """When boto3 adds a checksum of its own: always, or only where the operation needs one.

    Some servers refuse the CRC32 that is sent unasked since boto3 1.36.
    """

    SUPPORTED = "when_supported"
    REQUIRED = "when_required"


class BucketPlace(Struct, frozen=True):
    """A bucket, and what every key in it starts with: empty, or ending in a slash."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"{SCHEME}://{self.bucket}/{self.prefix}".rstrip("/")

    def key(self, name: str) -> str:
        """Return the object's key for a name of the archive."""
        return self.prefix + name


class Encryption(Struct, frozen=True):
    """Encryption by the server: with its own key, or with ``key`` of its KMS."""

    algorithm: str
    key: str | None = None

    def __str__(self) -> str:
        return f"kms:{self.key}" if self.key else {"AES256": "s3"}.get(self.algorithm, "kms")


class Options(Struct, frozen=True):
    """How a bucket is reached and what is asked of it; ``None`` leaves it to AWS's own settings.

    ``endpoint`` is the address of a server that is not AWS. ``role`` is the ARN of a role to take.
    ``owner`` is whom the bucket must belong to: an account, or what the server calls its owner.
    It may be ``public`` only where that is set. ``proxy``, ``ca_bundle`` and ``connections`` are of
    the way there: the settings of the network say them.
    """

    region: str | None = None
    endpoint: str | None = None
    style: Style = Style.AUTO
    profile: str | None = None
    role: str | None = None
    storage_class: str | None = None
    encryption: Encryption | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    checksums: Checksums = Checksums.REQUIRED
    owner: str | None = None
    public: bool = False
    proxy: Secret | None = None
    ca_bundle: Path | None = None
    connections: int = 16


def place(address: str) -> BucketPlace:
    """Read ``s3://bucket/prefix``; raises ``ValueError`` with what is wrong, in words."""
    scheme, _, rest = address.partition("://")
    bucket, _, prefix = rest.partition("/")
    prefix = prefix.strip("/")
    if scheme != SCHEME or not _BUCKET.fullmatch(bucket) or ".." in bucket:
        raise ValueError(f"must be {SCHEME}:// and a bucket's name, such as {EXAMPLE}")
    if prefix and not (_PREFIX.fullmatch(prefix) and {".", ".."}.isdisjoint(prefix.split("/"))):
        raise ValueError("must have a plain path after the bucket: letters, digits, - _ . and /")
    for own in sorted(OWN_NAMES.intersection(prefix.split("/"))):
        raise ValueError(
            f"must have no {own} in its path: an archive keeps things of its own under that name, "
            "and one that lies above would take this one's for its own"
        )
    if len(prefix) > _MOST_PREFIX:
        raise ValueError(
            f"must have a path of {_MOST_PREFIX} characters at most: the names in it would be "
            f"longer than the {MOST_KEY:,} bytes that S3 takes"
        )
    return BucketPlace(bucket, prefix and f"{prefix}/")


def owner(text: str) -> str:
    """Read whom a bucket must belong to; raises ``ValueError``."""
    if not _OWNER.fullmatch(text):
        raise ValueError("must be such as 123456789012, or a name in one word")
    return text


def is_account(owner: str) -> bool:
    """Whether that can be an owner at AWS."""
    return _ACCOUNT.fullmatch(owner) is not None


def encryption(text: str) -> Encryption:
    """Read ``s3``, ``kms`` or ``kms:KEY``; raises ``ValueError``."""
    name, _, key = text.partition(":")
    if name == "s3" and not key:
        return Encryption("AES256")
    if name == "kms":
        return Encryption("aws:kms", key or None)
    raise ValueError("must be s3, kms, or kms: and a key's ARN or id")


def tags(text: str) -> dict[str, str]:
    """Read ``team=audit, kept=yes``; raises ``ValueError``. Ten at most, as S3 has it."""
    found = [_TAG.fullmatch(part) for part in text.split(",")]
    read = {match[1]: match[2] for match in found if match}
    if len(read) < len(found) or len(read) > MOST_TAGS:
        raise ValueError('must be up to ten different ones, such as "team=audit, kept=yes"')
    return read
