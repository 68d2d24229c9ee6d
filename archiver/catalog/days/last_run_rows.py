"""How the last runs of the chain ended, kept beside the days so that no manifest must be read."""

import json
import sqlite3
from datetime import UTC

from archiver.domain.times.window import DAY
from archiver.manifest.codec import plain, read
from archiver.manifest.model import Manifest
from archiver.overview.archive_figures import LastRun
from archiver.overview.due_days import LATE
from archiver.overview.skipped_days import A_JOB


def note_run(database: sqlite3.Connection, manifest: Manifest) -> None:
    """Note what a manifest of a run says of it, in place of the run before.

    One over a window that was named takes the place of none that was over all that is due.
    """
    run, left = manifest.run, manifest.backlog
    is_proven = _is_proven(database, manifest)
    told = LastRun(
        manifest.number,
        run.began,
        run.written,
        run.closed,
        manifest.accounted,
        manifest.clean,
        manifest.findings.new,
        manifest.findings.open,
        _unfinished(database),
        run.portal_clock,
        {str(outcome): count for outcome, count in manifest.outcomes.items()},
        manifest.doubts,
        is_proven,
        is_proven and not manifest.accounted and left is not None and not left.stalled,
        manifest.behind,
        _nights(_before(database), manifest),
    )
    note = "INSERT OR REPLACE INTO last_run VALUES (?, ?)"
    kinds = (False,) if manifest.asked else (False, True)
    database.executemany(note, [(each, json.dumps(plain(told))) for each in kinds])


def _before(database: sqlite3.Connection) -> LastRun | None:
    row = database.execute("SELECT told FROM last_run WHERE NOT is_of_due").fetchone()
    return last_run_of(row) if row else None


def _nights(before: LastRun | None, manifest: Manifest) -> int:
    """Return on how many days, one soon after the other, runs had a window that had just ended.

    One over a window of long ago, typed by hand in between, changes nothing. A job goes on after a
    pause, whose days count as well: what is typed by hand before its next night lists none of them.
    """
    asked, written = manifest.asked, manifest.run.written
    if asked is None:
        return 0
    so_far, pause = before.nights if before else 0, written - before.written if before else DAY
    if pause > LATE:
        so_far = so_far + pause.days if so_far >= A_JOB else 0
    if asked.last.replace(tzinfo=UTC) < written - 2 * DAY:
        return so_far
    is_same = so_far and before and before.written.date() == written.date()
    return so_far if is_same else so_far + 1


def _is_proven(database: sqlite3.Connection, manifest: Manifest) -> bool:
    """Whether each listing of a run was proven so far; others may write between its manifests."""
    run = (manifest.run.id,)
    if not all(window.proven for window in manifest.windows):
        database.execute("INSERT OR IGNORE INTO unproven_runs VALUES (?)", run)
    question = "SELECT 1 FROM unproven_runs WHERE run = ?"
    return database.execute(question, run).fetchone() is None


def _unfinished(database: sqlite3.Connection) -> int:
    question = "SELECT count(DISTINCT manifest) FROM begun_erasures"
    return int(database.execute(question).fetchone()[0])


def last_run_of(row: tuple[object, ...]) -> LastRun:
    """Return what was noted."""
    return read(LastRun, json.loads(str(row[0])))
