"""What AWS gives every new bucket since 2023, and moto does not.

"Default settings for new S3 buckets FAQ" of the Amazon S3 documentation: no public access, no ACLs,
and encryption with keys of S3's own.
"""

from archiver.sandbox.wire import Request
from tests.s3.backend import Backend

_SPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
_NO_PUBLIC = "".join(
    f"<{name}>true</{name}>"
    for name in (
        "BlockPublicAcls",
        "IgnorePublicAcls",
        "BlockPublicPolicy",
        "RestrictPublicBuckets",
    )
)
_SETTINGS = {
    "publicAccessBlock": (
        f"<PublicAccessBlockConfiguration {_SPACE}>{_NO_PUBLIC}</PublicAccessBlockConfiguration>"
    ),
    "ownershipControls": (
        f"<OwnershipControls {_SPACE}><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership>"
        "</Rule></OwnershipControls>"
    ),
    "encryption": (
        f"<ServerSideEncryptionConfiguration {_SPACE}><Rule><ApplyServerSideEncryptionByDefault>"
        "<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>"
        "</ServerSideEncryptionConfiguration>"
    ),
}


def settle(backend: Backend, path: str) -> None:
    """Give the bucket at ``path`` what a new one has."""
    for part, document in _SETTINGS.items():
        backend.ask(Request("PUT", path, part, {}, document.encode()))
