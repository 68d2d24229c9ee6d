"""The newest manifest that was seen of an archive from this machine, in a small file of its own.

It lies beside the catalog and not in it, since a damaged catalog is thrown away: a chain that was
set back must be noticed all the same. It is only ever compared with the chain, never followed. What
can't be read of it, or fails its own check, counts as nothing. Of another archive nothing is put in
its place: who means that one deletes the file.
"""

import fcntl
import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from archiver.json_documents import BadDocument, dumps, loads
from archiver.manifest.chain import Seen
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
    """The file at ``path``. Where it can't be written, nothing is remembered.

    What would be lost with the archive lies in a ``spare``, too: in a place that stays.
    """

    path: Path
    spare: Path | None = None

    @property
    def place(self) -> str:
        """The file's path."""
        return str(self.path)

    def head(self, archive: str) -> Head | None:
        """Return the newest head that was seen of the archive of that id."""
        note = _read(self.path)
        return note.head if note and note.archive == archive else None

    def other(self, archive: str) -> Seen | None:
        """Return what was seen in this place of an archive that has another id."""
        note = _read(self.path)
        if note is None or note.archive == archive:
            return None
        return Seen(note.archive, note.head, self.place)

    def gone(self) -> Seen | None:
        """Return what was seen in this place, where no archive is now."""
        places = [each for each in (self.path, self.spare) if each]
        notes = [(note, str(each)) for each in places if (note := _read(each))]
        if not notes:
            return None
        note, _ = notes[0]
        return Seen(note.archive, note.head, " and ".join(place for _, place in notes))

    def remember(self, archive: str, head: Head) -> None:
        """Remember a head, unless a higher one of the same archive is, or another archive."""
        _write(self.path, archive, head, _keeps)
        if self.spare:
            _write(self.spare, archive, head, _is_ahead)

    def forget(self) -> None:
        """Forget what was seen, of an archive that is replaced knowingly."""
        for each in (self.path, self.spare):
            if each:
                each.unlink(missing_ok=True)


def _keeps(note: _Note, archive: str, head: Head) -> bool:
    return note.archive != archive or _is_ahead(note, archive, head)


def _is_ahead(note: _Note, archive: str, head: Head) -> bool:
    return note.archive == archive and note.head.number >= head.number


def _write(path: Path, archive: str, head: Head, keeps: Callable[[_Note, str, Head], bool]) -> None:
    """Write a note, unless what is there ``keeps`` its place.

    The file is written in place, under a lock of its own: it is smaller than a disk's sector.
    """
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, _OPEN, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            note = _note(os.pread(file, _MOST_BYTES + 1, 0))
            if note and keeps(note, archive, head):
                return
            text = dumps(plain(_Note(archive, head, _check_of(archive, head))))
            os.pwrite(file, text, 0)
            os.ftruncate(file, len(text))
            os.fsync(file)
        finally:
            os.close(file)


def _read(path: Path) -> _Note | None:
    with suppress(OSError):
        return _note(path.read_bytes()[: _MOST_BYTES + 1])
    return None


def _note(text: bytes) -> _Note | None:
    with suppress(BadDocument):
        return read(_Note, loads(text, max_bytes=_MOST_BYTES))
    return None
