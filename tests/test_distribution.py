"""What is handed out, wheel and sdist: everything that is needed, and nothing else.

`make dist` installs the wheel into a bare environment and runs the demo there.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from msgspec import Struct

pytestmark = pytest.mark.slow

AS_DATA: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
"""How an sdist is unpacked: Python before 3.11.4 knows no filter, and Python 3.14 wants one."""


class Built(Struct, frozen=True):
    """Where a wheel and an sdist lie."""

    wheel: Path
    sdist: Path


def build(source: Path, target: Path) -> Built:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(target)],
        cwd=source,
        check=True,
        capture_output=True,
        timeout=60,
    )
    (wheel,), (sdist,) = target.glob("*.whl"), target.glob("*.tar.gz")
    return Built(wheel, sdist)


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(root, tmp_path_factory.mktemp("dist"))


@pytest.fixture
def scratch() -> Iterator[Path]:
    """Return a folder that is gone before leaks are searched for: the sdist holds the canaries."""
    with TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def metadata(built: Built) -> Message:
    with zipfile.ZipFile(built.wheel) as wheel:
        (name,) = (each for each in wheel.namelist() if each.endswith(".dist-info/METADATA"))
        return message_from_bytes(wheel.read(name))


def test_the_wheel_holds_the_package_whole_and_nothing_else(root: Path, built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    there = {
        str(each.relative_to(root))
        for each in (root / "archiver").rglob("*")
        if each.is_file() and "__pycache__" not in each.parts
    }
    assert names == there
    assert "archiver/py.typed" in names


def test_the_metadata_is_complete(root: Path, metadata: Message) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    assert metadata["Summary"] == project["description"]
    assert metadata["Requires-Python"] == project["requires-python"]
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata.get_all("License-File") == ["LICENSE", "NOTICE"]
    assert metadata.get_all("Classifier") == project["classifiers"]
    assert metadata.get_all("Provides-Extra") == sorted(project["optional-dependencies"])
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload(decode=True) == (root / "README.md").read_bytes()
    without_extras = {each for each in metadata.get_all("Requires-Dist", []) if ";" not in each}
    assert without_extras == set(project["dependencies"])


def test_the_sdist_can_be_tested_and_makes_the_same_wheel(built: Built, scratch: Path) -> None:
    shutil.unpack_archive(built.sdist, scratch, **AS_DATA)
    (source,) = scratch.iterdir()
    wanted = ("Makefile", "LICENSE", "requirements.lock", "tests", "manifests", "docs")
    assert [name for name in wanted if not (source / name).exists()] == []
    again = build(source, scratch / "dist")
    digests = [hashlib.sha256(each.read_bytes()).digest() for each in (built.wheel, again.wheel)]
    assert digests[0] == digests[1]


def test_the_wheel_installs_and_runs(built: Built, scratch: Path) -> None:
    """Beside the dependencies of this environment: only they are borrowed."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run(
        [*pip, "--no-compile", "--target", str(scratch), str(built.wheel)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    done = subprocess.run(
        [scratch / "bin" / "archiver", "--help"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(scratch)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith("Usage: archiver ")
