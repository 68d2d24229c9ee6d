"""What rows told of recordings that have no sidecar: who talked, and the name of the audio.

A recording that is listed and not stored is in the manifests by its id alone, but the calls beside
it are told apart by numbers. So its row is noted here until a sidecar tells the same. A catalog
that is made anew knows none of it before the row is listed again.
"""

import json
import sqlite3
from collections.abc import Iterable

from archiver.catalog.call_words import words_in
from archiver.catalog.recording_rows import ENDS
from archiver.domain.recordings import Row, id_bytes
from archiver.domain.row.fingerprint import object_name


def note(database: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Note what these rows tell, in place of what was noted of them before."""
    values = [(id_bytes(row.id), *_columns(row)) for row in rows]
    database.executemany("INSERT OR REPLACE INTO listed VALUES (?, ?, ?, ?, ?)", values)


def forget(database: sqlite3.Connection, key: bytes) -> None:
    """Forget the row of a recording whose sidecar was read."""
    database.execute("DELETE FROM listed WHERE id = ?", (key,))


def _columns(row: Row) -> tuple[str | int | None, ...]:
    served = (words_in(row.fields, name) for name in ENDS)
    numbers = [number for number in served if number]
    call_id = words_in(row.fields, "call_id")
    return json.dumps(numbers), row.reported_ms, call_id, object_name(row.fields)
