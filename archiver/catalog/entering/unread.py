"""Documents that could not be read when the manifest was taken in that names them.

That may pass: a connection breaks off, a disk comes back, a repair puts a file back. So it is noted
which they are, and whoever opens the catalog tries them again.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from archiver.catalog.recording_rows import SearchFields
from archiver.domain.recordings import RecordingId, id_bytes
from archiver.json_documents import Json
from archiver.manifest.records.files import ArchivedFile

CallRows = Mapping[str, Sequence[Mapping[str, Json]] | None]
"""The rows of files of calls, by their paths; ``None`` for one that can't be read."""
Told = tuple[ArchivedFile, RecordingId, SearchFields]
"""A sidecar, the recording that it is of, and what it tells."""


def note(database: sqlite3.Connection, sidecars: Iterable[Told], calls: CallRows) -> None:
    """Note which of these can't be read, and of the others that they can."""
    told: list[tuple[str, bytes | None, bool]] = [
        *((file.path, id_bytes(id_), fields.is_read) for file, id_, fields in sidecars),
        *((path, None, rows is not None) for path, rows in calls.items()),
    ]
    read = [(path,) for path, _, is_read in told if is_read]
    unread = [(path, id_) for path, id_, is_read in told if not is_read]
    database.executemany("DELETE FROM unread WHERE path = ?", read)
    database.executemany("INSERT OR IGNORE INTO unread VALUES (?, ?)", unread)
