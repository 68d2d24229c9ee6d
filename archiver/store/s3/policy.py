"""The rights that archiver needs of a bucket, and no others, as a policy ready to paste. Pure."""

from archiver.buckets import Encryption, Place
from archiver.recordings import Json

_READ = ("s3:GetObject", "s3:GetObjectVersion")
_WRITE = ("s3:PutObject", "s3:PutObjectTagging")
_LOCK = (
    "s3:PutObjectRetention", "s3:GetObjectRetention", "s3:PutObjectLegalHold",
    "s3:GetObjectLegalHold",
)  # fmt: skip
_LOOK = (
    "s3:ListBucket", "s3:ListBucketVersions", "s3:GetBucketVersioning",
    "s3:GetBucketObjectLockConfiguration", "s3:GetEncryptionConfiguration",
    "s3:GetBucketPublicAccessBlock", "s3:GetBucketPolicyStatus", "s3:GetBucketAcl",
)  # fmt: skip
_TRY = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectRetention")


def policy(place: Place, encryption: Encryption | None, *, locks: bool) -> Json:
    """Return an IAM policy for what writes to the archive at ``place``.

    Deleting is allowed of the scratch objects under ``.archiver/`` alone, and so is locking where
    nothing else is locked: for a minute, in place of what the bucket would lock them by unasked.
    Nothing here can take a lock away, or write an ACL.
    """
    objects = f"arn:aws:s3:::{place.bucket}/{place.prefix}"
    statements: list[Json] = [
        _statement("Look", _LOOK, f"arn:aws:s3:::{place.bucket}"),
        _statement("ReadAndAdd", (*_READ, *_WRITE, *(_LOCK if locks else ())), f"{objects}*"),
        _statement("TryWhatTheBucketDoes", _TRY, f"{objects}.archiver/*"),
    ]
    if encryption and encryption.key:
        statements.append(
            _statement("Encrypt", ("kms:GenerateDataKey", "kms:Decrypt"), encryption.key)
        )
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(name: str, actions: tuple[str, ...], resource: str) -> Json:
    return {"Sid": name, "Effect": "Allow", "Action": [*actions], "Resource": resource}
