"""What a part is put into: a folder, or a zip file. A draft goes in whole, and is gone then."""

import os
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Protocol

from archiver.app.exporting.output_errors import writing
from archiver.domain.export_form import ExportForm
from archiver.handover.zip_file import StoredZip
from archiver.store.disk.folders import sync_folder_at

_READ_BITS = 0o444


class Container(Protocol):
    """Takes files by their names, each once."""

    def place(self, name: str, draft: Path, *, is_program: bool = False) -> int:
        """Take a draft; return where in the container's file its bytes begin."""
        ...

    def close(self) -> None:
        """Make it whole."""
        ...

    def abandon(self) -> None:
        """Leave it as it is."""
        ...


class _PlacedNames:
    """The files that one try has put into the folder ``root``, so that nothing else stays in it.

    They lie on disk, so a million take no memory.
    """

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


class Folder:
    """A folder. What an earlier try left there is replaced, file by file, or removed in the end."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._placed = _PlacedNames(root)

    def place(self, name: str, draft: Path, *, is_program: bool = False) -> int:
        """Move a draft to its name."""
        path = self._root / name
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if is_program:
                mode = draft.stat().st_mode
                draft.chmod(mode | (mode & _READ_BITS) >> 2)
            draft.replace(path)
        self._placed.add(path)
        return 0

    def close(self) -> None:
        """Bring to disk what this try has put there, and remove what it has not."""
        with writing(self._root):
            self._settle(self._root)
            sync_folder_at(self._root.parent)
        self._placed.close()

    def abandon(self) -> None:
        """Leave what is there: the next try uses it."""
        self._placed.close()

    def _settle(self, folder: Path) -> None:
        for path in [*folder.iterdir()]:
            if path.is_dir() and not path.is_symlink():
                self._settle(path)
                if not any(path.iterdir()):
                    path.rmdir()
            elif path in self._placed:
                with path.open("rb") as file:
                    os.fsync(file.fileno())
            else:
                path.unlink()
        sync_folder_at(folder)


class ZipContainer:
    """A zip file. What an earlier try wrote is written over."""

    def __init__(self, path: Path, at: datetime) -> None:
        self._path = path
        with writing(path):
            self._file = os.fdopen(
                os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666), "r+b"
            )
            self._zip = StoredZip(self._file, at)

    def place(self, name: str, draft: Path, *, is_program: bool = False) -> int:
        """Copy a draft into the zip file."""
        with writing(self._path):
            with draft.open("rb") as source:
                size = draft.stat().st_size
                begins = self._zip.add(name, source, size, is_program=is_program)
            draft.unlink()
        return begins

    def close(self) -> None:
        """Write the directory, and bring the file to disk."""
        with writing(self._path):
            self._zip.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            sync_folder_at(self._path.parent)

    def abandon(self) -> None:
        """Close the file without a directory: the next try goes on with it."""
        self._zip.abandon()
        self._file.close()


def container_for(form: ExportForm, place: Path, at: datetime) -> Container:
    """Return what a part is put into at ``place``; entries of a zip file are dated ``at`` (UTC)."""
    if form is ExportForm.ZIP:
        return ZipContainer(place, at)
    return Folder(place)


def file_in(form: ExportForm, place: Path, name: str) -> Path:
    """Return the file in which the bytes lie of what was put under ``name``."""
    return place if form is ExportForm.ZIP else place / name
