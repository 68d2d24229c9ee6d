"""What commands that reach no portal are tested with: a home of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archiver.cli import main
from archiver.config.registry import SETTINGS
from tests.patience import impatient

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _impatient() -> Iterator[None]:
    with impatient():
        yield


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs a command line in an empty home: code, stdout, stderr."""
    for setting in SETTINGS:
        monkeypatch.delenv(setting.variable, raising=False)
    for name in ("ARCHIVER_TOKEN", "ARCHIVER_CONFIG", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        code = main.run(words)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call
