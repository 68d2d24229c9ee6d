"""The records that are looked at: what the store and a whole pull do, alone and after a kill.

Each is made in a child process below a new folder, the base, in which the archive's folder and the
one above it are made as well.
"""

import hashlib
import os
import signal
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from msgspec import Struct, field

from archiver.check.audit import audit
from archiver.domain.layout import PRIVATE, Shelf, aside_key, audio_key, parse
from archiver.errors import ArchiverError, ExitCode, Missing
from archiver.pull.ledger import gathered
from archiver.sandbox import Sandbox
from archiver.store.local import LocalStore
from tests.archives import MORNING, audio_of, fill
from tests.crash import in_child
from tests.power.disk import Disk, Files
from tests.power.record import Deadly, at, note, nowhere, read, recording, without_waiting
from tests.power.steps import Link, Moving, Promised, Step, Sync, Write
from tests.pulls import Archive

AT = "made/archive"
"""Where the archive lies below the base."""
SCRATCH = PRIVATE
"""The folder in it of part files, and of all else that is no part of the archive."""
_LOG = "steps"


class Case(Struct, frozen=True):
    """A record, and the step from which on its crash points are looked at.

    ``complaints`` does the work once more in an archive that a crash left, and says what is not as
    it would be if the power had stayed.
    """

    name: str
    steps: list[Step]
    first: int
    complaints: Callable[[Path], list[str]]
    catalog: Files = field(default_factory=dict)
    """What the run left of the catalog: of a later day than most disks that a crash leaves."""


def archive_of(files: Files) -> Files:
    """Return what a disk holds of the archive, by key."""
    keys = ((_key(path), data) for path, data in files.items())
    return {key: data for key, data in keys if key is not None}


@cache
def _key(path: str) -> str | None:
    """Return the key in the archive of what lies at a path, ``None`` for what it is no part of."""
    start, private = f"{AT}/", f"{AT}/{PRIVATE}/"
    is_key = path.startswith(start) and not path.startswith(private)
    return path.removeprefix(start) if is_key else None


def lay(files: Files, base: Path) -> Path:
    """Make real files of a disk below ``base``, and return the archive's folder."""
    for path, data in files.items():
        (base / path).parent.mkdir(parents=True, exist_ok=True)
        (base / path).write_bytes(data)
    return base / AT


def stored(folder: Path, *kills: int) -> Case:
    """Record what storing a recording and its manifest does, after runs killed at these steps."""
    store = partial(_store, _base(folder) / AT)
    for step in kills:
        _record(folder, store, at(step))
    first = len(_steps(folder)) if kills else 0
    _record(folder, store)
    name = f"stored, after kills at {kills}" if kills else "stored"
    return Case(name, _steps(folder), first, _store_again)


def _store(root: Path) -> None:
    store = LocalStore(root)
    with store.exclusive():
        fill(store, manifests=1, each=1)


def _store_again(root: Path) -> list[str]:
    with without_waiting():
        _store(root)
    report = audit(LocalStore(root))
    left = [*report.missing, *report.differ, *report.extra, *report.unreadable, *report.chain]
    return [*map(str, left), *map(str, root.glob(f"{PRIVATE}/parts/*"))]


DAMAGED = audio_of("damaged")
KEY = audio_key(Shelf.RECORDINGS, "1", MORNING, "0" * 64, "mp3")
ASIDE = aside_key(KEY, hashlib.sha256(DAMAGED).hexdigest())


def set_aside(folder: Path, *, copied: bool) -> Case:
    """Record how a file is set aside that the store put there, or that came in without a sync."""
    _record(folder, partial(_set_aside, _base(folder) / AT, copied=copied))
    steps = _steps(folder)
    first = next(n for n, step in enumerate(steps) if isinstance(step, Moving))
    name = f"set aside, {'copied in' if copied else 'stored'} before"
    return Case(name, steps, first, _set_aside_again)


