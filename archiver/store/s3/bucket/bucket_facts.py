"""What a bucket says of itself: who can see it, whether it keeps versions and encrypts.

Each question needs a right of its own, and not every server knows it: what is not answered is
``None``, and is said to be unknown.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from msgspec import Struct

from archiver.domain.retention import Default
from archiver.store.s3.connecting.s3_errors import NOT_ALLOWED, UNKNOWN, code_of, status_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_EVERYONE = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
_NOT_SET = frozenset(
    {
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchBucketPolicy",
        "ObjectLockConfigurationNotFoundError",
        "NoSuchObjectLockConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
_NOT_TOLD = frozenset({400, 403, 404, 405, 501})
"""How servers answer what is not permitted, or what they do not know."""
_ALGORITHMS = frozenset({"", "AES256", "aws:fsx", "aws:kms", "aws:kms:dsse"})
_NOBODY = {"ExpectedBucketOwner": "000000000000"}
Answer = Mapping[str, Any] | None


class BucketFacts(Struct, frozen=True):
    """What a bucket says of itself.

    ``is_public``: somebody without credentials of ours can read it or write to it. ``blocks``: its
    public access is blocked whatever its policy says. ``encryption`` is the default of the bucket.
    ``heeds_owners``: a request that names another owner is refused.
    """

    is_public: bool | None
    blocks: bool | None
    versioned: bool | None
    encryption: str | None
    heeds_owners: bool


def facts(client: "S3Client", bucket: Mapping[str, Any]) -> BucketFacts:
    """Ask; ``bucket`` names it, and the owner that it must have."""
    block = _asked(lambda: client.get_public_access_block(**bucket))
    blocks = None if block is None else all(_at(block, "PublicAccessBlockConfiguration").values())
    versioning = _asked(lambda: client.get_bucket_versioning(**bucket))
    return BucketFacts(
        is_public=_is_public(client, bucket),
        blocks=blocks and bool(block and _at(block, "PublicAccessBlockConfiguration")),
        versioned=None if versioning is None else versioning.get("Status") == "Enabled",
        encryption=_encryption(_asked(lambda: client.get_bucket_encryption(**bucket))),
        heeds_owners=_asked(lambda: client.head_bucket(**{**bucket, **_NOBODY})) is None,
    )


class LockFacts(Struct, frozen=True):
    """What a bucket says of its locks: whether it may have any, and what it locks unasked.

    One that does not say so may have some.
    """

    may_lock: bool
    default: Default | None


def lock_facts(client: "S3Client", bucket: Mapping[str, Any]) -> LockFacts:
    """Ask; ``bucket`` names it, and the owner that it must have."""
    told = _asked(lambda: client.get_object_lock_configuration(**bucket))
    configured = _at(told or {}, "ObjectLockConfiguration")
    default = _at(_at(configured, "Rule"), "DefaultRetention")
    may_lock = told is None or configured.get("ObjectLockEnabled") == "Enabled"
    retention = Default.of(default.get("Mode"), default.get("Days"), default.get("Years"))
    return LockFacts(may_lock, retention)


def _is_public(client: "S3Client", bucket: Mapping[str, Any]) -> bool | None:
    """Ask the policy and the ACL, which are two doors; ``None`` unless both tell."""
    status = _asked(lambda: client.get_bucket_policy_status(**bucket))
    acl = _asked(lambda: client.get_bucket_acl(**bucket))
    by_policy = None if status is None else _at(status, "PolicyStatus").get("IsPublic", False)
    grants = () if acl is None else acl.get("Grants", ())
    to_all = any(_at(each, "Grantee").get("URI") in _EVERYONE for each in grants)
    by_acl = None if acl is None else to_all
    if by_policy or by_acl:
        return True
    return None if by_policy is None or by_acl is None else False


def _encryption(answer: Answer) -> str | None:
    rules = _at(answer or {}, "ServerSideEncryptionConfiguration").get("Rules", ())
    for rule in rules:
        default = _at(rule, "ApplyServerSideEncryptionByDefault")
        algorithm = str(default.get("SSEAlgorithm", ""))
        return algorithm if algorithm in _ALGORITHMS else "by a way of its own"
    return None if answer is None else ""


def _asked(ask: Callable[[], Mapping[str, Any]]) -> Answer:
    """Return the answer, an empty one for what is not set, ``None`` for what is not told."""
    try:
        return ask()
    except ClientError as error:
        if code_of(error) in _NOT_SET:
            return {}
        if code_of(error) in NOT_ALLOWED | UNKNOWN or status_of(error) in _NOT_TOLD:
            return None
        raise


def _at(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = answer.get(name)
    return inner if isinstance(inner, Mapping) else {}
