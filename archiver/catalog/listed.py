"""What rows told of recordings that have no sidecar: who talked, and the name of the audio.

A recording that is listed and not stored is in the manifests by its id alone, but the calls beside
it are told apart by numbers. So its row is noted here until a sidecar tells the same. A catalog
that is made anew knows none of it before the row is listed again.
"""

import json
import sqlite3
from collections.abc import Iterable

from archiver.catalog.recording_rows import id_bytes, told_in
from archiver.domain.recordings import Row


def note(database: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Note what these rows tell, in place of what was noted of them before."""
    values = [(id_bytes(row.id), *_columns(row)) for row in rows]
    database.executemany("INSERT OR REPLACE INTO listed VALUES (?, ?, ?, ?, ?)", values)


def forget(database: sqlite3.Connection, key: bytes) -> None:
    """Forget the row of a recording whose sidecar was read."""
    database.execute("DELETE FROM listed WHERE id = ?", (key,))


def _columns(row: Row) -> tuple[str | int | None, ...]:
    told = told_in(row.fields, row.reported_ms)
    name = told.fingerprint.object if told.fingerprint else None
    return json.dumps(told.numbers), told.reported_ms, told.call_id, name
