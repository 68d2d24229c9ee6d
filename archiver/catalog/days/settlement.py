"""What the chain says of portal days: from which on, how often listed alike, which are settled.

And which of them a budget has left undone.
"""

import json
import sqlite3
from datetime import UTC, date, datetime, time, timedelta

from archiver.catalog.recording_rows import day_text
from archiver.domain.recordings import Report
from archiver.domain.times.window import DAY
from archiver.manifest.codec import plain
from archiver.manifest.model import Manifest, ManifestKind
from archiver.manifest.records.decisions import Decision
from archiver.manifest.records.listings import ListedDay
from archiver.overview.due_days import LOOK_BACK

PROVEN = "(is_complete OR is_accepted)"
"""Whether the last listing of a day was proven to be all of it, or a person accepted it."""
SO_FAR = f"is_sure AND {PROVEN} AND (is_accepted OR is_agreed OR agreed IS sha256)"
"""Whether the last listing says what there was of a day when it was made.

By a doubtful run it does not, unless one that is not had listed the same, or several agree on the
day: nothing that is doubtful takes that back.
"""
WHOLE = f"is_late AND {SO_FAR}"
"""Whether the last listing says what all of a day is, made when nothing of it comes any more."""
_LISTING = "SELECT report, count, sha256, proven, total, missing, lacks FROM listings"
DOUBTFUL = f"{_LISTING} WHERE day = ? AND NOT {PROVEN} ORDER BY report DESC"
UNPROVEN = (
    "SELECT report, day FROM listings WHERE NOT is_complete AND NOT is_accepted"
    " ORDER BY day, report DESC"
)
LAST_LISTING = f"{_LISTING} WHERE report = ? AND day = ? AND is_sure"
LISTED_WHOLE = f"{LAST_LISTING} AND is_agreed AND proven AND NOT missing"
"""The listing of a day that runs have agreed on, by proof alone: accepting one proves nothing."""
AGREED_IDS = "SELECT agreed FROM listings WHERE report = ? AND day = ? AND is_sure AND is_agreed"
AGREED = (
    "SELECT day FROM listings WHERE report = ?"
    " AND iif(is_sure, is_agreed, was_agreeing >= 2 AND was_looked_back)"
)
"""The days that were agreed on before any run that has not ended."""
SETTLED = (
    "SELECT day FROM listings WHERE report = ? AND day < ? AND is_sure"
    " AND (is_agreed OR is_late AND is_accepted)"
    " EXCEPT SELECT day FROM recordings WHERE open OR NOT (held OR accepted OR outcome = 'erased')"
)

_TAKE_BACK = (
    "UPDATE days SET agreed = was_agreed, agreeing = was_agreeing,"
    " looked_back = was_looked_back, is_late = was_late"
)


def take_in(database: sqlite3.Connection, manifest: Manifest) -> None:
    """Take in what a manifest says of days, and of the clock that it was written by."""
    for day in manifest.days:
        _forget_unended(database, day, manifest.run.id)
        _list(database, day, manifest.run.id, looked_back=_looked_back(manifest, day.day))
    if manifest.doubts:
        _forget(database, manifest.run.id)
    if manifest.kind is ManifestKind.RUN:
        _note_end(database, manifest.run.id, closed=manifest.run.closed)
    if manifest.since and manifest.since < (since(database) or date.max):
        database.execute("DELETE FROM since")
        database.execute("INSERT INTO since VALUES (?)", (day_text(manifest.since),))
    if manifest.asked is not None:
        with_calls = manifest.run.settings.get("calls") is not False
        asked = (manifest.asked.first.isoformat(), manifest.asked.last.isoformat(), with_calls)
        _note_asked(database, asked, is_done=manifest.accounted and not manifest.doubts)
    if manifest.backlog is not None:
        database.execute("DELETE FROM backlog")
        database.execute("INSERT INTO backlog VALUES (?)", (json.dumps(plain(manifest.backlog)),))
    if manifest.decision is not None:
        _accept(database, manifest.decision)
    if manifest.kind is ManifestKind.RUN:
        database.execute("DELETE FROM clock")
        database.execute("INSERT INTO clock VALUES (?)", (manifest.run.written.isoformat(),))
    _note_offset(database, manifest)


def _note_asked(
    database: sqlite3.Connection, asked: tuple[str, str, bool], *, is_done: bool
) -> None:
    """Note a window that was named, until a run has done all of it, or of one that it lies in.

    A run without the call log has not done what one with it was to do.
    """
    done = "DELETE FROM asked WHERE first >= ? AND last <= ? AND with_calls <= ?"
    database.execute(done if is_done else "INSERT OR IGNORE INTO asked VALUES (?, ?, ?)", asked)


