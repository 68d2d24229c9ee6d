"""An archive that a nightly job fills from a portal of this process, command line and all."""

import contextlib
import json
import os
import shutil
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import time_machine
from msgspec import Struct, field

from archiver.catalog import Catalog
from archiver.cli import main
from archiver.domain.recordings import Report
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest, ManifestKind
from archiver.manifest.state import RecordingState, apply_entry
from archiver.media import media_client
from archiver.portal import exchange
from archiver.store.local import LocalStore
from tests.cli.desk import Screen
from tests.lies.portal import ENDPOINT, ListingPool, MediaPool, Portal
from tests.patience import impatient

TOKEN = "canary-4711-token"  # noqa: S105 - guards a world of tones
MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, where there is one


class Ran(Struct, frozen=True):
    """How a command ended, and what it said."""

    code: int
    told: dict[str, Any]
    err: str


class ParsedOnce(Journal):
    """The chain as the oracle reads it, night after night: no manifest is parsed twice."""

    def __init__(self, store: LocalStore, parsed: dict[bytes, Manifest]) -> None:
        super().__init__(store)
        self._every = parsed

    def _parsed(self, text: bytes) -> Manifest:
        if text not in self._every:
            self._every[text] = super()._parsed(text)
        return self._every[text]


class Archive(Struct):
    """One archive and its machine. ``clock_off`` is how wrong this machine's clock is."""

    portal: Portal
    home: Path
    clock_off: timedelta = timedelta()
    known: dict[str, RecordingState] = field(default_factory=dict)
    has_counted: bool = True
    """Whether the last run told how many recordings a budget has left, and not days alone."""
    _followed: int = 0
    _manifests: dict[bytes, Manifest] = field(default_factory=dict)
    _catalog: Catalog | None = None
    _machine: time_machine.Traveller | None = None

    @property
    def folder(self) -> Path:
        """Where the archive lies."""
        return self.home / "archive"

    @property
    def store(self) -> LocalStore:
        """Its store."""
        return LocalStore(self.folder)

    @property
    def journal(self) -> Journal:
        """Its chain."""
        return ParsedOnce(self.store, self._manifests)

    def pull(self, *words: str) -> Ran:
        """Run the nightly job."""
        return self.run("pull", "--json", *words)

    def run(self, *words: str) -> Ran:
        """Run a command in this process, at the portal's time as this machine's clock has it."""
        environ = {
            "PATH": os.environ["PATH"], "HOME": str(self.home), "ARCHIVER_ENDPOINT": ENDPOINT,
            "ARCHIVER_TOKEN": TOKEN, "ARCHIVER_RATE": "60000", "ARCHIVER_WORKERS": "1",
            "ARCHIVER_ARCHIVE": str(self.folder),
        }  # fmt: skip
        out, err = Screen(), Screen()
        with (
            time_machine.travel(self._clock(), tick=True) as self._machine,
            mock.patch.dict(os.environ, environ, clear=True),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = _ended(words)
        text = out.text()
        return Ran(code, json.loads(text) if text.startswith("{") else {}, err.text())

    def pass_time(self, passing: timedelta) -> None:
        """Let so much time pass, at the portal and here."""
        self.portal.now += passing
        if self._machine is not None:
            self._machine.shift(passing)

    def _clock(self) -> datetime:
        return self.portal.now.astimezone(UTC) + self.clock_off

    def follow(self) -> None:
        """Take in what the chain says of each recording, by its manifests alone."""
        for head, manifest in self.journal.manifests(after=self._followed):
            self._followed = head.number
            if manifest.backlog is not None:
                self.has_counted = manifest.backlog.recordings is not None
            for entry in manifest.recordings:
                at = manifest.run.ended or manifest.run.started
                self.known[entry.id] = apply_entry(
                    self.known.get(entry.id), entry, manifest.kind, at
                )

    def heads(self) -> int:
        """Return how many manifests there are."""
        return sum(1 for _ in self.store.items("manifests/"))

    def settled(self) -> set[str]:
        """Return the portal days that are settled, by a catalog that nothing has damaged."""
        if self._catalog is None:
            self._catalog = Catalog(self.home / "oracle")
        self._catalog.follow(self.journal)
        today = (self.portal.now + timedelta(days=30)).date()
        return {day.isoformat() for day in self._catalog.days.settled([*Report], today)}

    def close(self) -> None:
        """Close what it keeps open."""
        if self._catalog is not None:
            self._catalog.close()
            self._catalog = None

    def accepted(self) -> set[str]:
        """Return what a person accepted, by id."""
        return {
            entry.id
            for _, manifest in self.journal.manifests()
            if manifest.kind is ManifestKind.ACCEPT
            for entry in manifest.recordings
        }

    def copy(self, name: str) -> Path:
        """Keep a copy of all of it, as a crash at this moment would leave it."""
        kept = self.home / name
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.folder, kept)
        return kept

    def put_back(self, kept: Path) -> None:
        """Make the archive what a copy is."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(kept, self.folder)
        self.known, self._followed = {}, 0
        self.close()
        shutil.rmtree(self.home / "oracle", ignore_errors=True)


def _ended(words: tuple[str, ...]) -> int:
    """Return a command's exit code; a bug leaves the product as an exception, told as it tells."""
    try:
        return main.run(words)
    except Exception:  # noqa: BLE001 - whatever it is, the interpreter's hook would tell it
        sys.stderr.write(traceback.format_exc())
        return 1


@contextlib.contextmanager
def at_the_wire(portal: Portal) -> Iterator[None]:
    """Let every client of the product reach that portal, and wait for nothing."""
    with (
        mock.patch.object(exchange, "pool", return_value=ListingPool(portal)),
        mock.patch.object(media_client, "pool", return_value=MediaPool(portal)),
        impatient(tries=3),
    ):
        yield
