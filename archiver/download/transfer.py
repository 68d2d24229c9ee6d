"""The state of one transfer: what to ask next, and what an answer means for the bytes at hand.

No I/O: ``http`` sends what :meth:`Transfer.headers` says and hands back each answer's head. An
interrupted transfer goes on only where the server proves that it is the same object (206, the right
Content-Range, the same strong ETag, RFC 9110 13.1.5 and 14.4); otherwise it starts over.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from archiver.errors import Refused, TryAgain

if TYPE_CHECKING:
    from hashlib import _Hash

OK = 200
PARTIAL = 206
CAP_AT_LEAST = 64_000_000
CAP_BYTES_A_SECOND = 200_000
CAP_EXTRA = 1_000_000
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_MD5 = re.compile(r'"([0-9a-f]{32})"')


def byte_cap(reported_ms: int | None) -> int:
    """Return how many bytes a recording of that length may have; never under 64 MB."""
    by_length = (reported_ms or 0) // 1000 * CAP_BYTES_A_SECOND + CAP_EXTRA
    return max(CAP_AT_LEAST, by_length)


class Next(Enum):
    """Where the body of an answer belongs."""

    START_OVER = auto()
    APPEND = auto()


@dataclass(slots=True)
class Transfer:
    """One object on its way into a part file; ``cap`` is the most bytes it may have."""

    cap: int
    received: int = 0
    total: int | None = None
    etag: str | None = None
    content_type: str | None = None
    attempts: int = 0
    _sha256: "_Hash" = field(default_factory=hashlib.sha256)
    _md5: "_Hash | None" = None

    def headers(self) -> dict[str, str]:
        """Return what to ask: the rest of a known object, or the whole."""
        if self.received and self._can_resume:
            return {"Range": f"bytes={self.received}-", "If-Range": self.etag or ""}
        return {}

    def accept(self, status: int, headers: Mapping[str, str]) -> Next:
        """Take an answer's head (200 or 206); raises :class:`Refused` or :class:`TryAgain`."""
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"", "identity"}:
            raise Refused("the media server sends it compressed, which was not asked for")
        length = _length(headers.get("content-length"))
        if status == PARTIAL:
            self._check_range(headers)
            return Next.APPEND
        if length is not None and length > self.cap:
            raise Refused(f"it is larger than {self.cap} bytes, too large for its length")
        self._begin(headers, length)
        return Next.START_OVER

    def take(self, chunk: bytes) -> None:
        """Count and hash a piece of the body; raises :class:`Refused` above the cap."""
        self.received += len(chunk)
        if self.received > self.cap:
            raise Refused(f"it does not end: more than {self.cap} bytes, too large for its length")
        self._sha256.update(chunk)
        if self._md5 is not None:
            self._md5.update(chunk)

    def finish(self) -> None:
        """Check the body's end against what was announced; raises :class:`TryAgain`."""
        if self.total is not None and self.received != self.total:
            received, total, self.total = self.received, self.total, self.total
            if received > total:
                self.forget()
            raise TryAgain(f"the transfer ended after {received} of {total} bytes")
        if self._md5 is not None and not self.md5_proven:
            self.forget()
            raise TryAgain("its bytes are not those of its ETag")

    def forget(self) -> None:
        """Make the next attempt start over."""
        self.received = 0
        self.etag = None

    @property
    def sha256(self) -> str:
        """The SHA-256 of the bytes so far, in hex."""
        return self._sha256.hexdigest()

    @property
    def length_proven(self) -> bool:
        """Whether the server announced the length that was received."""
        return self.total is not None and self.received == self.total

    @property
    def md5_proven(self) -> bool:
        """Whether the bytes hash to an ETag that is an MD5 (single-part objects)."""
        return self._md5 is not None and f'"{self._md5.hexdigest()}"' == self.etag

    @property
    def _can_resume(self) -> bool:
        return self.etag is not None and self.total is not None and self.received < self.total

    def _begin(self, headers: Mapping[str, str], length: int | None) -> None:
        etag = headers.get("etag")
        self.received, self.total = 0, length
        self.etag = etag if etag and etag.startswith('"') else None
        self.content_type = headers.get("content-type")
        self._sha256 = hashlib.sha256()
        single_part = self.etag is not None and _MD5.fullmatch(self.etag)
        self._md5 = hashlib.md5(usedforsecurity=False) if single_part else None

    def _check_range(self, headers: Mapping[str, str]) -> None:
        """Make sure that a 206 is exactly the rest of the same object."""
        found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
        expected = (self.received, (self.total or 0) - 1, self.total)
        if not self.received or found is None or tuple(map(int, found.groups())) != expected:
            self.forget()
            raise TryAgain("the media server sent another part than the one asked for")
        if headers.get("etag", self.etag) != self.etag:
            self.forget()
            raise TryAgain("the object changed while it was fetched")


def _length(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004 - 64 bits
