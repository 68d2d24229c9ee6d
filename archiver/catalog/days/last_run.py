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
    became of them.
    """

    manifest: int
    began: datetime
    written: datetime
    closed: bool
    accounted: bool
    clean: bool
    new_findings: int
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
        {str(outcome): count for outcome, count in manifest.outcomes.items()},
        manifest.doubts,
    )
    database.execute("DELETE FROM last_run")
    database.execute("INSERT INTO last_run VALUES (?)", (json.dumps(plain(told)),))


def last_run_of(row: tuple[object, ...]) -> LastRun:
    """Return what was noted."""
    return read(LastRun, json.loads(str(row[0])))
