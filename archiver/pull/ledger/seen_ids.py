"""The rows that a run has seen in any walk, kept on disk so that a million of them fit anywhere.

The table lives in SQLite's own unnamed temporary file: it ends with the run.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from archiver.domain.recordings import RecordingId, Report, id_bytes, id_text
from archiver.domain.row.fingerprint import Mark, mark_of, talkers
from archiver.domain.row.identity import aliases, goes_by
from archiver.manifest.state import ids_digest
from archiver.portal.proving.walk import Listed
from archiver.pull.ledger.naming import call_mark_of

_Seen = tuple[RecordingId, str | None, str | None, str | None]
"""The id that a row goes by, its time, the name of its object, and who talked."""


class SeenIds:
    """Every row of a report that was listed so far, once, by the id that it goes by.

    ``mark_of`` says what tells a row from others of its id. Used from one thread.
    """

    def __init__(self, report: Report = Report.RECORDINGS) -> None:
        self.mark_of = call_mark_of if report is Report.CALLS else mark_of
        self._db = sqlite3.connect("")
        self._db.execute(
            "CREATE TABLE seen (id BLOB PRIMARY KEY, day TEXT, at TEXT, object TEXT, talkers TEXT)"
            " WITHOUT ROWID"
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
        return {id_: self._namesakes(id_) for id_ in ids} if self._count else {}

    def has_call(self, served: RecordingId, end: datetime, talkers: str) -> bool:
        """Whether a call of this id was listed, with that end or another between those people.

        The portal may correct when a call ended. A call of others by the same id is another one.
        """
        listed = self._going_by(served)
        return any(at == end.isoformat() or who == talkers for _, at, _, who in listed)

    def of_day(self, day: date) -> tuple[int, str]:
        """Return how many rows of a portal day were listed, and the SHA-256 of their ids.

        The hash is that of :func:`archiver.manifest.state.ids_digest`.
        """
        rows = self._db.execute("SELECT id FROM seen WHERE day = ?", (day.isoformat(),))
        return ids_digest(id_text(stored) for (stored,) in rows)

    def _namesakes(self, served: RecordingId) -> dict[RecordingId, Mark]:
        return {
            id_: Mark(datetime.fromisoformat(at) if at else None, name, who)
            for id_, at, name, who in self._going_by(served)
        }

    def _going_by(self, served: RecordingId) -> Iterator[_Seen]:
        """Yield what goes by an id as served, or by an alias of it."""
        columns = "SELECT id, at, object, talkers FROM seen WHERE"
        question = f"{columns} id = ? UNION ALL {columns} id > ? AND id < ?"
        keys = [id_bytes(each) for each in (served, *aliases(served))]
        for stored, *told in self._db.execute(question, keys):
            if goes_by(id_ := id_text(stored), served):
                yield id_, *told

    def _is_new(self, listed: Listed) -> bool:
        mark = self.mark_of(listed.row)
        day, at = (mark.at.date().isoformat(), mark.at.isoformat()) if mark.at else (None, None)
        row = (id_bytes(listed.row.id), day, at, mark.object, talkers(listed.row.fields))
        insert = "INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?, ?)"
        return self._db.execute(insert, row).rowcount > 0

    def close(self) -> None:
        """Drop the table."""
        self._db.close()
