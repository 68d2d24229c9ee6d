"""The ids that a run has seen in any walk, kept on disk so that a million of them fit anywhere.

The table lives in SQLite's own unnamed temporary file: it ends with the run.
"""

import sqlite3
from collections.abc import Iterable

from archiver.portal.paging import Listed


class Seen:
    """Every row that was listed so far, once. Used from one thread."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("")
        self._db.execute("CREATE TABLE seen (id BLOB PRIMARY KEY) WITHOUT ROWID")
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, listed: Iterable[Listed]) -> tuple[Listed, ...]:
        """Take in rows; return those that are new."""
        fresh = tuple(each for each in listed if self._is_new(each))
        self._count += len(fresh)
        return fresh

    def _is_new(self, listed: Listed) -> bool:
        id_ = listed.row.id.encode("utf-8", "surrogatepass")
        return self._db.execute("INSERT OR IGNORE INTO seen VALUES (?)", (id_,)).rowcount > 0

    def close(self) -> None:
        """Drop the table."""
        self._db.close()
