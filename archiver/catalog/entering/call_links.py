"""Which call each recording is of, as far as it was worked out, and of which days it was not yet.

``archiver.calls.linking`` works it out. A manifest that names recordings or calls of a day makes it
and the days beside it doubtful again: near midnight they have calls in common.
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from archiver.catalog.call_words import CallWords, Source, note
from archiver.catalog.recording_rows import day_text
from archiver.domain.recordings import RecordingId, id_bytes
from archiver.domain.times.window import DAY

Link = tuple[RecordingId, CallWords]
"""A call's id, and what its row says of it."""


def unlink(database: sqlite3.Connection, days: Iterable[date | None]) -> None:
    """Note that it is to be worked out anew for these days, and for those beside them."""
    touched = {day + step * DAY for day in days if day for step in (-1, 0, 1)}
    database.executemany(
        "INSERT OR IGNORE INTO unlinked VALUES (?)", ((day_text(day),) for day in sorted(touched))
    )


def link(
    database: sqlite3.Connection, days: Collection[date], calls: Mapping[RecordingId, Link]
) -> None:
    """Note the calls of all recordings of these days, in place of what was worked out before."""
    texts = [(day_text(day),) for day in days]
    database.executemany(
        "DELETE FROM call_words WHERE source = 'call'"
        " AND id IN (SELECT id FROM recordings WHERE day = ?)",
        texts,
    )
    for recording, (call, words) in calls.items():
        note(database, id_bytes(recording), Source.CALL, words, id_bytes(call))
    database.executemany("DELETE FROM unlinked WHERE day = ?", texts)
