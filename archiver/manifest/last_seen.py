"""The newest manifest that was seen of an archive from this machine, in a small file of its own.

It lies beside the catalog and not in it, since a damaged catalog is thrown away: a chain that was
set back must be noticed all the same. It is only ever compared with the chain, never followed. What
can't be read of it, or fails its own check, counts as nothing.
"""

import fcntl
import hashlib
import os
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from archiver.json_documents import BadDocument, dumps, loads
from archiver.manifest.codec import plain, read
from archiver.manifest.records.files import Head

NAME = "head.json"
_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_BYTES = 4_096


class _Note(Struct, frozen=True):
    """What the file says; ``check`` is the SHA-256 of archive and head, a newline after each."""

    archive: str
    head: Head
    check: str

    def __post_init__(self) -> None:
        if self.check != _check_of(self.archive, self.head):
            raise ValueError("its own check says that it was changed")


def _check_of(archive: str, head: Head) -> str:
    return hashlib.sha256(f"{archive}\n{head}\n".encode()).hexdigest()


class LastSeen(Struct, frozen=True):
    """The file at ``path``. Where it can't be written, nothing is remembered."""

    path: Path

    @property
    def place(self) -> str:
        """The file's path."""
        return str(self.path)

    def head(self, archive: str) -> Head | None:
        """Return the newest head that was seen of the archive of that id."""
        try:
            note = _note(self.path.read_bytes()[: _MOST_BYTES + 1])
        except OSError:
            return None
        return note.head if note and note.archive == archive else None

    def remember(self, archive: str, head: Head) -> None:
        """Remember a head, unless a higher one of the same archive is.

        The file is written in place, under a lock of its own: it is smaller than a disk's sector.
        """
        with suppress(OSError):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.path, _OPEN, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                note = _note(os.pread(file, _MOST_BYTES + 1, 0))
                if note and note.archive == archive and note.head.number >= head.number:
                    return
                text = dumps(plain(_Note(archive, head, _check_of(archive, head))))
                os.pwrite(file, text, 0)
                os.ftruncate(file, len(text))
                os.fsync(file)
            finally:
                os.close(file)


def _note(text: bytes) -> _Note | None:
    with suppress(BadDocument):
        return read(_Note, loads(text, max_bytes=_MOST_BYTES))
    return None
