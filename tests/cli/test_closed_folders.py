"""A place in a folder that is closed to this user is told in words."""

import errno
import os
from pathlib import Path
from unittest import mock

import pytest

from archiver.app.tryout.demo import demo
from archiver.config.home import is_there
from archiver.errors import DestinationError, ExitCode
from archiver.get.output_files import Target
from archiver.store.local import LocalStore
from tests.archives import fill
from tests.cli.conftest import Run
from tests.conftest import Figure

TO = {
    "copy": ("copy", "--to"),
    "export": ("export", "--out"),
    "report": ("report", "--out"),
    "get": ("get", "1", "2", "--out"),
    "list of get": ("get", "1", "--list", "--out"),
}


@pytest.fixture
def closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a place that nobody may look at: root, as which tests may run, may look anywhere."""
    folder = tmp_path / "closed"

    def closing(name: str) -> None:
        real = getattr(os, name)

        def closed(path: object, *args: object, **kwargs: object) -> object:
            if str(path).startswith(f"{folder}/"):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return real(path, *args, **kwargs)

        monkeypatch.setattr(os, name, closed)

    for name in ("stat", "lstat", "open", "mkdir", "link"):
        closing(name)
    return folder / "place"


@pytest.mark.parametrize("command", TO)
def test_a_place_that_is_closed_to_this_user_is_told(
    command: str, tmp_path: Path, run: Run, closed: Path, figure: Figure
) -> None:
    fill(LocalStore(tmp_path / "archive"))
    code, _, told = run(*TO[command], str(closed), "-a", str(tmp_path / "archive"))
    assert code == ExitCode.STOPPED, told
    assert os.strerror(errno.EACCES).lower() in told.lower() or "permission was denied" in told
    figure("D5", f"{command} to a folder that is closed to the user: told in words")


def test_settings_that_cannot_be_looked_at_are_told(run: Run, closed: Path) -> None:
    assert not is_there(closed)
    code, _, told = run("config", "init", "--config", str(closed), "--untried")
    assert code in {ExitCode.USAGE, ExitCode.STOPPED}, told
    assert "bug" not in told


def test_a_demo_that_cannot_be_made_is_told(closed: Path) -> None:
    with pytest.raises(DestinationError, match="cannot be written"):
        demo(closed)


def test_a_draft_that_cannot_be_removed_is_told(tmp_path: Path) -> None:
    failing = mock.patch.object(Path, "unlink", side_effect=PermissionError(errno.EACCES, "closed"))
    target = Target(str(tmp_path / "call.mp3"))
    with failing, pytest.raises(DestinationError, match="cannot be written"), target.draft():
        pass
