"""How the last run of the chain ended, kept beside the days so that no manifest must be read."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from archiver.manifest.codec import plain, read
from archiver.manifest.model import Manifest


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the last manifest of a run says of it: when it was written (UTC), and how it stands.

    A run that is not ``closed`` goes on, or was cut off. ``outcomes`` counts recordings by what
    became of them. When it was written, so many findings of the archive were open, and so many
    ``unfinished_erasures`` not at their end. ``portal_clock`` is what the portal's showed (UTC)
    when it began.
    """

    manifest: int
    began: datetime
    written: datetime
    closed: bool
    accounted: bool
    clean: bool
    new_findings: int
    open_findings: int
    unfinished_erasures: int
    portal_clock: datetime | None
    outcomes: Mapping[str, int]
    doubts: tuple[str, ...]


def note_run(database: sqlite3.Connection, manifest: Manifest) -> None:
    """Note what a manifest of a run says of it, in place of the run before."""
    run = manifest.run
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
    )
    database.execute("DELETE FROM last_run")
    database.execute("INSERT INTO last_run VALUES (?)", (json.dumps(plain(told)),))


def _unfinished(database: sqlite3.Connection) -> int:
    question = "SELECT count(DISTINCT manifest) FROM begun_erasures"
    return int(database.execute(question).fetchone()[0])


def last_run_of(row: tuple[object, ...]) -> LastRun:
    """Return what was noted."""
    return read(LastRun, json.loads(str(row[0])))
