"""AWS Signature Version 4, written out from Amazon's S3 API reference.

"Authenticating Requests (AWS Signature Version 4)". It shares nothing with botocore's signer, so
that what one of the two gets wrong the other refuses.
"""

import hashlib
import hmac
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from msgspec import Struct

ALGORITHM = "AWS4-HMAC-SHA256"
STAMP = "%Y%m%dT%H%M%SZ"
"""How the moment of signing is written (UTC)."""


class Signed(Struct, frozen=True):
    """What a signature vouches for.

    ``path`` is as it came, quoted, ``fields`` are the query's, unquoted. ``headers`` are those that
    are signed, names in lower case. ``payload`` is the body's SHA-256 or what stands in its place.
    ``scope`` is day, region, service and ``aws4_request``, with slashes between.
    """

    method: str
    path: str
    fields: Mapping[str, str]
    headers: Mapping[str, str]
    payload: str
    stamp: str
    scope: str

    def signature(self, secret: str) -> str:
        """Return the signature that ``secret`` makes of this, in hex."""
        digest = hashlib.sha256(self._canonical().encode()).hexdigest()
        text = f"{ALGORITHM}\n{self.stamp}\n{self.scope}\n{digest}"
        return hmac.new(_key(secret, self.scope), text.encode(), hashlib.sha256).hexdigest()

    def _canonical(self) -> str:
        names = sorted(self.headers)
        headers = "".join(f"{name}:{' '.join(self.headers[name].split())}\n" for name in names)
        query = "&".join(
            f"{quote(name, safe='~')}={quote(value, safe='~')}"
            for name, value in sorted(self.fields.items())
        )
        return "\n".join((self.method, self.path, query, headers, ";".join(names), self.payload))


@lru_cache(maxsize=16)
def _key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
