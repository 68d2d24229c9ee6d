"""What the archive knows of the portal's rows and days, to hold a listing against."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import date, datetime, time
from typing import Any

from archiver.catalog.days.settlement import AGREED
from archiver.catalog.rows import id_bytes, id_text
from archiver.domain.fingerprint import Mark, call_fingerprint
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.row_fields import row_time
from archiver.domain.row_id import alias_of, aliases, goes_by, identity
from archiver.domain.window import LATEST, Window
from archiver.json_documents import Json

NEWEST_DAYS = 5
_NEWEST = {
    Report.RECORDINGS: "SELECT id, at FROM recordings WHERE held AND source = 'recordings'"
    " AND at < ? ORDER BY at DESC, id LIMIT 2",
    Report.CALLS: "SELECT id, at FROM calls WHERE at < ? AND at <> '' ORDER BY at DESC, id LIMIT 2",
}
"""The newest two before a moment of portal time."""
_OBJECT = "iif(audio NOT NULL AND told_row IS NULL, '', told_object)"
"""A recording's object; of audio whose sidecar is lost, one that no row has."""
_OF_SOURCE = f"SELECT id, at, {_OBJECT} FROM recordings WHERE source = ?1 AND"  # noqa: S608 - constants only
_NAMESAKES = f"{_OF_SOURCE} id = ?2 UNION ALL {_OF_SOURCE} id > ?3 AND id < ?4"


class KnownRows:
    """Questions to the catalog's database, asked inside its ``place``, which names what fails."""

    def __init__(
        self,
        database: Callable[[], sqlite3.Connection],
        place: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._database = database
        self._place = place

    def newest(self, report: Report) -> Iterator[tuple[RecordingId, datetime]]:
        """Yield a few of what the archive has of a report, newest first: the portal must list them.

        They are of several days. What goes by an alias is left out, as the portal has no such id.
        """
        before = LATEST
        for _ in range(NEWEST_DAYS):
            some = self._all(_NEWEST[report], before.isoformat())
            for stored, at in some:
                if alias_of(id_text(stored)) is None:
                    yield id_text(stored), datetime.fromisoformat(at)
            if not some:
                return
            before = datetime.combine(datetime.fromisoformat(some[-1][1]), time())

    def namesakes(
        self, source: Report, served: Iterable[str]
    ) -> dict[RecordingId, dict[RecordingId, Mark]]:
        """Return what goes by these ids as served, or by aliases of them, and what tells it apart.

        Only what came from that report; ids that nothing goes by are left out.
        """
        every = {RecordingId(id_): self._namesakes(source, id_) for id_ in dict.fromkeys(served)}
        return {id_: marks for id_, marks in every.items() if marks}

    def calls(self, ids: Iterable[str]) -> dict[RecordingId, dict[datetime | None, str]]:
        """Return the fingerprints of these calls by their end, as they were archived last.

        Others are left out. Some portals give one id to several calls.
        """
        calls: defaultdict[RecordingId, dict[datetime | None, str]] = defaultdict(dict)
        for id_ in dict.fromkeys(ids):
            for at, told in self._all("SELECT at, told FROM calls WHERE id = ?", id_bytes(id_)):
                calls[RecordingId(id_)][_moment(at)] = told
        return dict(calls)

    def calls_in(self, window: Window) -> Iterator[tuple[date, RecordingId]]:
        """Yield the day and the id of each call of a window that is archived, by day and id."""
        question = "SELECT DISTINCT substr(at, 1, 10), id FROM calls WHERE at BETWEEN ? AND ?"
        span = window.first.isoformat(), window.last.isoformat()
        for day, stored in self._all(f"{question} ORDER BY 1, 2", *span):
            yield date.fromisoformat(day), id_text(stored)

    def agreed(self, report: Report) -> set[date]:
        """Return the days of which runs agreed on all there is, when no more of it would come."""
        return {date.fromisoformat(day) for (day,) in self._all(AGREED, report)}

    def _namesakes(self, source: Report, served: str) -> dict[RecordingId, Mark]:
        ids = map(id_bytes, (served, *aliases(served)))
        return {
            id_text(stored): Mark(_moment(at), name)
            for stored, at, name in self._all(_NAMESAKES, source, *ids)
            if goes_by(id_text(stored), served)
        }

    def _all(self, question: str, *values: object) -> list[Any]:
        with self._place():
            return self._database().execute(question, values).fetchall()


def enter_calls(database: sqlite3.Connection, rows: Iterable[Mapping[str, Json]]) -> None:
    """Note what the rows of a file of calls told."""
    database.executemany(
        "INSERT OR REPLACE INTO calls VALUES (?, ?, ?)",
        ((id_bytes(identity(row, Report.CALLS)), _end(row), call_fingerprint(row)) for row in rows),
    )


def _end(row: Mapping[str, Json]) -> str:
    at = row_time(row, Report.CALLS)
    return at.isoformat() if at else ""


def _moment(stored: str | None) -> datetime | None:
    return datetime.fromisoformat(stored) if stored else None
