"""What a manifest changes in the catalog's holds: they are fed by the chain alone."""

import sqlite3
from datetime import datetime

from archiver.domain.recordings import id_bytes
from archiver.json_documents import dumps
from archiver.manifest.codec import plain
from archiver.manifest.model import Manifest
from archiver.manifest.records.holds import HoldAction, HoldChange


def take_in(database: sqlite3.Connection, manifest: Manifest) -> None:
    """Take in the holds that a manifest adds or releases."""
    for each in manifest.holds:
        if each.action is HoldAction.ADDED:
            _add(database, each, manifest.run.started)
        elif each.recordings:
            _release_some(database, each, manifest.run.started)
        else:
            _end(database, each, manifest.run.started)


def _add(database: sqlite3.Connection, change: HoldChange, at: datetime) -> None:
    future = dumps(plain(change.future)).decode() if change.future else None
    told = (change.hold, change.matter, change.by, change.reason, plain(at), future)
    database.execute("INSERT INTO holds VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, NULL)", told)
    _note(database, "INSERT OR IGNORE INTO bound VALUES (?, ?)", change)


def _release_some(database: sqlite3.Connection, change: HoldChange, at: datetime) -> None:
    pairs = [(change.hold, id_bytes(each)) for each in change.recordings]
    database.executemany("DELETE FROM bound WHERE hold = ? AND id = ?", pairs)
    _note(database, "INSERT OR IGNORE INTO unbound VALUES (?, ?)", change)
    question = "SELECT 1 FROM bound WHERE hold = ? UNION SELECT 1 FROM holds WHERE number = ?"
    question += " AND future NOT NULL"
    if database.execute(question, (change.hold, change.hold)).fetchone() is None:
        _end(database, change, at)


def _end(database: sqlite3.Connection, change: HoldChange, at: datetime) -> None:
    """Note that a hold binds nothing more; what it bound stays, to be told of."""
    told = (plain(at), change.by, change.reason, change.hold)
    database.execute(
        "UPDATE holds SET released_at = ?, released_by = ?, released_why = ?"
        " WHERE number = ? AND released_at IS NULL",
        told,
    )


def _note(database: sqlite3.Connection, insert: str, change: HoldChange) -> None:
    pairs = [(change.hold, id_bytes(each)) for each in change.recordings]
    database.executemany(insert, pairs)
