"""Requests as no client library would send them, signed all the same."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
from msgspec import Struct, field

from archiver.sandbox.media.presigned import ACCESS_KEY, REGION, SECRET_KEY
from archiver.sandbox.media.signature import ALGORITHM, STAMP, Signed
from tests.clients import plain_client
from tests.s3.guard import Guard


class Signing(Struct, frozen=True):
    """How a request is signed: as it should be, unless told otherwise."""

    key: str = ACCESS_KEY
    secret: str = SECRET_KEY
    region: str = REGION
    unsigned: frozenset[str] = frozenset()
    """Headers that are sent and not signed."""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


def send(  # noqa: PLR0913 - the parts of a request
    guard: Guard,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    signing: Signing | None = None,
) -> httpx.Response:
    """Send a request and return the answer; ``headers`` are in lower case, ``path`` is quoted.

    A query is the name of a part alone: ``/bucket?delete``.
    """
    how = signing or Signing()
    stamp = how.at.strftime(STAMP)
    scope = f"{stamp[:8]}/{how.region}/s3/aws4_request"
    sent = {
        "host": guard.endpoint.removeprefix("http://"),
        "x-amz-date": stamp,
        "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
        **(headers or {}),
    }
    signed = {name: value for name, value in sent.items() if name not in how.unsigned}
    target, _, part = path.partition("?")
    query = {part: ""} if part else {}
    claim = Signed(method, target, query, signed, sent["x-amz-content-sha256"], stamp, scope)
    sent["authorization"] = (
        f"{ALGORITHM} Credential={how.key}/{scope}, SignedHeaders={';'.join(sorted(signed))},"
        f" Signature={claim.signature(how.secret)}"
    )
    with plain_client() as client:
        return client.request(method, guard.endpoint + path, content=body, headers=sent)


def code(answer: httpx.Response) -> tuple[int, str]:
    """Return an answer's status and the code of its error document."""
    return answer.status_code, answer.text.partition("<Code>")[2].partition("</")[0]
