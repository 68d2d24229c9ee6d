"""What was asked for in an export: a private file, which the chain names by its hash.

Personal data, like a sidecar: a filter may hold phone numbers. The salt, 32 random bytes, makes the
file's hash in the chain say nothing about a number that somebody tries.
"""

from collections.abc import Mapping

from msgspec import Struct

from archiver.domain.recordings import RecordingId
from archiver.json_documents import Json, Later, dumps, loads
from archiver.manifest.codec import plain, read
from archiver.manifest.format import checked_format, refuse_newer
from archiver.manifest.records.files import checked_sha256

MAX_BYTES = 64 << 20


class HandoverFilter(Struct, frozen=True):
    """Which recordings somebody asked for.

    ``export`` is the id of the run that entered it. ``filters`` are as they were typed.
    ``recordings`` passed them and are held. ``sha256`` is over their sorted ids, each with a
    newline after it. ``salt`` is 64 hex digits. ``ids`` are those recordings, in their order.
    """

    format: int
    export: str
    filters: Mapping[str, Json]
    recordings: int
    sha256: str
    salt: str
    ids: Later[tuple[RecordingId, ...]] = ()

    def __post_init__(self) -> None:
        checked_format(self.format)
        checked_sha256(self.sha256)

    def to_json(self) -> bytes:
        """Return the file."""
        return dumps(plain(self), indent=2)

    @classmethod
    def from_json(cls, text: bytes) -> "HandoverFilter":
        """Read the file; raises :class:`archiver.json_documents.BadDocument`."""
        document = loads(text, max_bytes=MAX_BYTES)
        refuse_newer(document, "filter of an export")
        return read(cls, document)
