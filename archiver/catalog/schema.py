"""The catalog's tables, and what SQLite says when they are not what they were.

Ids and numbers are bytes in UTF-8, so that any text a portal serves fits and sorts as manifests
sort.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

_OF_THE_PLACE = frozenset(
    {
        *(sqlite3.SQLITE_PERM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM),
        *(sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR),
        *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL),
        *(sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_MISUSE),
    }
)

AS_ACCEPTED = """
    a.report = days.report AND a.day = days.day
    AND a.count = days.count AND a.sha256 = days.sha256 AND a.total IS days.total
    AND iif(a.lacks IS NULL OR days.lacks IS NULL,
        days.missing <= a.missing, days.lacks = a.lacks)
"""
"""Whether a listing of a day is one that a person accepted, to the row and to what it lacks.

What it lacks is known by its number alone where a former version wrote one of the two.
"""
_TABLES = """
CREATE TABLE followed (archive TEXT NOT NULL, number INTEGER NOT NULL, sha256 TEXT NOT NULL);
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
    reported_ms INTEGER, measured_ms INTEGER, length_ms INTEGER,
    told_row TEXT, told_object TEXT, call_id TEXT,
    caller TEXT, called TEXT,
    numbers TEXT NOT NULL DEFAULT '[]',
    tells_numbers INTEGER NOT NULL DEFAULT FALSE,
    tells_agent INTEGER NOT NULL DEFAULT FALSE,
    proof INTEGER, audio_verdict TEXT
);
CREATE INDEX by_day ON recordings (day, id);
CREATE INDEX by_time ON recordings (at);
CREATE INDEX by_agent ON recordings (agent_key, at);
CREATE INDEX by_verdict ON recordings (audio_verdict, at);
CREATE INDEX by_outcome ON recordings (outcome, at);
CREATE INDEX by_length ON recordings (length_ms, at);
CREATE INDEX held_sizes ON recordings (held, audio_bytes, length_ms) WHERE held;
CREATE INDEX by_acceptance ON recordings (accepted) WHERE accepted;
CREATE INDEX by_tries ON recordings (tries) WHERE tries > 0;
CREATE INDEX no_numbers ON recordings (tells_numbers) WHERE NOT tells_numbers;
CREATE INDEX no_agent ON recordings (tells_agent) WHERE NOT tells_agent;
CREATE INDEX by_bytes ON recordings (audio_sha256);
CREATE INDEX by_finding ON recordings (open) WHERE open;
CREATE INDEX unsettled ON recordings (day)
    WHERE open OR NOT (held OR accepted OR outcome = 'erased');
CREATE TABLE days (
    report TEXT NOT NULL, day TEXT NOT NULL,
    count INTEGER NOT NULL, sha256 TEXT NOT NULL, proven INTEGER NOT NULL, total INTEGER,
    missing INTEGER NOT NULL, lacks TEXT,
    run TEXT NOT NULL,
    agreed TEXT, agreeing INTEGER NOT NULL, looked_back INTEGER NOT NULL,
    is_late INTEGER NOT NULL,
    was_agreed TEXT, was_agreeing INTEGER NOT NULL, was_looked_back INTEGER NOT NULL,
    was_late INTEGER NOT NULL,
    PRIMARY KEY (report, day)
) WITHOUT ROWID;
CREATE TABLE accepted (
    report TEXT NOT NULL, day TEXT NOT NULL,
    count INTEGER NOT NULL, sha256 TEXT NOT NULL, total INTEGER,
    missing INTEGER NOT NULL, lacks TEXT
);
CREATE INDEX accepted_of_day ON accepted (report, day);
CREATE VIEW listings AS SELECT *,
    -- of what runs have agreed on, rows may go: a provider keeps them for a time
    proven AND (NOT missing OR agreeing >= 2 AND looked_back) AS is_complete,
    -- by a person, to the row and to what it lacks
    EXISTS (SELECT 1 FROM accepted AS a WHERE AS_ACCEPTED) AS is_accepted,
    -- the run that listed a day last has ended: a doubt may come in its last manifest
    run NOT IN (SELECT run FROM running) AS is_sure,
    -- so many runs have listed the same of it, proven, the last of them long enough after its end
    agreeing >= 2 AND looked_back AS is_agreed
    FROM days;
CREATE TABLE calls (
    id BLOB NOT NULL, at TEXT NOT NULL, told TEXT NOT NULL,
    talkers TEXT NOT NULL, manifest INTEGER NOT NULL, object TEXT,
    length_ms INTEGER, numbers TEXT NOT NULL,
    status TEXT, service TEXT, region TEXT, notes TEXT, unread TEXT NOT NULL,
    PRIMARY KEY (id, at, talkers)
) WITHOUT ROWID;
CREATE INDEX calls_by_time ON calls (at);
-- later a call's row told other people, or another end of those that this one was told of
CREATE VIEW former_calls AS SELECT calls.id, calls.at, calls.talkers, later.at AS later_at
    FROM calls JOIN calls AS later ON later.id = calls.id AND later.manifest > calls.manifest
    AND (later.at <> '' OR calls.at = '') AND EXISTS (SELECT 1 FROM calls AS told
        WHERE told.id = calls.id AND told.at = calls.at AND told.talkers = later.talkers);
CREATE VIEW last_calls AS SELECT * FROM calls WHERE NOT EXISTS (
    SELECT 1 FROM former_calls AS former WHERE former.id = calls.id AND former.at = calls.at
    AND former.talkers = calls.talkers);
