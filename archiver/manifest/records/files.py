"""Files that a manifest names, and the head that it makes itself.

Sizes are bytes, hashes SHA-256 in lower-case hex.
"""

import re
from datetime import date

from msgspec import Struct

from archiver.domain.layout import calls_key, certificate_key, checked, sha12_of
from archiver.json_documents import Later

SHA256 = re.compile(r"[0-9a-f]{64}")
VERSION_NAME = re.compile(r"[!-~]{1,1024}")


def checked_sha256(text: str) -> str:
    """Return ``text`` if it is 64 lower-case hex digits; raises ``ValueError``."""
    if not SHA256.fullmatch(text):
        raise ValueError("a SHA-256 is 64 lower-case hex digits")
    return text


class Head(Struct, frozen=True):
    """A manifest's number and the SHA-256 of its file: all that lies below it is fixed by it."""

    number: int
    sha256: str

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ValueError("manifests are numbered from 1")
        checked_sha256(self.sha256)

    def __str__(self) -> str:
        return f"{self.number}:{self.sha256}"


class ArchivedFile(Struct, frozen=True):
    """A file of the archive: its key, its size, its hash.

    ``version`` is what a bucket that keeps versions calls the one that was stored.
    """

    path: str
    bytes: int
    sha256: str
    version: str | None = None

    def __post_init__(self) -> None:
        sha12 = sha12_of(self.path)
        if sha12 is None:
            checked(self.path)
        if self.bytes < 0 or sha12 is None:
            raise ValueError("not a recording's file, none of calls, and no certificate")
        if not checked_sha256(self.sha256).startswith(sha12):
            raise ValueError("the name and the hash disagree")
        if self.version is not None and not VERSION_NAME.fullmatch(self.version):
            raise ValueError("not a version's name")


class CallFile(Struct, frozen=True):
    """A file of call rows of one portal day (of their end) that were new or had changed.

    ``supersedes`` is the one that it takes the place of, where rows were erased from that.
    """

    day: date | None
    rows: int
    file: ArchivedFile
    supersedes: Later[str | None] = None

    def __post_init__(self) -> None:
        if self.rows < 1 or calls_key(self.day, self.file.sha256) != self.file.path:
            raise ValueError("not a file of calls")
        if self.supersedes is not None:
            checked(self.supersedes)


class CertificateFile(Struct, frozen=True):
    """A certificate. ``day`` is the portal day; ``supersedes`` is the one that gives way to it."""

    day: date
    file: ArchivedFile
    supersedes: str | None = None

    def __post_init__(self) -> None:
        if certificate_key(self.day, self.file.sha256) != self.file.path:
            raise ValueError("not a certificate")
        if self.supersedes is not None:
            checked(self.supersedes)


DayFile = CallFile | CertificateFile
"""A file of a day, which is no recording's."""
