"""A user without a name and a home, a folder that is gone, a disk without room for a moment."""

import contextlib
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from archiver.config import home
from archiver.sandbox import Encoding, Sandbox, World
from tests.cli.desk import TOKEN, Desk
from tests.conftest import Figure
from tests.patience import impatient

DAY = datetime(2021, 4, 6, tzinfo=UTC)
LAST = DAY + timedelta(hours=9)
"""Of rows that are hours apart, a portal is asked less for what its clocks show."""
ON_DAY = ("--day", "2021-04-06")
UID = 12345
ARCHIVE = "ARCHIVE"
"""Stands for the archive's path in the command lines below."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    world = World(seed=6)
    world.add(count=2, first=DAY, last=LAST, kinds=(Encoding.BARE,), seconds=(1,))
    with Sandbox(world, token=TOKEN) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def archived(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive of the day, which somebody with a home has pulled."""
    desk = Desk(sandbox, tmp_path_factory.mktemp("home"))
    archive = desk.home / "archive"
    with impatient():
        assert desk.run("pull", *ON_DAY, "--no-calls", "-q", "-a", str(archive)).code == 0
    return archive


@pytest.fixture
def nameless(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Return the desk of a uid as containers have it."""

    def unknown(uid: int) -> NoReturn:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(os, "getuid", lambda: UID)
    monkeypatch.chdir(tmp_path)
    return Desk(sandbox, tmp_path, {"HOME": ""})


def typed(desk: Desk, words: tuple[str, ...]) -> list[str]:
    return [str(desk.home / "archive") if word == ARCHIVE else word for word in words]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, ("pull", *ON_DAY, "--no-calls", "-a", ARCHIVE)),
        (0, ("list", *ON_DAY)),
        (0, ("get", *ON_DAY, "--all", "-o", "calls/")),
        (0, ("get", *ON_DAY, "--all", "-a", ARCHIVE, "-o", "calls/")),
        (0, ("verify", "-a", ARCHIVE)),
        (0, ("repair", "-a", ARCHIVE)),
        (0, ("doctor", "-a", ARCHIVE)),
        (0, ("reconcile", *ON_DAY, "--portal", "-a", ARCHIVE)),
        (0, ("config", "show")),
        (0, ("config", "check")),
        (2, ("config", "init", "--untried")),
        (0, ("config", "init", "--untried", "--config", "archiver.toml")),
        (2, ("schedule", "cron", "-a", ARCHIVE)),
        (2, ("verify", "-a", "s3://calls/2021")),
        (2, ("accept", "--day", "2021-04-06", "--reason", "heard it", "-a", ARCHIVE)),
    ],
)
def test_a_user_without_a_home_can_do_all_that_needs_none(
    nameless: Desk, archived: Path, code: int, words: tuple[str, ...], figure: Figure
) -> None:
    if words[0] != "pull":
        shutil.copytree(archived, nameless.home / "archive")
    ran = nameless.run(*typed(nameless, words))
    assert ran.code == code, ran.err
    assert not (nameless.home / ".local").exists(), "nothing is kept in the current folder"
    if code:
        assert f"User {UID} has no " in ran.err or "There is no settings file" in ran.err
    figure("R6", f"{' '.join(words[:2])}: exit {code}")


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HOME": "/home/ann"}, "/home/ann/.local/state/archiver"),
        ({"HOME": "/home/ann", "XDG_STATE_HOME": "/var/lib"}, "/var/lib/archiver"),
        ({"HOME": "/home/ann", "XDG_STATE_HOME": "lib"}, "/home/ann/.local/state/archiver"),
        ({"HOME": "", "XDG_STATE_HOME": "/var/lib"}, "/var/lib/archiver"),
        ({}, None),
        ({"HOME": ""}, None),
        ({"HOME": "here"}, None),
    ],
)
@pytest.mark.usefixtures("nameless")
def test_where_state_is_kept(environ: dict[str, str], folder: str | None) -> None:
    assert home.state_folder(environ) == (folder and Path(folder))


def test_a_home_that_only_the_system_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    known = pwd.struct_passwd(("ann", "x", 7, 7, "", "/home/ann", "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: known)
    assert home.config_folder({}) == Path("/home/ann/.config/archiver")


@pytest.mark.parametrize("words", [("verify", "-a", "archive"), ("get", "ID"), ("demo",)])
def test_a_current_folder_that_was_deleted_is_named(
    sandbox: Sandbox, tmp_path: Path, words: tuple[str, ...], figure: Figure
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    with contextlib.chdir(gone):
        gone.rmdir()
        ran = Desk(sandbox, tmp_path).run(*words)
    assert ran.code == 2
    assert "The current folder was deleted." in ran.err
    figure("R6", f"{words[0]} in a folder that was deleted: exit 2, named")


def test_a_disk_that_is_read_only_is_named(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    def nowhere() -> NoReturn:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    ran = Desk(sandbox, tmp_path).run("get", next(iter(sandbox.world.recordings)).id, "-o", "-")
    assert ran.code == 2
    assert "Set TMPDIR" in ran.err
    figure("R6", "no folder for temporary files: exit 2, named")
