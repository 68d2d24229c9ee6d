"""The ids that a run has seen in any walk, kept on disk so that a million of them fit anywhere.

The table lives in SQLite's own unnamed temporary file: it ends with the run.
"""

import sqlite3
from collections.abc import Iterable
from datetime import date

from archiver.manifest.book import ids_digest
from archiver.portal.paging import Listed
from archiver.recordings import RecordingId


class Seen:
    """Every row that was listed so far, once. Used from one thread."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("")
        self._db.execute("CREATE TABLE seen (id BLOB PRIMARY KEY, day TEXT) WITHOUT ROWID")
        self._db.execute("CREATE INDEX by_day ON seen (day)")
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, id_: RecordingId) -> bool:
        there = self._db.execute("SELECT 1 FROM seen WHERE id = ?", (_key(id_),))
        return there.fetchone() is not None

    def add(self, listed: Iterable[Listed]) -> tuple[Listed, ...]:
        """Take in rows; return those that are new."""
        fresh = tuple(each for each in listed if self._is_new(each))
        self._count += len(fresh)
        return fresh

    def of_day(self, day: date) -> tuple[int, str]:
        """Return how many rows of a portal day were listed, and the SHA-256 of their ids.

        The hash is that of :func:`archiver.manifest.book.ids_digest`.
        """
        rows = self._db.execute("SELECT id FROM seen WHERE day = ?", (day.isoformat(),))
        return ids_digest(id_.decode("utf-8", "surrogatepass") for (id_,) in rows)

    def _is_new(self, listed: Listed) -> bool:
        at = listed.row.at
        row = (_key(listed.row.id), at and at.date().isoformat())
        return self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", row).rowcount > 0

    def close(self) -> None:
        """Drop the table."""
        self._db.close()


def _key(id_: RecordingId) -> bytes:
    return id_.encode("utf-8", "surrogatepass")
