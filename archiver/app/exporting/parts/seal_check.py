"""Whether a part is, to the byte, what was sealed: it is read from end to end."""

import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from msgspec import Struct

from archiver.domain.export_form import ExportForm
from archiver.handover.wrapping import wrapping_of

_UNREADABLE = (
    OSError, EOFError, LookupError, ValueError, RuntimeError, struct.error, zlib.error,
    zipfile.BadZipFile,
)  # fmt: skip
"""What reading says of a file that is gone, or of a zip file that is none any more."""


def is_as_sealed(form: ExportForm, place: Path, seal: str) -> bool:
    """Whether there lies at ``place`` all that the SHA-256 ``seal`` fixes, and nothing else.

    Lists are read line by line, so a million files take no memory.
    """
    wrapping = wrapping_of(form)
    try:
        with _opened(form, place) as files:
            if _sha256(files, wrapping.seal) != seal:
                return False
            listed = 0
            for name in wrapping.lists:
                for sha256, path in _lines(files, name):
                    if _sha256(files, path) != sha256:
                        return False
                    listed += 1
            return files.count() == listed + 1
    except _UNREADABLE:
        return False


class _Files(Protocol):
    """The files of a part."""

    def open(self, name: str) -> IO[bytes]:
        """Open one for reading."""
        ...

    def count(self) -> int:
        """Return how many there are."""
        ...


class _Folder(Struct, frozen=True):
    root: Path

    def open(self, name: str) -> IO[bytes]:
        return (self.root / name).open("rb")

    def count(self) -> int:
        return sum(len(names) for _, _, names in os.walk(self.root))


class _Zip(Struct, frozen=True):
    file: zipfile.ZipFile

    def open(self, name: str) -> IO[bytes]:
        return self.file.open(name)

    def count(self) -> int:
        return len(self.file.namelist())


@contextmanager
def _opened(form: ExportForm, place: Path) -> Iterator[_Files]:
    if form is not ExportForm.ZIP:
        yield _Folder(place)
        return
    with zipfile.ZipFile(place) as file:
        yield _Zip(file)


def _sha256(files: _Files, name: str) -> str:
    with files.open(name) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # it reads


def _lines(files: _Files, name: str) -> Iterator[tuple[str, str]]:
    """Yield the hashes and the names of a list."""
    with files.open(name) as file:
        for line in file:
            sha256, _, path = line.decode().rstrip("\n").partition("  ")
            yield sha256, path
