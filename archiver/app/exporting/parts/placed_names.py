"""The names that one try of an export has put into a part, so that nothing else stays in it."""

import sqlite3
from pathlib import Path


class PlacedNames:
    """Names of files in the folder ``root``; they lie on disk, so a million take no memory."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._db = sqlite3.connect("")
        self._db.execute("CREATE TABLE names (name TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, path: Path) -> None:
        """Take in the name of a file in the folder."""
        self._db.execute("INSERT OR IGNORE INTO names VALUES (?)", (self._name(path),))

    def __contains__(self, path: Path) -> bool:
        question = "SELECT 1 FROM names WHERE name = ?"
        return self._db.execute(question, (self._name(path),)).fetchone() is not None

    def close(self) -> None:
        """Forget them."""
        self._db.close()

    def _name(self, path: Path) -> bytes:
        return bytes(path.relative_to(self._root))
