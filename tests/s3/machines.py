"""Machines that archive into a bucket of the stand-in, as a person at the terminal runs them."""

import json
import os
from pathlib import Path
from typing import Any

from msgspec import Struct

from archiver.app.opening import context as configuration
from archiver.app.opening.archive.stores import open_store
from archiver.domain.outcomes import Outcome
from archiver.manifest.journal import Journal
from archiver.manifest.model import Entry
from archiver.manifest.records.files import Head
from archiver.sandbox import Sandbox
from archiver.store.s3.bucket_check import BUCKET
from tests.canaries import TOKEN, heard
from tests.cli.desk import Desk, Ran
from tests.programs import STARTER, Running
from tests.pulls import DAY
from tests.s3.account import ENVIRONMENT
from tests.s3.guard import Guard


class Machine(Struct):
    """One machine that archives into a bucket."""

    sandbox: Sandbox
    guard: Guard
    bucket: str
    home: Path

    def environment(self) -> dict[str, str]:
        """Return the settings of an archive in the bucket, and of nothing else."""
        self.home.mkdir(exist_ok=True)
        return {
            **ENVIRONMENT,
            "HOME": str(self.home),
            "ARCHIVER_ENDPOINT": self.sandbox.endpoint,
            "ARCHIVER_TOKEN": TOKEN,
            "ARCHIVER_RATE": "60000",
            "ARCHIVER_CALLS": "no",
            "ARCHIVER_ARCHIVE": f"s3://{self.bucket}/portal",
            "ARCHIVER_S3_ENDPOINT": self.guard.endpoint,
            "ARCHIVER_S3_STYLE": "path",
        }

    def archived(self) -> list[str]:
        """Return the ids that the chain says were archived, each as often as it does."""
        return [entry.id for entry in self.entries() if entry.outcome is Outcome.ARCHIVED]

    def entries(self) -> list[Entry]:
        """Return all that the chain says of recordings, oldest first."""
        return [
            entry
            for _head, manifest in self._journal().manifests()
            for entry in manifest.recordings
        ]

    def heads(self) -> list[Head]:
        """Return every head of the chain, oldest first."""
        return [head for head, _manifest in self._journal().manifests()]

    def _journal(self) -> Journal:
        return Journal(open_store(configuration.load(configuration.USUAL, self.environment())))

    def run(self, *words: str, **environ: str) -> Ran:
        """Type a command, with some settings more."""
        desk = Desk(self.sandbox, self.home, {**self.environment(), **environ})
        ran = desk.run(*words)
        assert desk.leaks() == []
        return ran

    def start(self, *words: str) -> Running:
        """Type a command in a process of its own."""
        return STARTER.start(words, {"PATH": os.environ["PATH"], **self.environment()})

    @staticmethod
    def end(process: Running) -> Ran:
        """Wait for what was started; what it printed is searched for secrets with the test's."""
        out, err = process.communicate(timeout=100)
        heard(out + err)
        return Ran(process.returncode, out, err)

    def pull(self, *words: str, **environ: str) -> tuple[int, dict[str, Any], str]:
        """Pull the portal's day; return the exit code, what ``--json`` printed, and the rest."""
        ran = self.run("pull", "--day", f"{DAY:%Y-%m-%d}", "--json", *words, **environ)
        return ran.code, json.loads(ran.out) if ran.out else {}, ran.err

    def verify(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Verify; return the exit code and what ``--json`` printed."""
        ran = self.run("verify", "--json", *words)
        return ran.code, json.loads(ran.out)

    def doctor(self, **environ: str) -> dict[str, str]:
        """Return the state of each check of the bucket."""
        told = json.loads(self.run("doctor", "--json", **environ).out)
        return {each["name"]: each["state"] for each in told["checks"] if each["name"] in BUCKET}

    @property
    def workdir(self) -> Path:
        """The private folder of this machine for the bucket."""
        (folder,) = (self.home / ".local" / "state" / "archiver").iterdir()
        return folder
