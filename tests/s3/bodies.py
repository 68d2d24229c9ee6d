"""What the tests store, and its checksums as their headers have them."""

import hashlib
import zlib
from base64 import b64encode

BODY = b"the bytes of a recording"
OTHER = b"quite other bytes"


def sha256(body: bytes) -> str:
    return b64encode(hashlib.sha256(body).digest()).decode()


def crc32(body: bytes) -> str:
    return b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


def md5(body: bytes) -> str:
    return b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
