"""What a standing hold binds: a private file, which the chain names by its hash.

Personal data, like a sidecar: a filter may hold phone numbers. The salt, 32 random bytes, makes the
file's hash in the chain say nothing about a number that somebody tries.
"""

from contextlib import suppress

from msgspec import Struct

from archiver.errors import UsageError
from archiver.filters.filters import Filters
from archiver.json_documents import dumps, loads
from archiver.manifest.codec import plain, read
from archiver.manifest.documents import Documents
from archiver.manifest.format import checked_format, refuse_newer
from archiver.manifest.records.files import ArchivedFile

MAX_BYTES = 4 << 20


class HoldFilter(Struct, frozen=True):
    """Which recordings a standing hold binds, whenever they are archived.

    ``filters`` are as they were meant when the hold was added: times are the portal's own, and ids
    whole. ``salt`` is 64 hex digits.
    """

    format: int
    filters: Filters
    salt: str

    def __post_init__(self) -> None:
        checked_format(self.format)

    def to_json(self) -> bytes:
        """Return the file."""
        return dumps(plain(self), indent=2)

    @classmethod
    def from_json(cls, text: bytes) -> "HoldFilter":
        """Read the file; raises :class:`archiver.json_documents.BadDocument`."""
        document = loads(text, max_bytes=MAX_BYTES)
        refuse_newer(document, "filter of a hold")
        return read(cls, document)


def filters_in(documents: Documents, file: ArchivedFile) -> Filters | None:
    """Return what a standing hold's filter asks for; ``None`` where it can't be read."""
    with suppress(UsageError):  # it is of a later version
        found = documents.parsed(file, HoldFilter.from_json)
        return found.filters if found else None
    return None
