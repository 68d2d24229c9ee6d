"""A share that refuses SQLite's locks: seen at once, named, and the catalog kept elsewhere."""

import errno
import fcntl
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archiver.catalog import Catalog, sealed
from archiver.catalog.locks import refused
from archiver.errors import DestinationError, ExitCode
from archiver.sandbox import Sandbox, World
from tests.cli.desk import TOKEN, Desk, Ran
from tests.conftest import Figure

DAY = datetime(2021, 4, 6, tzinfo=UTC)
CODES = (errno.ENOLCK, errno.EACCES, errno.EAGAIN, errno.EOPNOTSUPP, errno.EIO)
Refusing = Callable[[Path, int], None]
REAL = fcntl.lockf


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Refusing:
    """Return what lets a folder refuse the locks that SQLite takes, as a share does."""
    real = fcntl.lockf

    def refuse(folder: Path, code: int) -> None:
        def lockf(file: int, *how: int) -> None:
            if Path(f"/proc/self/fd/{file}").readlink().is_relative_to(folder):
                raise OSError(code, os.strerror(code))
            real(file, *how)

        monkeypatch.setattr(fcntl, "lockf", lockf)

    return refuse


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = World(seed=5)
    world.add(count=2, first=DAY, last=DAY + timedelta(hours=20), seconds=(1,))
    with Sandbox(world, token=TOKEN) as sandbox:
        yield Desk(sandbox, tmp_path / "home", {"ARCHIVER_CALLS": "no"})


def catalogs(folder: Path) -> int:
    return len([*folder.rglob("catalog-*.sqlite")])


@pytest.mark.parametrize("code", CODES, ids=lambda code: errno.errorcode[code])
def test_the_catalog_goes_to_the_state_folder(
    tmp_path: Path, desk: Desk, refusing: Refusing, code: int, figure: Figure
) -> None:
    share, state = tmp_path / "share", tmp_path / "home" / ".local/state/archiver"
    refusing(share, code)
    share.mkdir()
    archive = ("-a", str(share / "archive"))
    began = time.monotonic()
    examined = desk.run("doctor", *archive)
    pulled = desk.run("pull", "--day", f"{DAY:%Y-%m-%d}", *archive)
    given = desk.run("get", "--day", f"{DAY:%Y-%m-%d}", "--all", "-o", f"{tmp_path}/out/", *archive)
    seconds = time.monotonic() - began
    assert (examined.code, pulled.code, given.code) == (2, 0, 0), "before, there is no archive"
    why = f"refuses the locks that SQLite takes ({os.strerror(code)}). The catalog is kept in"
    assert "warn     archive" in examined.out
    assert why in examined.out
    assert why in pulled.err
    assert (catalogs(share), catalogs(state)) == (0, 1)
    assert not [*share.rglob(".archiver-lock-*")], "nothing is left of a trial"
    figure("R11", f"{errno.errorcode[code]}: seen and named, catalog elsewhere; {seconds:.0f} s")


def test_where_nothing_grants_locks_that_is_said(
    tmp_path: Path,
    desk: Desk,
    refusing: Refusing,
    monkeypatch: pytest.MonkeyPatch,
    figure: Figure,
) -> None:
    refusing(tmp_path, errno.ENOLCK)
    archive = ("-a", str(tmp_path / "archive"))
    day = ("--day", f"{DAY:%Y-%m-%d}")
    for words in (("doctor",), ("pull", *day)):
        _see_no_place(desk.run(*words, *archive))
    with monkeypatch.context() as granted:
        granted.setattr(fcntl, "lockf", REAL)
        assert desk.run("pull", *day, *archive).code == 0
    tmp_path.joinpath("temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    _see_no_place(desk.run("get", *day, "--all", "-o", f"{tmp_path}/out/", *archive))
    figure("R11", "no locks anywhere: named by doctor, a pull and a get, with what to set")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=lambda code: errno.errorcode[code])