def _set_aside(root: Path, *, copied: bool) -> None:
    store = LocalStore(root)
    store.put(KEY.replace("_1.", "_2."), b"beside it")
    if copied:
        file = os.open(root / KEY, os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(file, DAMAGED)
        os.close(file)
    else:
        store.put(KEY, DAMAGED)
    store.clearing.set_aside(KEY, ASIDE)


def _set_aside_again(root: Path) -> list[str]:
    store = LocalStore(root)
    try:
        store.clearing.set_aside(KEY, ASIDE)
    except Missing:
        return []
    except ArchiverError as error:
        return [error.message]
    return [f"{KEY} is there"] if (root / KEY).exists() else []


class Pulls:
    """Pulls of one sandbox, recorded below ``folder``; ``states`` is what an uncut one comes to."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.folder = folder
        folder.mkdir(parents=True)
        whole = Archive(sandbox, folder / "whole")
        in_child(whole.pull_here)
        self.states = whole.states()

    def pulled(self, *kills: int) -> Case:
        """Record a pull, after others that were killed at these steps, if they took so many."""
        folder = self._new("-".join(map(str, ("pulled", *kills))))
        for step in kills:
            self._pull(folder, at(step))
        first = len(_steps(folder)) if kills else 0
        self._pull(folder)
        return self._case(f"pulled, after kills at {kills}" if kills else "pulled", folder, first)

    def pulled_after_a_named_sidecar(self) -> Case:
        """Record a pull after one that was killed between a sidecar's name and its sync."""
        folder = self._new("named")
        self._pull(folder, _names_a_sidecar)
        first = len(_steps(folder))
        self._pull(folder)
        return self._case("pulled over a name that was never synced", folder, first)

    def pulled_over_damage(self, shelf: Shelf) -> Case:
        """Record a pull over an archive in which a file is damaged that is not held.

        It lies in quarantine, or was stored among the good ones by a run that was killed then.
        """
        folder = self._new(f"damaged-{shelf}")
        self._pull(folder, _stores_a_good_one if shelf is Shelf.RECORDINGS else nowhere)
        root = self._archive(folder).folder
        sidecar = next((root / shelf).rglob("*.json"))
        (audio,) = sidecar.parent.glob(f"{sidecar.name.partition('.')[0]}.*.mp3")
        _damage(audio, str(audio.relative_to(root)), folder / _LOG)
        first = len(_steps(folder))
        self._pull(folder)
        return self._case(f"pulled over damage in {shelf}", folder, first)

    def _case(self, name: str, folder: Path, first: int) -> Case:
        catalog = (_base(folder) / AT / PRIVATE).glob("catalog*")
        last = {f"{AT}/{PRIVATE}/{each.name}": each.read_bytes() for each in catalog}
        return Case(name, _steps(folder), first, self._complaints, last)

    def _new(self, name: str) -> Path:
        (self.folder / name).mkdir()
        return self.folder / name

    def _archive(self, folder: Path) -> Archive:
        return Archive(self.sandbox, _base(folder) / AT)

    def _pull(self, folder: Path, deadly: Deadly = nowhere) -> None:
        _record(folder, partial(_pull_in_steps, self._archive(folder)), deadly)

    def _complaints(self, root: Path) -> list[str]:
        archive = Archive(self.sandbox, root)
        with without_waiting():
            in_child(archive.pull_here)
        report = archive.verified()
        left = [*report.missing, *report.differ, *report.extra, *report.unreadable, *report.chain]
        others = archive.states().items() ^ self.states.items()
        return [*map(str, left), *map(str, others), *map(str, archive.parts())]


def _pull_in_steps(archive: Archive) -> None:
    gathered.ENTRIES_A_MANIFEST = 1
    code = archive.pull_here().code
    if code not in {ExitCode.CLEAN, ExitCode.FINDINGS}:
        raise AssertionError(code)


def _names_a_sidecar(step: Step) -> bool:
    """Whether a recording's sidecar has just got its name."""
    return isinstance(step, Link) and "_" in step.name and step.name.endswith(".json")


def _stores_a_good_one(step: Step) -> bool:
    """Whether the sidecar of a good recording, and so its audio too, has just been stored."""
    named = parse(step.key) if isinstance(step, Promised) else None
    return named is not None and (named.shelf, named.extension) == (Shelf.RECORDINGS, "json")


def _damage(path: Path, key: str, log: Path) -> None:
    """Change a file on the disk; the record says that nobody promises the old bytes any more."""
    sound = path.read_bytes()
    damaged = bytes([sound[0] ^ 1]) + sound[1:]
    path.write_bytes(damaged)
    inode = path.stat().st_ino
    promise = Promised(key, hashlib.sha256(damaged).hexdigest())
    note(log, Write(inode, damaged), Sync(inode), promise)


def _base(folder: Path) -> Path:
    return folder / "base"


def _steps(folder: Path) -> list[Step]:
    return read(folder / _LOG, _base(folder))


def _record(folder: Path, work: Callable[[], object], deadly: Deadly = nowhere) -> None:
    """Add what ``work`` does to the record of ``folder``.

    Raises when it fails, and when the record does not lead to what really is in the archive.
    """
    base = _base(folder)
    base.mkdir(parents=True, exist_ok=True)

    def recorded() -> None:
        with recording(folder / _LOG, base, deadly):
            work()

    if in_child(recorded) not in {0, -signal.SIGKILL}:
        raise AssertionError("the recorded process failed")
    disk = Disk(SCRATCH)
    for step in _steps(folder):
        disk.do(step)
    files = (path for path in base.rglob("*") if path.is_file())
    there = {str(path.relative_to(base)): path.read_bytes() for path in files}
    if archive_of(disk.running()) != archive_of(there):
        raise AssertionError("the record does not tell all that was done")
