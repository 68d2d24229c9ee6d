"""The state of one transfer: what came, what it must add up to, what to ask for next. Pure.

A transfer outlives its attempts and its links: it goes on where it was cut when the server proves
that the object is still the same, and begins again whenever there is any doubt.
"""

import hashlib
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Protocol

from msgspec import Struct

from archiver.errors import ArchiverError, Refused, TryAgain
from archiver.http.codings import coding_of

CAP_LEAST = 64_000_000
CAP_PER_S = 200_000
CAP_SLACK = 1_000_000
_LENGTH = re.compile(r"[0-9]{1,18}")
_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")
_STRONG = re.compile(r'"[!#-~]{1,256}"')
_MD5 = re.compile(r'"([0-9a-f]{32})"')
# An object encrypted by a key service or by the customer has an ETag that only looks like an MD5.
_ENCRYPTED = "x-amz-server-side-encryption"
_KEY_SERVICE = frozenset({"aws:kms", "aws:kms:dsse"})


def byte_cap(reported_ms: int | None) -> int:
    """Return the most bytes to take for a recording of ``reported_ms`` milliseconds.

    200 kB a second is more than uncompressed stereo at 48 kHz.
    """
    return max(CAP_LEAST, (reported_ms or 0) * CAP_PER_S // 1000 + CAP_SLACK)


class Unchanged(ArchiverError):
    """The object is still the one whose ETag the caller has: nothing was sent."""


class Hash(Protocol):
    """What this module needs of a :mod:`hashlib` hash."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""
        ...

    def hexdigest(self) -> str:
        """Return the hash of all bytes so far."""
        ...


class FetchedBody(Struct, frozen=True):
    """A whole body, now in the caller's file.

    ``length_proven`` is false when the server gave neither a length, nor chunks, nor an MD5 that
    fits, so that a cut can't be told from an end. ``md5_proven`` says that the ETag is the MD5 of
    these very bytes. ``attempts`` counts requests.
    """

    bytes: int
    sha256: str
    etag: str | None
    content_type: str | None
    length_proven: bool
    md5_proven: bool
    attempts: int


class Transfer:
    """One object on its way, at most ``cap`` bytes of it, ``unless`` it still has that ETag.

    ``offset`` is how many bytes have come and been kept; the caller's file holds just those.
    """

    def __init__(self, cap: int, unless: str | None = None) -> None:
        self.cap = cap
        self.attempts = 0
        self._unless = unless if unless and _STRONG.fullmatch(unless) else None
        self._disproved: str | None = None
        self.reset()

    @property
    def total(self) -> int | None:
        """How many bytes the object has, ``None`` where nobody has told."""
        return self._total

    def reset(self) -> None:
        """Forget what came: the next request asks for the whole object."""
        self.offset = 0
        self._total: int | None = None
        self._etag: str | None = None
        self._content_type: str | None = None
        self._ends_by_itself = False
        self._sha256: Hash = hashlib.sha256()
        self._md5: Hash | None = None

    def request(self) -> dict[str, str]:
        """Return the headers of the next request; counts it.

        Only a strong ETag can promise that the rest belongs to what is here (RFC 9110, 13.1.5), or
        that nothing has changed (13.1.2).
        """
        self.attempts += 1
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if self.offset and self._etag and _STRONG.fullmatch(self._etag):
            headers |= {"Range": f"bytes={self.offset}-", "If-Range": self._etag}
        elif self._unless:
            headers |= {"If-None-Match": self._unless}
        return headers

    def accept(self, status: int, headers: Mapping[str, str]) -> None:
        """Hold a 200, 206, 304 or 416 against what was asked; header names are lower case.

        Afterwards the body belongs at ``offset``: a 200 begins the object again. Raises Refused for
        what we would never keep, TryAgain (from the first byte) for a part that is not the missing
        one, Unchanged when the object is what it was.
        """
        if status == HTTPStatus.NOT_MODIFIED:
            if self._unless:
                raise Unchanged("The audio is what it was.")
            raise Refused("The media server sent nothing, as if that had been asked for.")
        if coding := coding_of(headers.get("content-encoding")):
            raise Refused(
                f"The media server sends the recording encoded ({coding}), though asked not to.",
                advice="Ask the provider to store it as it is, without Content-Encoding.",
            )
        if status == HTTPStatus.OK:
            self.reset()
            self._begin(headers)
        elif status != HTTPStatus.PARTIAL_CONTENT or not self._continues(headers):
            self.reset()
            raise TryAgain("The media server sent another part than the one asked for.")

    def take(self, data: bytes) -> None:
        """Count and hash the next bytes; raises Refused over the cap."""
        if self.offset + len(data) > self.cap:
            raise self._oversize()
        self.offset += len(data)
        self._sha256.update(data)
        if self._md5:
            self._md5.update(data)

    def finish(self) -> FetchedBody:
        """Return what came, at the end of a body; raises TryAgain if it is not the whole object.

        An ETag that contradicts the same bytes twice is no MD5, or not of them: then it proves
        nothing, and the audio must speak for itself. Where nothing told the end either, bytes that
        it contradicts are never taken: a cut may come twice at the same place.
        """
        if self._total is not None and self.offset != self._total:
            raise TryAgain(f"The media server sent {self.offset} of {self._total} bytes.")
        sha256 = self._sha256.hexdigest()
        md5_proven = self._md5 is not None and self._etag == f'"{self._md5.hexdigest()}"'
        is_framed = self._total is not None or self._ends_by_itself
        is_new = self._disproved != sha256
        if self._md5 and not md5_proven and (is_new or not is_framed):
            self._disproved = sha256
            self.reset()
            raise TryAgain("The bytes that came are not those that the ETag promises.")
        return FetchedBody(
            bytes=self.offset,
            sha256=sha256,
            etag=self._etag,
            content_type=self._content_type,
            length_proven=is_framed or md5_proven,
            md5_proven=md5_proven,
            attempts=self.attempts,
        )

    def _begin(self, headers: Mapping[str, str]) -> None:
        length = headers.get("content-length", "")
        self._total = int(length) if _LENGTH.fullmatch(length) else None
        if self._total is not None and self._total > self.cap:
            raise self._oversize()
        self._etag = headers.get("etag")
        self._content_type = headers.get("content-type")
        self._ends_by_itself = "chunked" in headers.get("transfer-encoding", "").lower()
        keyed = headers.get(_ENCRYPTED) in _KEY_SERVICE
        keyed = keyed or f"{_ENCRYPTED}-customer-algorithm" in headers
        if self._etag and _MD5.fullmatch(self._etag) and not keyed:
            self._md5 = hashlib.md5(usedforsecurity=False)

    def _continues(self, headers: Mapping[str, str]) -> bool:
        part = _RANGE.fullmatch(headers.get("content-range", ""))
        if not self.offset or part is None or headers.get("etag") != self._etag:
            return False
        first, last, total = (int(number) for number in part.groups())
        if self._total is None:
            self._total = total
        return (first, last + 1, total) == (self.offset, self._total, self._total)

    def _oversize(self) -> Refused:
        return Refused(
            f"The recording is larger than {self.cap} bytes, far more than its length calls for."
        )
