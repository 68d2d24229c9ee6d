"""The catalog's tables, and opening its file: private, whole and of this version, or begun anew.

Ids and numbers are bytes in UTF-8, so that any text a portal serves fits and sorts as manifests
sort.
"""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

VERSION = 7
_DAMAGED = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})

_TABLES = """
CREATE TABLE followed (number INTEGER NOT NULL, sha256 TEXT NOT NULL);
CREATE TABLE recordings (
    id BLOB PRIMARY KEY,
    day TEXT NOT NULL,
    at TEXT,
    outcome TEXT NOT NULL,
    verdict TEXT,
    audio TEXT, audio_bytes INTEGER, audio_sha256 TEXT, audio_version TEXT,
    sidecar TEXT, sidecar_bytes INTEGER, sidecar_sha256 TEXT, sidecar_version TEXT,
    refused TEXT, refused_bytes INTEGER, refused_sha256 TEXT, refused_version TEXT,
    refusal TEXT, refusal_bytes INTEGER, refusal_sha256 TEXT, refusal_version TEXT,
    attempts INTEGER NOT NULL,
    reasons TEXT NOT NULL,
    held INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    tried_at TEXT,
    source TEXT NOT NULL,
    concerns TEXT NOT NULL,
    kind TEXT NOT NULL,
    open INTEGER NOT NULL,
    agent TEXT, agent_key TEXT,
    reported_ms INTEGER,
    told_row TEXT, told_object TEXT, call_id TEXT,
    numbers TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX by_day ON recordings (day, id);
CREATE INDEX by_time ON recordings (at);
CREATE INDEX by_bytes ON recordings (audio_sha256);
CREATE INDEX by_finding ON recordings (open) WHERE open;
CREATE INDEX unsettled ON recordings (day)
    WHERE open OR NOT (held OR accepted OR outcome = 'erased');
CREATE TABLE days (
    report TEXT NOT NULL, day TEXT NOT NULL,
    sha256 TEXT, agreeing INTEGER NOT NULL, run TEXT NOT NULL, proven INTEGER NOT NULL,
    accepted INTEGER NOT NULL, looked_back INTEGER NOT NULL,
    PRIMARY KEY (report, day)
) WITHOUT ROWID;
CREATE TABLE listed (
    id BLOB PRIMARY KEY, numbers TEXT NOT NULL, reported_ms INTEGER, call_id TEXT, object TEXT
) WITHOUT ROWID;
CREATE TABLE calls (id BLOB PRIMARY KEY, told TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE since (day TEXT NOT NULL);
CREATE TABLE backlog (told TEXT NOT NULL);
CREATE TABLE decided (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE locked (path TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE entered (path TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE numbers (
    reversed TEXT NOT NULL, id BLOB NOT NULL, PRIMARY KEY (reversed, id)
) WITHOUT ROWID;
CREATE INDEX by_recording ON numbers (id);
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open the catalog at ``path`` (0600), beginning anew if it is damaged or of another version.

    Raises ``OSError`` or ``sqlite3.OperationalError`` when the place fails.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = _connect(path)
    try:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == VERSION:
            return database
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
    database.close()
    remove(path)
    database = _connect(path)
    database.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    return database


def remove(path: Path) -> None:
    """Delete the catalog: it is only a copy of what the manifests say."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).unlink()


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is broken, and not the disk, the lock or the question."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGED


def _connect(path: Path) -> sqlite3.Connection:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, 0o600)
    os.close(descriptor)
    return sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