CREATE TABLE clock (at TEXT NOT NULL);
CREATE TABLE utc_offset (minutes INTEGER NOT NULL);
-- the last run of any kind, and the last over all that is due, which may be the same
CREATE TABLE last_run (is_of_due INTEGER PRIMARY KEY, told TEXT NOT NULL);
CREATE TABLE running (run TEXT PRIMARY KEY) WITHOUT ROWID;
-- runs with a listing that was not proven
CREATE TABLE unproven_runs (run TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE listed (
    id BLOB PRIMARY KEY, numbers TEXT NOT NULL, reported_ms INTEGER, call_id TEXT, object TEXT
) WITHOUT ROWID;
CREATE TABLE since (day TEXT NOT NULL);
-- windows that were named, for runs that have not done all of it, with the call log or without
CREATE TABLE asked (
    first TEXT NOT NULL, last TEXT NOT NULL, with_calls INTEGER NOT NULL,
    PRIMARY KEY (first, last, with_calls)
) WITHOUT ROWID;
CREATE TABLE backlog (told TEXT NOT NULL);
CREATE TABLE decided (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE locked (path TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE call_files (
    path TEXT PRIMARY KEY, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, version TEXT,
    manifest INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE entered (path TEXT PRIMARY KEY) WITHOUT ROWID;
-- sidecars, with their recordings, and files of calls that could not be read so far
CREATE TABLE unread (path TEXT PRIMARY KEY, recording BLOB) WITHOUT ROWID;
CREATE INDEX unread_of ON unread (recording) WHERE recording NOT NULL;
CREATE TABLE certificates (
    day TEXT PRIMARY KEY, manifest INTEGER NOT NULL,
    path TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, version TEXT
) WITHOUT ROWID;
CREATE TABLE accepted_gaps (
    gap TEXT NOT NULL, id BLOB NOT NULL, day TEXT NOT NULL, PRIMARY KEY (gap, id, day)
) WITHOUT ROWID;
CREATE TABLE touched (day TEXT PRIMARY KEY, manifest INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE reviewed (
    day TEXT PRIMARY KEY, manifest INTEGER NOT NULL, rules TEXT NOT NULL, stands INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE shared_audio (sha256 TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE numbers (
    reversed TEXT NOT NULL, id BLOB NOT NULL, PRIMARY KEY (reversed, id)
) WITHOUT ROWID;
CREATE INDEX by_recording ON numbers (id);
-- what a recording's former row told, or that of a newer version which was refused
CREATE TABLE other_numbers (
    reversed TEXT NOT NULL, id BLOB NOT NULL, PRIMARY KEY (reversed, id)
) WITHOUT ROWID;
CREATE INDEX others_by_recording ON other_numbers (id);
CREATE TABLE each_number (reversed TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE each_agent (agent_key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE call_words (
    id BLOB NOT NULL, source TEXT NOT NULL, call BLOB,
    status TEXT, service TEXT, region TEXT, notes TEXT, unread TEXT NOT NULL,
    status_key TEXT, service_key TEXT, region_key TEXT, notes_key TEXT,
    PRIMARY KEY (id, source)
) WITHOUT ROWID;
CREATE TABLE erased_calls (id BLOB PRIMARY KEY, day TEXT NOT NULL, recording BLOB NOT NULL)
    WITHOUT ROWID;
CREATE TABLE erased_audio (id BLOB NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (id, sha256))
    WITHOUT ROWID;
CREATE TABLE begun_erasures (id BLOB PRIMARY KEY, manifest INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE holds (
    number INTEGER PRIMARY KEY, matter TEXT NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL,
    at TEXT NOT NULL, future TEXT, released_at TEXT, released_by TEXT, released_why TEXT
);
CREATE TABLE bound (hold INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (hold, id)) WITHOUT ROWID;
CREATE INDEX bound_by ON bound (id);
-- what the filter of a standing hold matched by a row that the portal told before another
CREATE TABLE once_matched (
    hold INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (hold, id)
) WITHOUT ROWID;
CREATE TABLE unbound (hold INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (hold, id))
    WITHOUT ROWID;
CREATE TABLE unlinked (day TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE INDEX by_status ON call_words (status_key);
CREATE INDEX by_service ON call_words (service_key);
CREATE INDEX by_region ON call_words (region_key);
CREATE INDEX with_notes ON call_words (notes_key) WHERE notes_key NOT NULL;
""".replace("AS_ACCEPTED", AS_ACCEPTED)


class Damaged(Exception):
    """The file is not as it was left."""


def create(database: sqlite3.Connection) -> None:
    """Make the tables in an empty file."""
    database.executescript(f"BEGIN; {_TABLES} COMMIT;")


def is_damage(error: Exception) -> bool:
    """Whether what is in the file is broken, and not its place: the disk, a lock, a right.

    Text that can't be decoded is an ``OperationalError`` without a code.
    """
    if isinstance(error, Damaged):
        return True
    if isinstance(error, sqlite3.OperationalError | sqlite3.DataError | sqlite3.IntegrityError):
        return (getattr(error, "sqlite_errorcode", -1) & 0xFF) not in _OF_THE_PLACE
    return type(error) is sqlite3.DatabaseError


@contextmanager
def as_written() -> Iterator[None]:
    """Raise :class:`Damaged` for what the block can't make sense of: nobody wrote a row like it."""
    try:
        yield
    except (ValueError, TypeError, OverflowError) as error:
        raise Damaged from error
