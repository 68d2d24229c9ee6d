"""The account that owns the stand-in's buckets, and clients that sign as it."""

import os
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from archiver.sandbox.media.presigned import ACCESS_KEY, REGION, SECRET_KEY

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OWNER = "123456789012"
"""Every bucket's owner: moto knows no other account."""
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""The settings of who is the account and nobody else, for clients that look for them there."""


def client(endpoint: str, secret: str = SECRET_KEY) -> "S3Client":
    """Return a client that asks once, waits 10 s at most, and takes no proxy from anywhere."""
    return boto3.session.Session().client(
        "s3",
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=secret,
        config=Config(
            signature_version="s3v4",  # else links are signed with version 2
            connect_timeout=10,
            read_timeout=10,
            retries={"total_max_attempts": 1},
            proxies={},
            max_pool_connections=16,
            s3={"addressing_style": "path"},
        ),
    )
