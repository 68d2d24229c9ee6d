"""Which operation of the S3 API a request asks for.

A request is told by its method, by whether its path names a key, and by the one field of its query
that names a part of the bucket or object. What is not listed is not known: a stand-in must not wave
through what nobody has looked at.
"""

from typing import Literal
from urllib.parse import parse_qsl

from archiver.sandbox.wire import Request

_Level = Literal["service", "bucket", "object"]

_OPERATIONS: dict[tuple[_Level, str, str], str] = {
    ("service", "GET", ""): "ListBuckets",
    ("bucket", "PUT", ""): "CreateBucket",
    ("bucket", "HEAD", ""): "HeadBucket",
    ("bucket", "DELETE", ""): "DeleteBucket",
    ("bucket", "GET", ""): "ListObjects",
    ("bucket", "GET", "list-type"): "ListObjectsV2",
    ("bucket", "GET", "versions"): "ListObjectVersions",
    ("bucket", "GET", "uploads"): "ListMultipartUploads",
    ("bucket", "GET", "versioning"): "GetBucketVersioning",
    ("bucket", "PUT", "versioning"): "PutBucketVersioning",
    ("bucket", "GET", "object-lock"): "GetObjectLockConfiguration",
    ("bucket", "PUT", "object-lock"): "PutObjectLockConfiguration",
    ("bucket", "GET", "location"): "GetBucketLocation",
    ("bucket", "GET", "acl"): "GetBucketAcl",
    ("bucket", "PUT", "acl"): "PutBucketAcl",
    ("bucket", "GET", "policy"): "GetBucketPolicy",
    ("bucket", "PUT", "policy"): "PutBucketPolicy",
    ("bucket", "GET", "policyStatus"): "GetBucketPolicyStatus",
    ("bucket", "GET", "publicAccessBlock"): "GetPublicAccessBlock",
    ("bucket", "PUT", "publicAccessBlock"): "PutPublicAccessBlock",
    ("bucket", "DELETE", "publicAccessBlock"): "DeletePublicAccessBlock",
    ("bucket", "GET", "ownershipControls"): "GetBucketOwnershipControls",
    ("bucket", "PUT", "ownershipControls"): "PutBucketOwnershipControls",
    ("bucket", "GET", "encryption"): "GetBucketEncryption",
    ("bucket", "PUT", "encryption"): "PutBucketEncryption",
    ("bucket", "GET", "lifecycle"): "GetBucketLifecycleConfiguration",
    ("bucket", "POST", "delete"): "DeleteObjects",
    ("object", "PUT", ""): "PutObject",
    ("object", "GET", ""): "GetObject",
    ("object", "HEAD", ""): "HeadObject",
    ("object", "DELETE", ""): "DeleteObject",
    ("object", "GET", "attributes"): "GetObjectAttributes",
    ("object", "GET", "retention"): "GetObjectRetention",
    ("object", "PUT", "retention"): "PutObjectRetention",
    ("object", "GET", "legal-hold"): "GetObjectLegalHold",
    ("object", "PUT", "legal-hold"): "PutObjectLegalHold",
    ("object", "POST", "uploads"): "CreateMultipartUpload",
    ("object", "PUT", "uploadId"): "UploadPart",
    ("object", "POST", "uploadId"): "CompleteMultipartUpload",
    ("object", "DELETE", "uploadId"): "AbortMultipartUpload",
}
_PARTS = frozenset(part for _, _, part in _OPERATIONS if part)
_PARAMETERS = frozenset({
    "continuation-token", "delimiter", "encoding-type", "fetch-owner", "key-marker", "marker",
    "max-keys", "max-uploads", "partNumber", "prefix", "start-after", "upload-id-marker",
    "version-id-marker", "versionId", "x-id",
})  # fmt: skip


def fields(request: Request) -> dict[str, str]:
    """Return the fields of a request's query."""
    return dict(parse_qsl(request.query, keep_blank_values=True))


def operation(request: Request) -> str | None:
    """Return the operation's name (``PutObject``), ``None`` when it is not known."""
    _, bucket, *key = request.path.split("/", 2)
    level: _Level = "object" if any(key) else "bucket" if bucket else "service"
    names = {name for name in fields(request) if not name.startswith("X-Amz-")} - _PARAMETERS
    copies = "x-amz-copy-source" in request.headers
    if len(names) > 1 or not names <= _PARTS or copies:
        return None
    return _OPERATIONS.get((level, request.method, "".join(names)))
