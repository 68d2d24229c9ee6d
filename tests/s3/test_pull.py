"""Whole pulls into a bucket, as a person at the terminal sees them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from archiver.cli import configuration
from archiver.cli.stores import open_store
from archiver.manifest.journal import Journal
from archiver.outcomes import Outcome
from archiver.sandbox import Kind, Sandbox, World
from tests.canaries import TOKEN
from tests.cli.desk import Desk, Ran
from tests.conftest import Figure
from tests.s3.account import ENVIRONMENT
from tests.s3.guard import Guard

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DAY = datetime(2021, 4, 6, tzinfo=UTC)
COUNT = 24


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    world = World(seed=9)
    world.add(
        count=COUNT, first=DAY, last=DAY + timedelta(hours=23), kinds=(Kind.BARE,), seconds=(1, 2)
    )
    with Sandbox(world, token=TOKEN) as sandbox:
        yield sandbox


@dataclass
class Machine:
    """One machine that archives into a bucket."""

    sandbox: Sandbox
    guard: Guard
    bucket: str
    home: Path

    def environment(self) -> dict[str, str]:
        self.home.mkdir(exist_ok=True)
        return {
            **ENVIRONMENT,
            "HOME": str(self.home),
            "ARCHIVER_ENDPOINT": self.sandbox.endpoint,
            "ARCHIVER_TOKEN": TOKEN,
            "ARCHIVER_RATE": "60000",
            "ARCHIVER_ARCHIVE": f"s3://{self.bucket}/calls",
            "ARCHIVER_S3_ENDPOINT": self.guard.endpoint,
            "ARCHIVER_S3_STYLE": "path",
        }

    def archived(self) -> list[str]:
        """Return the ids that the chain says were archived, each as often as it does."""
        context = configuration.load({}, self.environment())
        journal = Journal(open_store(context))
        return [
            entry.id
            for _head, manifest in journal.manifests()
            for entry in manifest.recordings
            if entry.outcome is Outcome.ARCHIVED
        ]

    def run(self, *words: str, **environ: str) -> Ran:
        desk = Desk(self.sandbox, self.home, {**self.environment(), **environ})
        ran = desk.run(*words)
        assert desk.leaks() == []
        return ran

    def pull(self, **environ: str) -> tuple[int, dict[str, Any], str]:
        ran = self.run("pull", "--day", "2021-04-06", "--json", **environ)
        return ran.code, json.loads(ran.out) if ran.out else {}, ran.err

    def verify(self, *words: str) -> tuple[int, dict[str, Any]]:
        ran = self.run("verify", "--json", *words)
        return ran.code, json.loads(ran.out)


@pytest.fixture
def machine(sandbox: Sandbox, guard: Guard, versioned_bucket: str, tmp_path: Path) -> Machine:
    return Machine(sandbox, guard, versioned_bucket, tmp_path / "one")


def test_a_pull_into_a_bucket(machine: Machine, figure: Figure) -> None:
    code, told, err = machine.pull()
    assert (code, told["outcomes"]["archived"]) == (0, COUNT), err
    asked = machine.guard.tally.requests["PutObject"]
    assert machine.verify()[0] == 0
    read = machine.guard.tally.requests["GetObject"]
    code, whole = machine.verify("--read")
    assert (code, whole["ok"]) == (0, 2 * COUNT + 2)
    assert machine.guard.tally.requests["GetObject"] - read == 2 * COUNT + 2
    again, told, _err = machine.pull()
    assert (again, told["outcomes"]["held"]) == (0, COUNT)
    one = next(iter(machine.sandbox.world.recordings)).id
    out = machine.home / "one.mp3"
    assert machine.run("get", one, "-o", str(out)).code == 0
    assert out.stat().st_size > 0
    figure("S5", f"{COUNT} into a bucket: {asked} PUTs")


def test_two_machines_at_once(
    machine: Machine, tmp_path: Path, s3: "S3Client", figure: Figure
) -> None:
    other = Machine(machine.sandbox, machine.guard, machine.bucket, tmp_path / "two")
    command = "from archiver.cli.main import run; import sys; sys.exit(run(sys.argv[1:]))"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", command, "pull", "--day", "2021-04-06", "--json"],
            env={"PATH": os.environ["PATH"], **each.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for each in (machine, other)
    ]
    told = []
    for process in running:
        out, err = process.communicate(timeout=100)
        assert process.returncode == 0, err
        told.append(json.loads(out))
    archived = [each["outcomes"]["archived"] for each in told]
    held = [each["outcomes"]["held"] for each in told]
    assert [one + two for one, two in zip(archived, held, strict=True)] == [COUNT, COUNT]
    code, report = machine.verify("--read")
    assert code == 0, report
    entries = machine.archived()
    assert len(entries) == len(set(entries)) == COUNT
    versions = s3.list_object_versions(Bucket=machine.bucket)
    names = [each["Key"] for each in versions["Versions"]]
    assert len(names) == len(set(names))
    figure("S1", f"two machines at once: archived {archived}, held {held}, versions doubled 0")
