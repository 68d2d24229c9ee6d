"""Content is data and never a command; no dependency has a hole that is known (X13 and X14)."""

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

from tests.archives import fill
from tests.conftest import Figure
from tests.store.memory import MemoryStore

OBEDIENT_MODULES = {
    *("pickle", "marshal", "shelve", "dill", "yaml", "ctypes", "runpy", "code", "pty"),
}
"""What runs, or may run, what it reads."""
OBEDIENT_NAMES = {"eval", "exec", "compile", "__import__", "system", "popen", "execv", "execve"}
WITHOUT_HOLES = {"urllib3": Version("2.7.0")}
"""Closes CVE-2025-66418, CVE-2025-66471, CVE-2026-21441 and CVE-2026-44432."""


def trees(root: Path) -> Iterator[tuple[Path, ast.AST]]:
    for path in sorted((root / "archiver").rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def imported(node: ast.AST) -> set[str]:
    """Return the top-level names of the modules that a node imports."""
    match node:
        case ast.Import():
            return {alias.name.partition(".")[0] for alias in node.names}
        case ast.ImportFrom():
            return {(node.module or "").partition(".")[0]}
        case _:
            return set()


def called(node: ast.AST) -> str:
    """Return the last name of what a node calls, without ``re.compile``."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re"))):
            return ""
        case ast.Call(func=ast.Attribute(attr=name)):
            return name
        case _:
            return ""


def test_nothing_in_the_code_obeys_what_it_reads(root: Path, figure: Figure) -> None:
    obedient, shells, commands, files = [], 0, set(), 0
    for path, tree in trees(root):
        files += 1
        for node in ast.walk(tree):
            if imported(node) & OBEDIENT_MODULES or called(node) in OBEDIENT_NAMES:
                obedient.append(f"{path.name}:{getattr(node, 'lineno', 0)}")
            if "subprocess" in imported(node):
                commands.add(path.name)
            shells += isinstance(node, ast.keyword) and node.arg == "shell"
    assert files > 50
    assert obedient == []
    assert shells == 0
    run = {"token.py", "worker_process.py"}
    assert commands == run, "nothing but the user's own token_command, and archiver itself, is run"
    figure(
        "X13",
        f"{files} modules: obedient imports and calls 0, shells 0, commands 2",
    )


def test_what_lies_in_an_archive_is_never_run(tmp_path: Path, figure: Figure) -> None:
    """Verify, standing in an archive that is full of invitations."""
    archive, marks = tmp_path / "archive", tmp_path / "marks"
    marks.mkdir()
    act = f"import pathlib; pathlib.Path({str(marks)!r}, __name__).touch()\n"
    write_archive(archive)
    for name in ("json", "click", "archiver", "sitecustomize", "conftest"):
        (archive / f"{name}.py").write_text(act)
    (archive / "archiver.toml").write_text(f'token_command = ["touch", "{marks}/token"]\n')
    (archive / ".env").write_text(f"ARCHIVER_TOKEN_COMMAND=touch {marks}/env\n")
    command = Path(sys.executable).parent / "archiver"
    done = subprocess.run(
        [command, "verify", "-a", ".", "--json"],
        cwd=archive,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert done.stdout.count("no manifest names it") == 7, "each of them is told as a file"
    assert list(marks.iterdir()) == []
    figure("X13", "planted modules 5, settings 2, in the current folder: told 7, run 0")


def write_archive(folder: Path) -> None:
    """Write an archive of recordings whose fields would like to be run."""
    store = MemoryStore()
    fill(store)
    for item in store.items(""):
        path = folder / item.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(store.open(item.key).read())


def test_no_dependency_has_a_known_hole(root: Path, figure: Figure) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    floors = {each.name: each.specifier for each in map(Requirement, project["dependencies"])}
    lines = (root / "requirements.lock").read_text("utf-8").splitlines()
    pins = dict(line.split(" ")[0].split("==") for line in lines if "==" in line)
    for name, fixed in WITHOUT_HOLES.items():
        assert Version(pins[name]) >= fixed
        assert f">={fixed}" in str(floors[name]), "a wheel must not be installed with less"
        figure("X14", f"{name} {pins[name]} pinned, {floors[name]} required")
