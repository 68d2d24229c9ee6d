"""What a server is to the tests: something to install, to start, and to make buckets in."""

import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import boto3
from botocore.config import Config
from msgspec import Struct, field

S3 = Any
"""A boto3 client, whose methods are made at run time."""
REGION = "us-east-1"
CONNECTIONS = 12


class Endpoint(Struct, frozen=True):
    """A server that runs: its name and version, its access and secret key, and a KMS key."""

    server: str
    url: str
    keys: tuple[str, str]
    kms_key: str
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def client(self, keys: tuple[str, str] | None = None) -> S3:
        """Return a client that asks once, with the server's own keys unless others are given."""
        access, secret = keys or self.keys
        return boto3.client(
            "s3",
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=access,
            aws_secret_access_key=secret,
            config=Config(
                signature_version="s3v4",  # its presigned links would be of version 2 without
                retries={"total_max_attempts": 1},
                connect_timeout=5,
                read_timeout=30,
                max_pool_connections=CONNECTIONS,
                s3={"addressing_style": "path"},
                proxies={},
            ),
        )

    def account(self) -> dict[str, str]:
        """Return the variables of who has the server's own keys, and nothing else of AWS."""
        access, secret = self.keys
        return {
            "AWS_ACCESS_KEY_ID": access,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def bucket(self, *, versioned: bool = False, locked: bool = False) -> str:
        """Make a new bucket and return its name; one with Object Lock is versioned as well."""
        name = f"bucket-{next(self._numbers)}"
        client = self.client()
        client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked)
        if versioned:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name


class Server(Protocol):
    """A kind of server, which may be installed on this machine or not."""

    @property
    def name(self) -> str:
        """Its name, without a version."""
        ...

    @property
    def installing(self) -> tuple[tuple[str, ...], ...]:
        """The commands that install it."""
        ...

    @property
    def differs(self) -> Mapping[str, str]:
        """What is known to be answered otherwise than by AWS, by question."""
        ...

    def is_there(self) -> bool:
        """Whether it is installed."""
        ...

    def running(self) -> AbstractContextManager[Endpoint]:
        """Start it on loopback; when the block ends nothing of it is left, no process, no file."""
        ...
