"""The plan of an export in its file, and how far its writing has come.

It is an SQLite database in the folder where the export is put together, so a million recordings
take no memory. The plan is written in one transaction: either all of it is there, or none.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from archiver.app.exporting.plan.planned import (
    PlanFacts,
    Planned,
    PlannedAbsence,
    PlannedDocument,
    PlannedRecording,
    WrittenParts,
)
from archiver.errors import DestinationError, Locked
from archiver.manifest.codec import plain, read
from archiver.manifest.model import Entry

T = TypeVar("T")
_TABLES = """
DROP TABLE IF EXISTS items; DROP TABLE IF EXISTS documents;
CREATE TABLE items (
    position INTEGER PRIMARY KEY, kind TEXT NOT NULL, told TEXT NOT NULL,
    id BLOB, manifest INTEGER, audio TEXT, sidecar TEXT, is_proven INTEGER NOT NULL
);
CREATE INDEX by_id ON items (id, manifest);
CREATE TABLE documents (position INTEGER PRIMARY KEY, told TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, told TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS written (
    path TEXT PRIMARY KEY, part INTEGER NOT NULL, begins INTEGER NOT NULL, bytes INTEGER NOT NULL
);
"""
NO_RECORDING = frozenset({"day", "unknown"})
"""What is left out and is no recording that the archive knows."""
_PLAN, _WHOLE = "plan", "whole"
LINES_A_SIDECAR = 16
"""What a sidecar tells may stand in several lists, and a letter of it takes up to ten there."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where the bytes of a file may lie that was written before: in which part, and where there."""

    part: int
    begins: int
    bytes: int


class PlanFile:
    """The plan at ``path``, which one process at a time may have open; raises :class:`Locked`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._place():
            self._db = sqlite3.connect(path, timeout=0)
            self._db.executescript(
                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF;BEGIN EXCLUSIVE; COMMIT;"
            )

    def close(self) -> None:
        """Close the file; what was not committed is lost."""
        self._db.close()

    def facts(self) -> PlanFacts | None:
        """Return what the plan is of, ``None`` where there is none yet."""
        return self._fact(PlanFacts, _PLAN)

    def whole(self) -> WrittenParts | None:
        """Return all parts, once each of them is whole."""
        return self._fact(WrittenParts, _WHOLE)

    def begin(self) -> None:
        """Begin a plan; what another try left of one goes."""
        with self._place():
            self._db.executescript(_TABLES)

    def plan_recording(self, candidate: PlannedRecording) -> None:
        """Take in a recording as the catalog says it is; the chain has yet to say so."""
        entry = candidate.entry
        key = (_key(entry.id), candidate.manifest, *_hashes(entry))
        self._insert("recording", candidate, key)

    def plan_absence(self, absence: PlannedAbsence) -> None:
        """Take in what can't be handed over."""
        key = None if absence.what in NO_RECORDING else _key(absence.id)
        self._insert("absence", absence, (key, None, None, None))

    def prove(self, entry: Entry, manifest: int) -> None:
        """Take over what the chain says of a recording, if that is what was planned of it."""
        key = (_key(entry.id), manifest, *_hashes(entry))
        with self._place():
            found = self._db.execute(
                "SELECT position, told FROM items"
                " WHERE id = ? AND manifest = ? AND audio = ? AND sidecar = ?",
                key,
            ).fetchone()
            if found is None:
                return
            position, told = found
            planned = {**json.loads(told), "entry": plain(entry)}
            change = "UPDATE items SET told = ?, is_proven = TRUE WHERE position = ?"
            self._db.execute(change, (json.dumps(planned), position))

    def unproven(self) -> str | None:
        """Return the id of a recording of which the chain does not say what was planned."""
        with self._place():
            question = "SELECT id FROM items WHERE NOT is_proven LIMIT 1"
            found = self._db.execute(question).fetchone()
        return found[0].decode("utf-8", "surrogatepass") if found else None

    def ids_digest(self) -> tuple[int, str]:
        """Return how many recordings are planned, and the hash of their sorted ids.

        It is that of :func:`archiver.manifest.state.ids_digest`.
        """
        digest, count = hashlib.sha256(), 0
        with self._place():
            question = "SELECT id FROM items WHERE kind = 'recording' ORDER BY id"
            for (stored,) in self._db.execute(question):
                digest.update(stored + b"\n")
                count += 1
        return count, digest.hexdigest()

    def largest(self) -> int:
        """Return how many bytes the largest recording takes, with its sidecar and its lines."""
        question = (
            "SELECT max(json_extract(told, '$.entry.audio.bytes')"
            " + ? * json_extract(told, '$.entry.sidecar.bytes'))"
            " FROM items WHERE kind = 'recording'"
        )
        with self._place():
            (most,) = self._db.execute(question, (LINES_A_SIDECAR,)).fetchone()
        return int(most or 0)

    def plan_document(self, document: PlannedDocument) -> None:
        """Take in a document of the archive that goes with the recordings."""
        with self._place():
            self._db.execute("INSERT INTO documents (told) VALUES (?)", (_text(document),))

    def first_manifest(self) -> int | None:
        """Return the lowest manifest that names a recording of the plan, if there is one."""
        with self._place():
            (lowest,) = self._db.execute("SELECT min(manifest) FROM items").fetchone()
        return lowest or None

    def counted(self) -> int:
        """Return how many recordings of the archive are planned, be it as left out."""
        question = "SELECT count(*) FROM items WHERE id NOT NULL"
        with self._place():
            (count,) = self._db.execute(question).fetchone()
        return int(count)

    def finish(self, facts: PlanFacts) -> None:
        """Fix the plan: from now on, it is what is done."""
        with self._place():
            self._note(_PLAN, facts)

    def items(self) -> Iterator[Planned]:
        """Yield what is planned, in its order."""
        kinds: Mapping[str, type[Planned]] = {
            "recording": PlannedRecording,
            "absence": PlannedAbsence,
        }
        with self._place():
            for kind, told in self._db.execute("SELECT kind, told FROM items ORDER BY position"):
                yield read(kinds[kind], json.loads(told))

    def documents(self) -> Iterator[PlannedDocument]:
        """Yield the documents that go with the recordings."""
        with self._place():
            for (told,) in self._db.execute("SELECT told FROM documents ORDER BY position"):
                yield read(PlannedDocument, json.loads(told))

    def note_written(self, part: int, files: Iterable[tuple[str, int, int]]) -> None:
        """Note which files are in a part by now: the name, where it begins, and its size."""
        with self._place():
            rows = ((path, part, begins, size) for path, begins, size in files)
            self._db.executemany("INSERT OR REPLACE INTO written VALUES (?, ?, ?, ?)", rows)
            self._db.commit()

    def written(self, path: str) -> Stretch | None:
        """Return where a file was written before, if it was."""
        with self._place():
            question = "SELECT part, begins, bytes FROM written WHERE path = ?"
            found = self._db.execute(question, (path,)).fetchone()
        return Stretch(*found) if found else None

    def note_whole(self, written: WrittenParts) -> None:
        """Note that all parts are whole."""
        with self._place():
            self._note(_WHOLE, written)

    def _insert(self, kind: str, told: Planned, key: tuple[object, ...]) -> None:
        row = (kind, _text(told), *key, kind != "recording")
        with self._place():
            self._db.execute(
                "INSERT INTO items (kind, told, id, manifest, audio, sidecar, is_proven)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                row,
            )

    def _note(self, name: str, told: object) -> None:
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, _text(told)))
        self._db.commit()

    def _fact(self, kind: type[T], name: str) -> T | None:
        with self._place():
            known = self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchone()
            if known is None:
                return None
            question = "SELECT told FROM facts WHERE name = ?"
            found = self._db.execute(question, (name,)).fetchone()
        return read(kind, json.loads(found[0])) if found else None

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Say in words what goes wrong."""
        try:
            yield
        except (sqlite3.Error, ValueError) as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise Locked(
                    f"Another export is writing to {self._path.parent}.",
                    advice="Wait for it to end.",
                ) from error
            raise DestinationError(
                f"The plan in {self._path.parent} cannot be used: {error}.",
                advice="Remove that folder, and run it again.",
            ) from error


def _key(id_: str) -> bytes:
    return id_.encode("utf-8", "surrogatepass")


def _hashes(entry: Entry) -> tuple[str | None, str | None]:
    """Return the SHA-256 of the audio and of the sidecar that an entry names."""
    audio, sidecar = entry.audio, entry.sidecar
    return audio.sha256 if audio else None, sidecar.sha256 if sidecar else None


def _text(told: object) -> str:
    return json.dumps(plain(told))
