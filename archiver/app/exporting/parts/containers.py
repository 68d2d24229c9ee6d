"""What a part is put into: a folder, or a zip file. A draft goes in whole, and is gone then."""

import os
from datetime import datetime
from pathlib import Path
from typing import Protocol

from archiver.app.exporting.output_errors import writing
from archiver.domain.export_form import ExportForm
from archiver.handover.zip_file import StoredZip

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


class Folder:
    """A folder. What an earlier try left there is replaced, file by file."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def place(self, name: str, draft: Path, *, is_program: bool = False) -> int:
        """Move a draft to its name."""
        path = self._root / name
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if is_program:
                mode = draft.stat().st_mode
                draft.chmod(mode | (mode & _READ_BITS) >> 2)
            draft.replace(path)
        return 0

    def close(self) -> None:
        """Do nothing: a folder is what is in it."""

    def abandon(self) -> None:
        """Do nothing: a folder is what is in it."""


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
