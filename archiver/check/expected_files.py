"""What the manifests say must be in the archive, kept on disk so that a million files fit anywhere.

The table lives in SQLite's own unnamed temporary file: verifying writes nothing to the archive.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from archiver.domain.layout import parse
from archiver.domain.outcomes import Verdict
from archiver.domain.recordings import id_bytes, id_text
from archiver.manifest.model import Entry, Manifest, ManifestKind
from archiver.manifest.records.files import ArchivedFile, CallFile, CertificateFile, DayFile
from archiver.pull.job.object_metadata import labelled
from archiver.removal.taken_away import TakenAway
from archiver.store.base import NO_METADATA, Item, ObjectMetadata

NamedBy = Entry | DayFile | None
"""What of a manifest names a file, if that says something of what is in it."""
_TABLE = """CREATE TABLE files (
    path TEXT PRIMARY KEY, bytes INTEGER, sha256 TEXT, id BLOB, at TEXT, reported INTEGER,
    duration INTEGER, is_sidecar INTEGER, rows INTEGER, day TEXT, utc_offset INTEGER, verdict TEXT,
    version TEXT, named_in INTEGER, listed TEXT
) WITHOUT ROWID"""


class ExpectedFile(Struct, frozen=True):
    """A file that must be there.

    ``versions`` are what the listing has under its name, the oldest first: one, unless the place
    keeps several. Which of them is the file its hash says; the version that the manifest names is a
    hint, and none at all in a copy. ``named_in`` is the number of the manifest that first named it.
    ``rows`` is how many a file of calls has, ``certified`` the day of a certificate. The rest is
    what the entry that first named the file says of its recording.
    """

    file: ArchivedFile
    id: str
    at: datetime | None
    reported_ms: int | None
    duration_ms: int | None
    is_sidecar: bool
    rows: int | None
    certified: date | None
    utc_offset_minutes: int | None
    verdict: Verdict | None
    named_in: int
    versions: tuple[Item, ...]

    @property
    def about(self) -> ObjectMetadata:
        """What a bucket may show of it."""
        if parse(self.file.path) is None:
            return NO_METADATA
        return labelled(
            self.id,
            self.at,
            self.utc_offset_minutes,
            sha256=self.file.sha256,
            verdict=self.verdict,
            duration_ms=self.duration_ms,
        )


class Expectations:
    """Every file that the manifests taken in so far name, and no erasure or repair took back.

    A repair called some ``lost``: a copy may have them still.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("")
        self._db.execute(_TABLE)
        self.taken_away = TakenAway()
        self.lost: set[str] = set()
        self._db.execute("CREATE INDEX by_id ON files (id)")

    def close(self) -> None:
        """Drop the table."""
        self._db.close()

    def add(self, manifest: Manifest) -> list[str]:
        """Take in a manifest; return the paths for which it contradicts an earlier one."""
        contradicted = []
        self._take_back(manifest)
        for entry in manifest.recordings:
            if entry.id in self.taken_away:
                continue
            if manifest.kind is ManifestKind.REPAIR:
                self.lost.update(entry.supersedes)
                lost = [(path,) for path in entry.supersedes]
                self._db.executemany("DELETE FROM files WHERE path = ?", lost)
            files = [file for file in (entry.audio, entry.sidecar) if file]
            contradicted += [f.path for f in files if not self._add(entry, f, manifest.number)]
        others: list[tuple[NamedBy, ArchivedFile]]
        others = [(each, each.file) for each in manifest.day_files]
        others += [(None, file) for file in manifest.filters]
        for each, file in others:
            if not self._add(each, file, manifest.number):
                contradicted.append(file.path)
        return contradicted

    def _take_back(self, manifest: Manifest) -> None:
        """Forget what an erasure takes away; what others enter of it meanwhile is nobody's."""
        for id_ in self.taken_away.take_in(manifest):
            self._db.execute("DELETE FROM files WHERE id = ?", (id_bytes(id_),))
        if manifest.erasure and manifest.erasure.takes_away:
            calls = ((each.path,) for each in manifest.erasure.calls)
            self._db.executemany("DELETE FROM files WHERE path = ?", calls)

    def total(self) -> int:
        """Return the sum of all sizes, in bytes."""
        (total,) = self._db.execute("SELECT coalesce(sum(bytes), 0) FROM files").fetchone()
        return int(total)

    def see(self, path: str, versions: Sequence[Item]) -> bool:
        """Note what the listing has under ``path``; return whether anything is expected there."""
        text = path.encode("utf-8", "replace").decode()
        listed = json.dumps([[each.bytes, each.version, each.is_current] for each in versions])
        question = "UPDATE files SET listed = ? WHERE path = ?"
        return self._db.execute(question, (listed, text)).rowcount > 0

    def names(self, path: str) -> bool:
        """Whether anything is expected under ``path``."""
        return self.is_named_above(0, path)

    def is_named_above(self, number: int, path: str) -> bool:
        """Whether something is expected under ``path`` that manifests above ``number`` name."""
        question = "SELECT 1 FROM files WHERE path = ? AND named_in > ?"
        return self._db.execute(question, (path, number)).fetchone() is not None

    def __iter__(self) -> Iterator[ExpectedFile]:
        yield from map(_expected, self._db.execute("SELECT * FROM files ORDER BY path"))

    def _add(self, named_by: NamedBy, file: ArchivedFile, named_in: int) -> bool:
        """Take in a file; return whether nothing contradicts it."""
        told = _told(named_by, file)
        if self._db.execute(
            "INSERT OR IGNORE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (file.path, file.bytes, file.sha256, *told, file.version, named_in),
        ).rowcount:
            return True
        named = self._db.execute("SELECT bytes, sha256 FROM files WHERE path = ?", (file.path,))
        if named.fetchone() != (file.bytes, file.sha256):
            return False
        # The same bytes stored once more, where their first version was lost.
        self._db.execute("UPDATE files SET version = ? WHERE path = ?", (file.version, file.path))
        return True


def _expected(row: tuple[Any, ...]) -> ExpectedFile:
    """Return what a row of the table says."""
    path, size, sha256, recording, at, reported, duration, *more = row
    is_sidecar, rows, day, utc_offset, verdict, version, named_in, listed = more
    return ExpectedFile(
        file=ArchivedFile(path, size, sha256, version),
        id=id_text(recording),
        at=datetime.fromisoformat(at) if at else None,
        reported_ms=reported,
        duration_ms=duration,
        is_sidecar=bool(is_sidecar),
        rows=rows,
        certified=date.fromisoformat(day) if day else None,
        utc_offset_minutes=utc_offset,
        verdict=Verdict(verdict) if verdict else None,
        named_in=named_in,
        versions=tuple(Item(path, *each) for each in json.loads(listed or "[]")),
    )


def _told(named_by: NamedBy, file: ArchivedFile) -> tuple[object, ...]:
    """Return what a manifest says of what is in a file, in the order of the table's columns."""
    if not isinstance(named_by, Entry):
        rows = named_by.rows if isinstance(named_by, CallFile) else None
        day = f"{named_by.day}" if isinstance(named_by, CertificateFile) else None
        return b"", None, None, None, False, rows, day, None, None
    at = named_by.created_at.isoformat() if named_by.created_at else None
    return (
        id_bytes(named_by.id),
        at,
        named_by.reported_ms,
        named_by.duration_ms,
        file is named_by.sidecar,
        None,
        None,
        named_by.utc_offset_minutes,
        named_by.verdict,
    )
