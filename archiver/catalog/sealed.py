"""The file of a catalog, under a seal that tells whether it is as it was left.

What a catalog says decides what is fetched, so nothing may come of a damaged one. SQLite notices
what breaks its own structure, and neither another digit in a row nor an index that lacks one. So
whoever changes the file leaves its SHA-256 in the seal, and whoever opens it reads it whole and
compares: a bit that was flipped, a copy torn in the middle, another file under its name and a row
changed by hand are all one case, and it is begun anew.

Each file that is begun has a name of its own, which the seal tells, so it takes nothing away from
whoever has the one before open: that goes on reading, and finds the new one when it next writes.
The version is in every name, and other versions' files are left alone.
"""

import fcntl
import hashlib
import os
import re
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from archiver.catalog.schema import VERSION, Damaged, create, is_damage
from archiver.documents import BadDocument, dumps, loads
from archiver.manifest.entry import checked_sha256
from archiver.manifest.shape import plain, read

DAMAGED = "The catalog was not as it was left; it is made anew from the archive."
_NAME = f"catalog-{VERSION}"
_SEAL, _LOCK = f"{_NAME}.seal", f"{_NAME}.lock"
_DATABASE = re.compile(rf"{_NAME}-[0-9a-f]{{16}}\.sqlite")
_ANY_VERSION = re.compile(r"catalog(?:-(?P<version>[0-9]{1,9}))?[-.].*")
_OPEN = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_BYTES = 4_096
_CHUNK = 1 << 20
_WAIT_S = 60.0
_GLANCE_S = 0.05
Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class _Seal:
    """The file that counts, by its name, and the SHA-256 of the whole of it."""

    database: str
    sha256: str

    def __post_init__(self) -> None:
        checked_sha256(self.sha256)
        if not _DATABASE.fullmatch(self.database):
            raise ValueError("not the name of a catalog")


class SealedFile:
    """The catalog's file in ``folder`` (0700), open as ``database``; one thread at a time.

    ``tell`` is told in a line when the file is made anew, and why. Raises ``OSError`` and
    ``sqlite3.Error`` when the place fails.
    """

    def __init__(self, folder: Path, tell: Tell) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._tell = tell
        self._seal: _Seal | None = None
        self._file = -1
        self._state: tuple[int, ...] = ()
        self._is_changed = False
        self.database = sqlite3.connect(":memory:")
        with self.exclusively(or_anew=True):
            pass

    def close(self) -> None:
        """Close the file."""
        self.database.close()
        if self._file != -1:
            os.close(self._file)
            self._file = -1

    @contextmanager
    def exclusively(self, *, or_anew: bool = False) -> Iterator[None]:
        """Keep all other processes from changing the file while the block runs.

        What they changed before is seen. Where the file is not as they left it, it is begun anew if
        that will do, else :class:`Damaged` is raised. The end of the block seals what it changed.
        """
        with self._locked():
            try:
                self._refresh()
            except Damaged:
                if not or_anew:
                    raise
                self.begin_anew(DAMAGED if self._is_anything() else None)
            try:
                yield
            finally:
                if self._is_changed and self._seal:
                    self._put(_Seal(self._seal.database, _sha256_of(self._file)))

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Change the file, all of the block or nothing, inside :meth:`exclusively`."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield self.database
            self.database.execute("COMMIT")
        except BaseException:
            if self.database.in_transaction:
                self.database.execute("ROLLBACK")
            raise
        self._is_changed = True

    def begin_anew(self, why: str | None) -> None:
        """Take an empty file in place of this one, inside :meth:`exclusively`."""
        if why is not None:
            self._tell(why)
        name = f"{_NAME}-{secrets.token_hex(8)}.sqlite"
        self._open(name)
        create(self.database)
        self._put(_Seal(name, _sha256_of(self._file)))
        self._sweep(name)

    def distrust(self) -> None:
        """Let nobody open this file again: something in it was found to be wrong."""
        if self._seal is not None and self._read() == self._seal:
            (self._folder / _SEAL).unlink(missing_ok=True)

    def _refresh(self) -> None:
        """See that the file is what its seal says, unless nobody has touched either since."""
        seal = self._read()
        if seal is None:
            raise Damaged
        if seal == self._seal and _state_of(self._file) == self._state:
            return
        self._open(seal.database)
        self._settle()
        if _sha256_of(self._file) != seal.sha256:
            raise Damaged
        self._note(seal)

    def _settle(self) -> None:
        """Let SQLite take back what a killed process had begun to write."""
        try:
            self.database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise Damaged from error
            raise

    def _open(self, name: str) -> None:
        """Open a file of that name. What it is hashed by stays open beside it.

        Closing any descriptor of a file would take SQLite's own locks of it away (POSIX).
        """
        self.close()
        path = self._folder / name
        self._file = os.open(path, _OPEN, 0o600)
        os.fchmod(self._file, 0o600)
        self._seal = None
        self.database = sqlite3.connect(
            path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
        )

    def _read(self) -> _Seal | None:
        with suppress(OSError, BadDocument):
            text = (self._folder / _SEAL).read_bytes()
            return read(_Seal, loads(text, max_bytes=_MOST_BYTES))
        return None

    def _put(self, seal: _Seal) -> None:
        """Write the seal whole, and bring it to disk: the file is there already."""
        path = self._folder / _SEAL
        new = path.with_suffix(".new")
        file = os.open(new, _OPEN | os.O_TRUNC, 0o600)
        try:
            os.write(file, dumps(plain(seal)))
            os.fsync(file)
        finally:
            os.close(file)
        new.replace(path)
        self._note(seal)

    def _note(self, seal: _Seal) -> None:
        self._seal, self._state, self._is_changed = seal, _state_of(self._file), False

    def _is_anything(self) -> bool:
        """Whether something of this version was here before."""
        return any(
            each.name == _SEAL or _DATABASE.fullmatch(each.name) for each in self._folder.iterdir()
        )

    def _sweep(self, name: str) -> None:
        """Remove this version's files that count no more."""
        for path in self._folder.iterdir():
            if _DATABASE.match(path.name) and not path.name.startswith(name):
                path.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = os.open(self._folder / _LOCK, _OPEN, 0o600)
        try:
            _take(lock)
            yield
        finally:
            os.close(lock)


def clear_older(folder: Path) -> None:
    """Remove the catalogs of older versions; only who holds the archive's lock may do that."""
    for path in folder.iterdir():
        match = _ANY_VERSION.fullmatch(path.name)
        if match and int(match["version"] or 0) < VERSION:
            path.unlink(missing_ok=True)


def _take(lock: int) -> None:
    """Wait for the lock as long as for any other of SQLite's."""
    for _ in range(round(_WAIT_S / _GLANCE_S)):
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        threading.Event().wait(_GLANCE_S)
    raise TimeoutError("another process is writing to it")


def _state_of(file: int) -> tuple[int, ...]:
    """Return what tells that a file was written to, without reading it."""
    told = os.fstat(file)
    return told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns


def _sha256_of(file: int) -> str:
    digest, at = hashlib.sha256(), 0
    while chunk := os.pread(file, _CHUNK, at):
        digest.update(chunk)
        at += len(chunk)
    return digest.hexdigest()
