"""``ARCHIVE.json``: which archive this is, and of which portal. Written once, never changed.

Every manifest names the SHA-256 of this file, so a change of it is found by whoever kept a head.
Archives that were begun before manifests did so get the name with the next manifest.
"""

import hashlib
import uuid
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct

from archiver.domain.layout import ARCHIVE_KEY
from archiver.json_documents import BadDocument, dumps, loads
from archiver.manifest.codec import plain, read
from archiver.manifest.format import FORMAT, checked_format, refuse_newer

_MOST_BYTES = 1 << 16
V = TypeVar("V")


class ArchiveFile(Struct, frozen=True):
    """Which archive it is, with a check of its own.

    ``archive`` is a random UUID that every manifest repeats. ``endpoint`` is the portal's address.
    ``sha256`` is over the two, a newline after each.
    """

    format: int
    archive: str
    endpoint: str
    sha256: str

    def __post_init__(self) -> None:
        checked_format(self.format)
        if self.sha256 != _check_of(self.archive, self.endpoint):
            raise ValueError("its own check says that it was changed")

    @classmethod
    def new(cls, endpoint: str) -> "ArchiveFile":
        """Return a new archive of the portal at ``endpoint``."""
        archive = str(uuid.uuid4())
        return cls(FORMAT, archive, endpoint, _check_of(archive, endpoint))

    @classmethod
    def from_json(cls, text: bytes) -> "ArchiveFile":
        """Read the file; raises :class:`BadDocument` unless it is one to the last byte."""
        document = loads(text, max_bytes=_MOST_BYTES)
        refuse_newer(document, ARCHIVE_KEY)
        archive = read(cls, document)
        if archive.to_json() != text:
            raise BadDocument("it has bytes that were added or changed")
        return archive

    def to_json(self) -> bytes:
        """Return the file."""
        return dumps(plain(self), indent=2)

    @property
    def digest(self) -> str:
        """The SHA-256 of the file: there is only one text that says this."""
        return _digest_of(self)


def oldest_whole(
    versions: Iterable[V], read: Callable[[V], bytes | None]
) -> tuple[V, ArchiveFile] | None:
    """Return the oldest version of the file that holds up, and what it says.

    ``versions`` come the oldest first, ``read`` returns the bytes of one, ``None`` if they can't be
    had. Raises :class:`BadDocument` where there are some and none holds up.
    """
    damage: BadDocument | None = None
    for each in versions:
        text = read(each)
        try:
            if text is not None:
                return each, ArchiveFile.from_json(text)
        except BadDocument as error:
            damage = damage or error
    if damage is not None:
        raise damage
    return None


@lru_cache(maxsize=4)
def _digest_of(archive: ArchiveFile) -> str:
    """Return the SHA-256 of the file; each manifest of a chain is held to it."""
    return hashlib.sha256(archive.to_json()).hexdigest()


def _check_of(archive: str, endpoint: str) -> str:
    return hashlib.sha256(f"{archive}\n{endpoint}\n".encode()).hexdigest()
