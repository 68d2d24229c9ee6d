"""What the chain says of portal days: from which on, how often listed alike, which are settled.

And which of them a budget has left undone.
"""

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from archiver.catalog.rows import day_text
from archiver.manifest.entry import Backlog, Manifest
from archiver.manifest.shape import plain, read
from archiver.recordings import Report
from archiver.windows import DAY

AGREEING = 2
"""So many runs must have listed the same of a day, proven, after its end."""
LOOK_BACK = timedelta(days=3)
"""So long after its end the last of them must have been: rows arrive late."""


def take_in(database: sqlite3.Connection, manifest: Manifest) -> None:
    """Take in what a manifest says of days."""
    for day in manifest.days:
        told = (day.report, day_text(day.day), day.sha256, manifest.run.id, day.proven)
        database.execute(
            "INSERT INTO days VALUES (?1, ?2, iif(?5, ?3, NULL), ?5, ?4, ?5, FALSE, ?5 AND ?6)"
            " ON CONFLICT DO UPDATE SET proven = ?5, run = ?4, agreeing = CASE"
            "  WHEN NOT ?5 OR sha256 = ?3 AND run = ?4 THEN agreeing"
            "  WHEN sha256 = ?3 THEN agreeing + 1 ELSE 1 END,"
            " looked_back = iif(?5, ?6, looked_back), sha256 = iif(?5, ?3, sha256)",
            (*told, _looked_back(manifest, day.day)),
        )
    if manifest.since and manifest.since < (since(database) or date.max):
        database.execute("DELETE FROM since")
        database.execute("INSERT INTO since VALUES (?)", (day_text(manifest.since),))
    if manifest.backlog is not None:
        database.execute("DELETE FROM backlog")
        database.execute("INSERT INTO backlog VALUES (?)", (json.dumps(plain(manifest.backlog)),))
    for accepted in manifest.decision.listings if manifest.decision else ():
        database.execute(
            "UPDATE days SET agreeing = ?2, run = ?3, accepted = TRUE, looked_back = TRUE"
            " WHERE day = ?1 AND NOT proven",
            (day_text(accepted), AGREEING, manifest.run.id),
        )


def _looked_back(manifest: Manifest, day: date) -> bool:
    """Whether a run began when nothing of a day comes any more, by the portal's clock."""
    offset = next((each.utc_offset_minutes for each in manifest.windows), None) or 0
    began = manifest.run.started.astimezone(UTC).replace(tzinfo=None) + timedelta(minutes=offset)
    return began >= datetime.combine(day, time()) + DAY + LOOK_BACK


def since(database: sqlite3.Connection) -> date | None:
    """Return the first day that the archive answers for."""
    row = database.execute("SELECT day FROM since").fetchone()
    return date.fromisoformat(row[0]) if row else None


def backlog(database: sqlite3.Connection) -> Backlog | None:
    """Return what the last run over all that is due left undone; ``None`` if none told."""
    row = database.execute("SELECT told FROM backlog").fetchone()
    return read(Backlog, json.loads(row[0])) if row else None


def accepted(database: sqlite3.Connection, report: Report) -> frozenset[date]:
    """Return the days whose listing of a report a person accepted."""
    rows = database.execute("SELECT day FROM days WHERE report = ? AND accepted", (report,))
    return frozenset(date.fromisoformat(day) for (day,) in rows)


def settled(database: sqlite3.Connection, reports: Iterable[Report], before: date) -> set[date]:
    """Return the days before one that are settled in all these reports."""
    every = [
        {
            date.fromisoformat(day)
            for (day,) in database.execute(
                "SELECT day FROM days"
                " WHERE report = ? AND day < ? AND agreeing >= ? AND looked_back"
                " EXCEPT SELECT day FROM recordings"
                "  WHERE open OR NOT (held OR accepted OR outcome = 'erased')",
                (report, day_text(before), AGREEING),
            )
        }
        for report in reports
    ]
    return set.intersection(*every) if every else set()
