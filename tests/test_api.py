"""The page about the Python API: its examples run as they stand."""

import inspect
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import archiver
from archiver import api
from archiver.sandbox import Encoding, Sandbox, World
from tests.conftest import Figure

DAY = datetime(2021, 4, 6, 9, tzinfo=UTC)
TOKEN = "canary-4711-token"  # noqa: S105 - guards a world of tones
_EXAMPLE = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.fixture
def examples(root: Path) -> dict[str, Callable[..., Any]]:
    """Return the functions that the page shows."""
    shown: dict[str, Any] = {}
    for code in _EXAMPLE.findall((root / "docs" / "api.md").read_text("utf-8")):
        exec(compile(code, "docs/api.md", "exec"), shown)  # noqa: S102 - our own page
    return shown


def test_the_examples_of_the_page_run(
    examples: dict[str, Callable[..., Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    figure: Figure,
) -> None:
    world = World(seed=7)
    last = DAY + timedelta(hours=3)
    world.add(count=9, first=DAY, last=last, kinds=(Encoding.BARE,), seconds=(2, 3))
    archive = tmp_path / "archive"
    with Sandbox(world, token=TOKEN, now=lambda: DAY + timedelta(days=1)) as sandbox:
        monkeypatch.setenv("ARCHIVER_ENDPOINT", sandbox.endpoint)
        monkeypatch.setenv("ARCHIVER_TOKEN", TOKEN)
        monkeypatch.setenv("ARCHIVER_RATE", "60000")
        monkeypatch.setenv("ARCHIVER_CLOCK", "portal")
        monkeypatch.setenv("HOME", str(tmp_path))
        head = examples["archive_recordings"](str(archive), "2021-04-06")
        again = examples["archive_recordings"](str(archive))
    assert int(head.partition(":")[0]) < int(again.partition(":")[0])
    files = examples["check_archive"](str(archive))
    recording = next(iter(world.recordings)).id
    length_ms = examples["save_and_measure"](str(archive), recording, str(tmp_path))
    assert length_ms is not None
    assert 2_000 <= length_ms <= 3_100
    shutil.copytree(archive, tmp_path / "copy")
    lost = next(archive.glob("recordings/**/*.mp3"))
    lost.unlink()
    with pytest.raises(RuntimeError, match="missing"):
        examples["check_archive"](str(archive))
    told = examples["repair_archive"](str(archive), str(tmp_path / "copy"))
    assert told == "1 put back, 0 left"
    assert "There is no archive" in examples["repair_archive"](str(tmp_path / "none"), "/none")
    assert capsys.readouterr() == ("", ""), "a program is told by results, not by its terminal"
    figure(
        "api", f"docs/api.md: 4 examples run; {files} files, 1 lost and put back, 0 lines printed"
    )


def test_all_that_is_exported_is_there_and_explained() -> None:
    for name in api.__all__:
        assert getattr(api, name).__doc__, name
        assert getattr(archiver, name) is getattr(api, name), "no room takes the name"


@pytest.mark.parametrize(
    "first", ["", "import archiver.pull.run\n", "import archiver.app.download.get\n"]
)
def test_the_package_gives_the_functions_and_not_the_rooms_of_their_names(first: str) -> None:
    names = ", ".join(api.__all__)
    code = f"{first}from archiver import {names}\nprint(callable(get), callable(pull))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "True True\n"


def test_the_page_names_every_function() -> None:
    page = (Path(__file__).parents[1] / "docs" / "api.md").read_text("utf-8")
    for name in api.__all__:
        if inspect.isfunction(getattr(api, name)):
            assert f"`{name}`" in page, name
