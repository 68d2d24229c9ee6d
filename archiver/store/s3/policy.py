"""The rights that archiver needs of a bucket, and no others, as a policy ready to paste. Pure.

A server refuses a policy as a whole when it knows one action in it not at all, so what not every
server knows is named where AWS is the server and nowhere else: ``s3:GetEncryptionConfiguration``
(Ceph 20 calls it otherwise) and the actions of AWS's KMS. Without the first, ``doctor`` can't say
what the bucket encrypts by default, and nothing else changes. Actions that only answer ``doctor``
and the refusal of public buckets stand in a statement of their own, which can be taken out; so do
those by which ``hold`` and what is archived under a hold get a legal hold, and those by which
``erase`` and ``dispose`` remove versions.
"""

from archiver.config.s3_options import BucketPlace, Encryption
from archiver.json_documents import Json

_READ = ("s3:GetObject", "s3:GetObjectVersion")
_WRITE = ("s3:PutObject", "s3:PutObjectTagging")
_LOCK = (
    "s3:PutObjectRetention", "s3:GetObjectRetention", "s3:PutObjectLegalHold",
    "s3:GetObjectLegalHold",
)  # fmt: skip
_LOOK = (
    "s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketVersioning",
    "s3:GetBucketObjectLockConfiguration",
)  # fmt: skip
_SEE_WHO_CAN_SEE = (
    "s3:GetBucketPublicAccessBlock", "s3:GetBucketPolicyStatus", "s3:GetBucketAcl",
)  # fmt: skip
_SEE_ENCRYPTION = ("s3:GetEncryptionConfiguration",)
_ERASE = (
    "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObjectRetention", "s3:GetObjectLegalHold",
)  # fmt: skip
_HOLD = ("s3:PutObjectLegalHold", "s3:GetObjectLegalHold")
_TRY = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectRetention")
_ERASED = ("recordings", "quarantine", "calls")
"""Where what is erased lies: manifests, certificates and exports are never removed."""
_HELD = ("recordings", "quarantine")
"""What has a bucket's legal hold, where a hold binds it."""
_ENCRYPT = ("kms:GenerateDataKey", "kms:Decrypt")
_ALIAS = "alias/"


def policy(place: BucketPlace, encryption: Encryption | None, *, locks: bool, is_aws: bool) -> Json:
    """Return an IAM policy for what writes to the archive at ``place``.

    Without the statement ``OptionalErase``, deleting is allowed of the scratch objects under
    ``.archiver/`` alone. Locking, where nothing else is locked, is of those as well: for a minute,
    in place of what the bucket would lock them by unasked. ``OptionalHold`` is for a bucket that
    can lock: it sets and ends legal holds. Nothing else here can take a lock away, or write an ACL.
    """
    bucket = f"arn:aws:s3:::{place.bucket}"
    objects = f"{bucket}/{place.prefix}"
    seen = (*_SEE_WHO_CAN_SEE, *(_SEE_ENCRYPTION if is_aws else ()))
    statements: list[Json] = [
        _statement("Look", _LOOK, bucket),
        _statement("OptionalWhatDoctorTells", seen, bucket),
        _statement("ReadAndAdd", (*_READ, *_WRITE, *(_LOCK if locks else ())), f"{objects}*"),
        _statement("TryWhatTheBucketDoes", _TRY, f"{objects}.archiver/*"),
        _statement("OptionalHold", _HOLD, [f"{objects}{each}/*" for each in _HELD]),
        _statement("OptionalErase", _ERASE, [f"{objects}{each}/*" for each in _ERASED]),
    ]
    if encryption and encryption.key and is_aws:
        statements.append(_encrypting(encryption.key))
    return {"Version": "2012-10-17", "Statement": statements}


def _encrypting(key: str) -> Json:
    """Return the right to use a key, which a policy names by its own ARN and in no other way.

    An alias is a condition: as a resource it stands for no key.
    """
    account, _, named = key.rpartition(":") if key.startswith("arn:") else ("", "", key)
    where = account or "arn:aws:kms:*:*"
    if named.startswith(_ALIAS):
        alias: Json = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": named}}
        return _statement("Encrypt", _ENCRYPT, f"{where}:key/*", alias)
    return _statement("Encrypt", _ENCRYPT, f"{where}:key/{named.removeprefix('key/')}")


def _statement(
    name: str, actions: tuple[str, ...], resource: str | list[Json], condition: Json = None
) -> Json:
    said: dict[str, Json] = {
        "Sid": name, "Effect": "Allow", "Action": [*actions], "Resource": resource,
    }  # fmt: skip
    return {**said, "Condition": condition} if condition else said