def test_who_reads_needs_no_room_on_the_disk_of_the_archive(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch, code: int, figure: Figure
) -> None:
    """A file system without a free inode takes not even an empty file."""
    archive = tmp_path / "archive"
    asked = "-a", str(archive)
    assert desk.run("pull", "--day", f"{DAY:%Y-%m-%d}", *asked).code == 0
    real = tempfile.mkstemp

    def full(prefix: str, dir: Path) -> tuple[int, str]:  # noqa: A002 - as it is called
        if dir.is_relative_to(archive):
            raise OSError(code, os.strerror(code))
        return real(prefix=prefix, dir=dir)

    monkeypatch.setattr(tempfile, "mkstemp", full)
    found, held = desk.run("find", "--count", *asked), desk.run("hold", "list", *asked)
    assert (found.code, found.out, held.code) == (0, "2\n", 0)
    monkeypatch.setattr(tempfile, "mkstemp", lambda prefix, dir: full(prefix, archive))  # noqa: A006, ARG005 - as it is called
    nowhere = desk.run("find", "--count", *asked)
    assert nowhere.code == ExitCode.STOPPED
    assert "trying a lock" in nowhere.err

    def none(*_: object) -> str:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(tempfile, "mkdtemp", none)
    folderless = desk.run("find", "--count", *asked)
    assert (folderless.code, "making a folder in" in folderless.err) == (ExitCode.STOPPED, True)
    figure("D4", f"find and hold list beside {errno.errorcode[code]}: answered, tracebacks 0")


def test_a_private_folder_that_cannot_be_listed_is_told(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    archive = tmp_path / "archive"
    asked = "-a", str(archive)
    assert desk.run("pull", "--day", f"{DAY:%Y-%m-%d}", *asked).code == 0
    for name in ("scandir", "listdir"):  # Pythons differ in which of them they ask
        real = getattr(os, name)

        def fails(path: object, real: Callable[[object], object] = real) -> object:
            if str(path) == str(archive / ".archiver"):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(path)

        monkeypatch.setattr(os, name, fails)
    held = desk.run("hold", "list", *asked)
    erased = desk.run("erase", "--finish", "--dry-run", *asked)
    pulled = desk.run("pull", "--day", f"{DAY:%Y-%m-%d}", *asked)
    assert (held.code, erased.code, pulled.code) == (0, 0, ExitCode.STOPPED)
    assert "removing the catalogs of earlier versions" in pulled.err
    figure("D4", "a private folder that fails to list: told in words, tracebacks 0")


def _see_no_place(ran: Ran) -> None:
    said = ran.out + ran.err
    assert ran.code == ExitCode.STOPPED
    assert "No place is left for the catalog." in said
    assert "XDG_STATE_HOME" in said


def test_a_lock_that_is_refused_as_taken_is_not_another_run(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    real, share = fcntl.flock, tmp_path / "share"

    def flock(file: int, how: int) -> None:
        if Path(f"/proc/self/fd/{file}").readlink().is_relative_to(share):
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        real(file, how)

    share.mkdir()
    monkeypatch.setattr(fcntl, "flock", flock)
    examined = desk.run("doctor", "-a", str(share))
    assert examined.code == ExitCode.STOPPED
    assert "refuses locks: it calls a new file locked." in examined.out
    assert "Another run" not in examined.out
    figure("R11", "a lock that is refused as taken: doctor blames the file system, no other run")


@pytest.mark.parametrize("words", [("doctor",), ("pull", "--day", f"{DAY:%Y-%m-%d}")])
def test_an_archive_that_can_not_be_locked_is_not_told_as_the_catalogs(
    tmp_path: Path,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    figure: Figure,
) -> None:
    """Where the archive's own lock is refused, another place for the catalog helps nobody."""
    real, share = fcntl.flock, tmp_path / "share"

    def flock(file: int, how: int) -> None:
        if Path(f"/proc/self/fd/{file}").readlink().is_relative_to(share):
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
        real(file, how)

    share.mkdir()
    monkeypatch.setattr(fcntl, "flock", flock)
    ran = desk.run(*words, "-a", str(share))
    said = ran.out + ran.err
    assert ran.code == ExitCode.STOPPED
    assert "the file system has no locks" in said
    assert "XDG_STATE_HOME" not in said
    figure("R11", f"{words[0]} where the archive can't be locked: the mount is named")


def test_a_folder_grants_its_locks(tmp_path: Path) -> None:
    assert refused(tmp_path / "deep" / "folder") is None
    assert [*tmp_path.iterdir()] == []


def test_a_lock_that_somebody_keeps_is_not_a_reason_to_delete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "_WAIT_S", 0.1)
    catalog = Catalog(tmp_path)
    (path,) = tmp_path.glob("*.sqlite")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DestinationError, match="stayed locked") as told:
        Catalog(tmp_path)
    other.close()
    catalog.close()
    assert "delete" not in told.value.advice
