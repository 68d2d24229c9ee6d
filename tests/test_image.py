"""The container image: made of what is pinned, and fit for the jobs that are printed for it."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from archiver.cli.setup.units.kubernetes import USER
from tests.conftest import Figure

SELF = "recording-archiver"


@pytest.fixture
def dockerfile(root: Path) -> str:
    return (root / "Dockerfile").read_text("utf-8")


def pinned(lock: Path) -> dict[str, str]:
    """Return the version of each package that a lock file pins for this system."""
    lines = re.findall(
        r"^([a-z0-9-]+)==(\S+)(?: ; (.*?))? \\$", lock.read_text("utf-8"), re.MULTILINE
    )
    wanted = (Requirement(f"{name}; {marker}" if marker else name) for name, _, marker in lines)
    return {
        name: version
        for (name, version, _), each in zip(lines, wanted, strict=True)
        if each.marker is None or each.marker.evaluate()
    }


def needed(package: str) -> Iterator[str]:
    """Yield what a package needs here without an extra, and what that needs."""
    for line in requires(package) or ():
        each = Requirement(line)
        if each.marker is None or each.marker.evaluate({"extra": ""}):
            yield canonicalize_name(each.name)
            yield from needed(each.name)


def test_what_runs_is_pinned_by_itself_as_it_was_tested(root: Path, figure: Figure) -> None:
    run, tested = pinned(root / "requirements-run.lock"), pinned(root / "requirements.lock")
    assert run.keys() == {*needed(SELF)}
    assert run.items() <= tested.items()
    figure("X14", f"packages that run {len(run)}, each with the version that is tested")


def test_the_image_takes_nothing_without_a_hash(dockerfile: str) -> None:
    (installs,) = re.findall(r"pip install .*--requirement.*", dockerfile)
    assert "--require-hashes" in installs
    assert re.findall(r"ARG LOCK=(\S+)", dockerfile) == ["requirements-run.lock"]
    (itself,) = re.findall(r"pip install .* \. ", dockerfile)
    assert "--no-deps" in itself


def test_the_image_runs_as_the_jobs_that_are_printed_for_it(dockerfile: str) -> None:
    assert re.findall(r"^USER (.+)$", dockerfile, re.MULTILINE) == [f"{USER}:{USER}"]
    assert "ENTRYPOINT" not in dockerfile, "a job names its command, dask for one"


def test_the_image_has_a_python_that_is_supported(root: Path, dockerfile: str) -> None:
    (version,) = re.findall(r"^ARG BASE=\S+python:([0-9.]+)-slim$", dockerfile, re.MULTILINE)
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]


def test_only_what_is_needed_is_sent_to_build_it(root: Path) -> None:
    lines = (root / ".dockerignore").read_text("utf-8").splitlines()
    first, *others = [line for line in lines if not line.startswith("#")]
    assert first == "*"
    sent = {line.removeprefix("!") for line in others if line.startswith("!")}
    assert [name for name in sent if not (root / name).exists()] == []
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    assert {"archiver", "pyproject.toml", project["readme"], *project["license-files"]} <= sent
    assert {"requirements.lock", "requirements-run.lock", "requirements-dask.lock"} <= sent
