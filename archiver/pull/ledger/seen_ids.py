"""The rows that a run has seen in any walk, kept on disk so that a million of them fit anywhere.

The table lives in SQLite's own unnamed temporary file: it ends with the run.
"""

import sqlite3
from collections.abc import Callable, Iterable
from datetime import date, datetime

from archiver.domain.recordings import RecordingId, Row, id_bytes, id_text
from archiver.domain.row.fingerprint import Mark, mark_of
from archiver.domain.row.identity import aliases, goes_by
from archiver.manifest.state import ids_digest
from archiver.portal.proving.walk import Listed


class SeenIds:
    """Every row that was listed so far, once, by the id that it goes by. Used from one thread.

    ``mark_of`` says what tells a row from others of its id.
    """

    def __init__(self, mark_of: Callable[[Row], Mark] = mark_of) -> None:
        self._mark_of = mark_of
        self._db = sqlite3.connect("")
        self._db.execute(
            "CREATE TABLE seen (id BLOB PRIMARY KEY, day TEXT, at TEXT, object TEXT) WITHOUT ROWID"
        )
        self._db.execute("CREATE INDEX by_day ON seen (day)")
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, id_: RecordingId) -> bool:
        there = self._db.execute("SELECT 1 FROM seen WHERE id = ?", (id_bytes(id_),))
        return there.fetchone() is not None

    def add(self, listed: Iterable[Listed]) -> tuple[Listed, ...]:
        """Take in rows; return those that are new."""
        fresh = tuple(each for each in listed if self._is_new(each))
        self._count += len(fresh)
        return fresh

    def namesakes(self, ids: Iterable[RecordingId]) -> dict[RecordingId, dict[RecordingId, Mark]]:
        """Return what goes by these ids, or by aliases of them, and what tells it apart."""
        return {id_: dict(self._namesakes(id_)) for id_ in ids} if self._count else {}

    def of_day(self, day: date) -> tuple[int, str]:
        """Return how many rows of a portal day were listed, and the SHA-256 of their ids.

        The hash is that of :func:`archiver.manifest.state.ids_digest`.
        """
        return ids_digest(self.ids_of(day))

    def ids_of(self, day: date) -> set[RecordingId]:
        """Return the ids of the rows of a portal day that were listed."""
        rows = self._db.execute("SELECT id FROM seen WHERE day = ?", (day.isoformat(),))
        return {id_text(stored) for (stored,) in rows}

    def _namesakes(self, served: RecordingId) -> Iterable[tuple[RecordingId, Mark]]:
        question = (
            "SELECT id, at, object FROM seen WHERE id = ?"
            " UNION ALL SELECT id, at, object FROM seen WHERE id > ? AND id < ?"
        )
        keys = [id_bytes(each) for each in (served, *aliases(served))]
        for stored, at, name in self._db.execute(question, keys):
            if goes_by(id_ := id_text(stored), served):
                yield id_, Mark(at and datetime.fromisoformat(at), name)

    def _is_new(self, listed: Listed) -> bool:
        mark = self._mark_of(listed.row)
        day, at = (mark.at.date().isoformat(), mark.at.isoformat()) if mark.at else (None, None)
        row = (id_bytes(listed.row.id), day, at, mark.object)
        return self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?)", row).rowcount > 0

    def close(self) -> None:
        """Drop the table."""
        self._db.close()
