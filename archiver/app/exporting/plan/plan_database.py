"""The file of a plan: an SQLite database that one process at a time may have open.

It lies in the folder where the export is put together, so a million recordings take no memory.
"""

import errno
import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TypeVar

from archiver.errors import DestinationError, Locked
from archiver.manifest.codec import plain, read
from archiver.store.os_errors import destination_error

T = TypeVar("T")
_OURS = 0x61726558
"""What SQLite keeps in a file to tell whose it is: "areX" for a plan."""
_TABLES = f"""
PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL;
BEGIN EXCLUSIVE; PRAGMA application_id = {_OURS};
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, told TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS items (
    position INTEGER PRIMARY KEY, kind TEXT NOT NULL, told TEXT NOT NULL,
    id BLOB, manifest INTEGER, audio TEXT, sidecar TEXT, is_proven INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS by_id ON items (id, manifest);
CREATE TABLE IF NOT EXISTS documents (
    position INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, told TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS written (
    path TEXT PRIMARY KEY, part INTEGER NOT NULL, begins INTEGER NOT NULL
);
COMMIT;
"""


class PlanDatabase:
    """The database at ``path``. Raises :class:`Locked` where another process has it open."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        with self.asking(), ExitStack() as opened:
            self._db = opened.enter_context(closing(sqlite3.connect(path, timeout=0)))
            self._require_own()
            self._db.executescript(_TABLES)
            opened.pop_all()

    def _require_own(self) -> None:
        """Raise ``ValueError`` for a database that something else has made."""
        (whose,) = self._db.execute("PRAGMA application_id").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables and whose != _OURS:
            raise ValueError("it is no plan of an export")

    def close(self) -> None:
        """Close it; what was not committed is lost."""
        self._db.close()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Say in words what goes wrong in the block."""
        try:
            yield
        except (sqlite3.Error, ValueError) as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code == sqlite3.SQLITE_BUSY:
                raise Locked(
                    f"Another export is writing to {self._folder}.", advice="Wait for it to end."
                ) from error
            if code == sqlite3.SQLITE_FULL:
                full = OSError(errno.ENOSPC, "")
                raise destination_error(full, f"writing the plan in {self._folder}") from error
            raise DestinationError(
                f"The plan in {self._folder} cannot be used: {error}.",
                advice="Remove that folder, and run it again.",
            ) from error

    def rows(self, question: str, *values: object) -> list[tuple[object, ...]]:
        """Return the rows of an answer, all at once: whoever asks for many says how many."""
        with self.asking():
            return self._db.execute(question, values).fetchall()

    def number(self, question: str, *values: object) -> int:
        """Return the one number that an answer has; 0 where it has none."""
        ((found,),) = self.rows(question, *values)
        return int(str(found or 0))

    def change(self, change: str, *values: object) -> None:
        """Change something; it is not committed yet."""
        with self.asking():
            self._db.execute(change, values)

    def be_durable(self, *, durable: bool) -> None:
        """Let commits wait for the disk or not; there may be no change that is not committed."""
        with self.asking():
            self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")

    def commit(self) -> None:
        """Let all changes so far be there, whatever happens to this process."""
        with self.asking():
            self._db.commit()

    def note(self, name: str, told: object) -> None:
        """Note a fact by its name, and commit all changes so far with it."""
        self.change("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, text_of(told))
        self.commit()

    def fact(self, kind: type[T], name: str) -> T | None:
        """Return the fact of a name, ``None`` where there is none."""
        found = self.rows("SELECT told FROM facts WHERE name = ?", name)
        with self.asking():
            return read(kind, json.loads(str(found[0][0]))) if found else None


def text_of(told: object) -> str:
    """Return a value as it stands in the database."""
    return json.dumps(plain(told))
