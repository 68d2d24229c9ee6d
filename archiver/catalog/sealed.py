"""The file of a catalog, under a seal that tells whether it is as it was left.

What a catalog says decides what is fetched, so nothing may come of a damaged one. SQLite notices
what breaks its own structure, but neither another digit in a row nor an index that lacks one. So
whoever changes the file leaves the SHA-256 of all of it in the seal, and whoever opens it reads it
whole and compares. A bit that was flipped, a copy torn in the middle, another file under its name
and a row changed by hand are one case then: the file is begun anew.

Each file that is begun has a name of its own, and the seal says which one counts. So nothing is
taken away from a process that has the one before open: it goes on reading, and takes the new one
when it next writes. The version is in every name, and other versions' files are left alone.
"""

import fcntl
import hashlib
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archiver.catalog.schema import Damaged, create, is_damage
from archiver.overview.seal import Seal, is_older, path_of, prefix, read_seal

DAMAGED = "The catalog was not as it was left; it is made anew from the archive."
_OPEN = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_CHUNK = 1 << 20
_WAIT_S = 60.0
_GLANCE_S = 0.05
Tell = Callable[[str], object]


class SealedFile:
    """The catalog's file in ``folder`` (0700), open as ``database``; one thread at a time.

    ``tell`` is told in a line when the file is made anew, and why. Raises ``OSError`` and
    ``sqlite3.Error`` when the place fails.
    """

    def __init__(self, folder: Path, tell: Tell) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self._tell = tell
        self._seal: Seal | None = None
        self._file = -1
        self._state: tuple[int, ...] = ()
        self._is_changed = False
        self.database = sqlite3.connect(":memory:")
        try:
            with self.exclusively(or_anew=True):
                pass
        except BaseException:
            self.close()
            raise

    @property
    def seal(self) -> Seal:
        """The seal that the file fitted when it was last looked at, or got."""
        if self._seal is None:
            raise Damaged
        return self._seal

    def close(self) -> None:
        """Close the file."""
        self.database.close()
        if self._file != -1:
            os.close(self._file)
            self._file = -1

    @contextmanager
    def exclusively(self, *, or_anew: bool = False) -> Iterator[None]:
        """Keep all other processes from changing the file while the block runs.

        What they changed before is seen. Where the file is not as they left it, or another one
        counts by now, that is taken or one begun anew if it will do, else :class:`Damaged` is
        raised. The end of the block seals what it changed.
        """
        with self._locked():
            seal = read_seal(self.folder)
            if not or_anew and (seal and seal.database) != (self._seal and self._seal.database):
                raise Damaged
            try:
                self._refresh(seal)
            except Damaged:
                if not or_anew:
                    raise
                self.begin_anew(DAMAGED if self._is_anything() else None)
            try:
                yield
            finally:
                if self._is_changed and self._seal:
                    self._put(Seal(self._seal.database, _sha256_of(self._file)))

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """Change the file, all of the block or nothing, inside :meth:`exclusively`."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield self.database
            self._is_changed = True
            self.database.execute("COMMIT")
        except BaseException:
            if self.database.in_transaction:
                self.database.execute("ROLLBACK")
            raise

    def begin_anew(self, why: str | None) -> None:
        """Take an empty file in place of this one, inside :meth:`exclusively`."""
        if why is not None:
            self._tell(why)
        name = f"{prefix()}-{secrets.token_hex(8)}.sqlite"
        self._open(name, os.O_CREAT | os.O_EXCL)
        create(self.database)
        self._put(Seal(name, _sha256_of(self._file)))
        self._sweep(name)

    def distrust(self) -> None:
        """Let nobody open this file again: something in it was found to be wrong."""
        if self._seal is not None and read_seal(self.folder) == self._seal:
            path_of(self.folder, "seal").unlink(missing_ok=True)

    def _refresh(self, seal: Seal | None) -> None:
        """See that the file is what its seal says, unless nobody has touched either since."""
        if seal is None:
            raise Damaged
        if seal == self._seal and _state_of(self._file) == self._state:
            return
        try:
            self._open(seal.database)
        except FileNotFoundError as error:
            raise Damaged from error
        self._settle()
        if _sha256_of(self._file) != seal.sha256:
            raise Damaged
        self._note(seal)

    def _settle(self) -> None:
        """Let SQLite take back what a killed process had begun to write."""
        try:
            self.database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except UnicodeDecodeError as error:  # in what SQLite says of names that are no text
            raise Damaged from error
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise Damaged from error
            raise

    def _open(self, name: str, more_flags: int = 0) -> None:
        """Open a file of that name. What it is hashed by stays open beside it.

        Closing any descriptor of a file would take SQLite's own locks of it away (POSIX).
        """
        self.close()
        path = self.folder / name
        self._file = os.open(path, _OPEN | more_flags, 0o600)
        os.fchmod(self._file, 0o600)
        self._seal = None
        self.database = sqlite3.connect(
            path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False
        )
        self.database.execute("PRAGMA secure_delete = ON")  # what is erased stays in no free page

    def _put(self, seal: Seal) -> None:
        """Write the seal whole, and bring it to disk: the file is there already."""
        path, new = path_of(self.folder, "seal"), path_of(self.folder, "new")
        with _opened(new, _OPEN | os.O_CREAT | os.O_TRUNC) as file:
            os.write(file, seal.to_json())
            os.fsync(file)
        new.replace(path)
        with _opened(self.folder, _FOLDER) as folder:
            os.fsync(folder)
        self._note(seal)

    def _note(self, seal: Seal) -> None:
        self._seal, self._state, self._is_changed = seal, _state_of(self._file), False

    def _is_anything(self) -> bool:
        """Whether something of this version was here before."""
        return path_of(self.folder, "seal").exists() or any(self._databases())

    def _sweep(self, name: str) -> None:
        """Remove this version's files that count no more."""
        for path in self._databases():
            if not path.name.startswith(name):
                path.unlink(missing_ok=True)

    def _databases(self) -> list[Path]:
        """Return this version's files, with what SQLite has beside them."""
        return [*self.folder.glob(f"{prefix()}-*.sqlite*")]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with _opened(path_of(self.folder, "lock"), _OPEN | os.O_CREAT) as lock:
            _take(lock)
            yield


def clear_older(folder: Path) -> None:
    """Remove the catalogs of older versions; only who holds the archive's lock may do that."""
    for path in folder.iterdir():
        if is_older(path.name):
            path.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


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