def _note_offset(database: sqlite3.Connection, manifest: Manifest) -> None:
    """Note where the portal's clock stands, where a window says so."""
    offsets = [window.utc_offset_minutes for window in manifest.windows]
    for minutes in [each for each in offsets if each is not None][-1:]:
        database.execute("DELETE FROM utc_offset")
        database.execute("INSERT INTO utc_offset VALUES (?)", (minutes,))


def _list(database: sqlite3.Connection, day: ListedDay, run: str, *, looked_back: bool) -> None:
    """Note the last listing of a day, and how many runs have agreed on all there is of it.

    What ``was`` the case before the run is kept: the run may turn out to be doubtful.
    """
    listing = (day.count, day.sha256, day.proven, day.total, day.missing, day.lacks)
    database.execute(
        "INSERT INTO days VALUES"
        " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?10,"
        "  iif(?9, ?4, NULL), ?9, ?9 AND ?11, ?11, NULL, 0, FALSE, FALSE)"
        " ON CONFLICT DO UPDATE SET"
        " count = ?3, sha256 = ?4, proven = ?5, total = ?6, missing = ?7, lacks = ?8,"
        " run = ?10,"
        " was_agreed = agreed, was_agreeing = agreeing, was_looked_back = looked_back,"
        " was_late = is_late AND count = ?3 AND sha256 = ?4 AND total IS ?6 AND lacks IS ?8,"
        " is_late = ?11,"
        " agreeing = CASE WHEN NOT ?9 THEN agreeing WHEN agreed = ?4 THEN agreeing + 1 ELSE 1 END,"
        " looked_back = iif(?9, ?11, looked_back), agreed = iif(?9, ?4, agreed)",
        (day.report, day_text(day.day), *listing, day.counts, run, looked_back),
    )


def _forget(database: sqlite3.Connection, run: str) -> None:
    """Take back what a run said of days: as a whole it is doubtful, so it settles none."""
    database.execute(f"{_TAKE_BACK} WHERE run = ?", (run,))


def unsettle(database: sqlite3.Connection, day: date | None) -> None:
    """Forget what all runs said of a day's recordings: it is to be listed again, as if new."""
    database.execute(
        "DELETE FROM days WHERE report = ? AND day = ?", (Report.RECORDINGS, day_text(day))
    )


def _forget_unended(database: sqlite3.Connection, day: ListedDay, run: str) -> None:
    """Take back what was said of a day by a run that has not ended: it was killed, or goes on.

    Of the same ``run``, what it says of a day last replaces what it said of it before.
    """
    condition = "report = ? AND day = ? AND (run = ? OR run IN (SELECT run FROM running))"
    database.execute(f"{_TAKE_BACK} WHERE {condition}", (day.report, day_text(day.day), run))


def _note_end(database: sqlite3.Connection, run: str, *, closed: bool) -> None:
    """Note whether a run has ended: until then, nothing that it says of days settles any."""
    note = (
        "DELETE FROM running WHERE run = ?"
        if closed
        else "INSERT OR IGNORE INTO running VALUES (?)"
    )
    database.execute(note, (run,))


def _accept(database: sqlite3.Connection, decision: Decision) -> None:
    """Note which listings a person accepted.

    Of a decision that only names days, those are meant that were known of them by then.
    """
    if not decision.listed:
        database.executemany(
            "INSERT INTO accepted"
            " SELECT report, day, count, sha256, total, missing, lacks FROM days"
            " WHERE day = ? AND NOT (proven AND NOT missing)",
            ((day_text(day),) for day in decision.listings),
        )
    database.executemany(
        "INSERT INTO accepted VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (
                *(each.report, day_text(each.day), each.count, each.sha256),
                *(each.total, each.missing, each.lacks),
            )
            for each in decision.listed
        ),
    )


def _looked_back(manifest: Manifest, day: date) -> bool:
    """Whether a run began when nothing of a day comes any more, by the clock that it believed."""
    offset = next((each.utc_offset_minutes for each in manifest.windows), None) or 0
    began = manifest.run.began.astimezone(UTC).replace(tzinfo=None) + timedelta(minutes=offset)
    return began >= datetime.combine(day, time()) + DAY + LOOK_BACK


def since(database: sqlite3.Connection) -> date | None:
    """Return the first day that the archive answers for."""
    row = database.execute("SELECT day FROM since").fetchone()
    return date.fromisoformat(row[0]) if row else None
