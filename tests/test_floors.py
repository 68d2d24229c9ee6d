"""The floors hold: in a copy of the code, each rule of the architecture is broken and seen to be.

All the forbidden imports are planted at once, for the graph of imports takes a while to build.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from tests.conftest import Figure

ROOT = Path(__file__).parents[1]
PLANTED = {
    "domain/times/portal_zone.py": "from archiver import cli",
    "domain/quantities.py": "import httpcore",
    "app/workers/choice.py": "import distributed",
    "app/opening/windows.py": "from archiver.app.download import pull",
    "sandbox/world/world.py": "from archiver.domain import quantities",
    "portal/proving/proof.py": "from archiver import sandbox",
    "catalog/recording_rows.py": "import httpx",
    "store/local/local_store.py": "import boto3",
    "store/base.py": "from archiver.store import kinds",
    "store/s3/bucket/versions.py": "from archiver.store.s3.writing import upload",
    "pull/run_context.py": "from archiver.removal import taking",
    "store/s3/bucket_check.py": "from archiver.store.s3.bucket import deletion",
    "pull/budget/run_budget.py": "import botocore.session",
    "audio/mpeg/frame_walk.py": "import mutagen",
    "pull/ledger/totals.py": "import click",
    "media/addresses.py": "import certifi",
    "newcomer.py": '"""A module on no floor."""',
}
"""What is added to which module; each breaks another rule."""


def _held(folder: Path) -> str:
    command = (str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache")
    environ = {**os.environ, "PYTHONPATH": str(folder)}
    ran = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    return re.sub(r"\s+", " ", ran.stdout + ran.stderr)


def _plant(folder: Path) -> None:
    shutil.copytree(
        ROOT / "archiver", folder / "archiver", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", folder)
    for module, line in PLANTED.items():
        path = folder / "archiver" / module
        text = path.read_text("utf-8") if path.exists() else ""
        path.write_text(f"{text}\n{line}\n", "utf-8")


def test_every_floor_is_seen_to_break(figure: Figure) -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    names = [each["name"] for each in rules["tool"]["importlinter"]["contracts"]]
    with tempfile.TemporaryDirectory() as folder:
        _plant(Path(folder))
        told = _held(Path(folder))

    broken = [name for name in names if f"{name} BROKEN" in told]
    figure("floors", f"{len(names)} rules, {len(PLANTED)} imports planted, broken {len(broken)}")
    assert broken == names, told
    for module, line in PLANTED.items():
        told_of = f"archiver.{module[:-3].replace('/', '.')}"
        assert told_of in told, f"{line} in {module} was not found"
