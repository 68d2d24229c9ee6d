"""Completion, by the shell itself where there is one."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from archiver.cli import main
from archiver.cli.setup import completion
from archiver.errors import ExitCode
from tests.docs.warm import listening, program

SHELLS = ["bash", "zsh", "fish"]
PRESS_TAB = r"""
eval "$(archiver completion bash)"
spec=$(complete -p archiver)
function=${spec#*-F }
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
"${function%% *}" archiver "${COMP_WORDS[COMP_CWORD]}"
printf '%s\n' "${COMPREPLY[@]}"
"""
"""Does what bash does when somebody types the words and presses the tabulator."""


def completed(tmp_path: Path, *words: str) -> list[str]:
    done = subprocess.run(
        ["bash", "--norc", "-c", PRESS_TAB, "bash", *words],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path)},
        timeout=30,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    with listening(tmp_path) as at:
        (tmp_path / "archiver").write_text(program(at))
        (tmp_path / "archiver").chmod(0o700)
        assert completed(tmp_path, "archiver", "ver") == ["verify"]
        assert completed(tmp_path, "archiver", "config", "") == ["check", "init", "show"]
        assert "--max-time" in completed(tmp_path, "archiver", "pull", "--max")


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["completion", shell]) == ExitCode.CLEAN
    script = capsys.readouterr().out
    assert f"{completion.COMPLETE}={shell}_complete" in script
    assert "archiver" in script


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["completion", "csh"]) == ExitCode.USAGE
    assert "'bash', 'zsh', 'fish'" in capsys.readouterr().err
