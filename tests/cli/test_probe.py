"""``archiver probe``: one line a file, JSON for scripts, and an exit code that is true."""

import json
from pathlib import Path

import pytest

from archiver.cli.main import run
from archiver.errors import ExitCode
from tests.conftest import Figure

WHOLE = "lame-vbr-16000-1.mp3"


@pytest.fixture
def whole(root: Path) -> Path:
    return root / "tests" / "corpus" / WHOLE


@pytest.fixture
def cut(whole: Path, tmp_path: Path) -> Path:
    path = tmp_path / "cut.mp3"
    path.write_bytes(whole.read_bytes()[:4000])
    return path


def test_a_whole_file_is_one_line(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["probe", str(whole), "--reported", "00:00:03"]) == ExitCode.CLEAN
    line, *more = capsys.readouterr().out.splitlines()
    assert line.split()[:4] == ["verified", "3.0", "s", "mp3"]
    assert not more


def test_a_cut_file_says_why_and_ends_with_3(
    whole: Path, cut: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["probe", str(cut), str(whole)]) == ExitCode.FINDINGS
    out = capsys.readouterr().out
    assert out.startswith("truncated")
    assert "header counts 86 frames" in out
    assert "whole (no reported length to compare)" in out


def test_json_is_an_array_of_one_object_a_file(
    whole: Path, cut: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["probe", "--json", str(whole), str(cut)]) == ExitCode.FINDINGS
    good, bad = json.loads(capsys.readouterr().out)
    assert good == {
        "file": str(whole),
        "codec": "mp3",
        "duration_ms": 3005,
        "frames": 86,
        "header_ms": 3096,
        "verdict": "duration_unknown",
        "reasons": [],
        "remarks": [],
        "concerns": [],
    }
    assert (bad["verdict"], bad["header_ms"]) == ("truncated", 3096)
    assert bad["duration_ms"] < 2500
    assert bad["reasons"]


@pytest.mark.parametrize(
    ("tolerance", "code"),
    [
        ("0", ExitCode.FINDINGS),
        ("0.5", ExitCode.FINDINGS),
        ("1", ExitCode.CLEAN),
        ("0s, 30%", ExitCode.CLEAN),
    ],
)
def test_the_tolerance_decides_on_the_length(whole: Path, tolerance: str, code: int) -> None:
    assert run(["probe", str(whole), "--reported", "4", "--tolerance", tolerance]) == code


@pytest.mark.parametrize(
    "arguments",
    [["--tolerance", "much"], ["--tolerance", "nan"], ["--reported", "soon"], ["--reported", "-1"]],
)
def test_options_that_make_no_sense_are_refused(
    whole: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["probe", str(whole), *arguments]) == ExitCode.USAGE
    assert arguments[0] in capsys.readouterr().err


def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (tmp_path / "none.mp3", tmp_path):
        assert run(["probe", str(path)]) == ExitCode.USAGE
        assert f"{path} cannot be read" in capsys.readouterr().err


def test_x12_names_cannot_act_on_the_terminal(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], figure: Figure
) -> None:
    hostile = tmp_path / "a\x1b[2J\n\u202eb.mp3"
    hostile.write_bytes(whole.read_bytes())
    run(["probe", str(hostile)])
    run(["probe", "--json", str(hostile)])
    run(["probe", str(hostile) + "gone"])
    told = capsys.readouterr()
    raw = sum(map((told.out + told.err).count, ("\x1b", "\u202e")))
    assert raw == 0
    assert "\\x1b[2J" in told.out
    figure("X12", f"probe: raw escape characters of a file's name in the output {raw}")
