"""Pulls of a sandbox in a process of their own, to be killed, interrupted and weighed, or here."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from msgspec import Struct, field

from archiver.check.audit import audit
from archiver.check.audit_report import AuditReport
from archiver.cli.main import run
from archiver.domain.layout import ARCHIVE_KEY, Shelf, parse
from archiver.domain.outcomes import Outcome, Verdict
from archiver.manifest.journal import Journal
from archiver.manifest.state import RecordingState, apply_entry
from archiver.sandbox import Encoding, Faults, Sandbox, Trouble, Troubled, World
from archiver.store.base import Store
from archiver.store.local import LocalStore
from tests.canaries import TOKEN, heard
from tests.cli.desk import Screen
from tests.programs import COMMAND, STARTER, Running

DAY = datetime(2021, 4, 6, tzinfo=UTC)
DAY_OPTIONS = ("--day", f"{DAY:%Y-%m-%d}", "--rate", "60000")
"""What a pull is asked for, unless a test says otherwise."""
DEADLINE = 1_800.0
"""No pull of these tests may take longer, in seconds."""
GLANCE_S = 0.002

State = tuple[Outcome, Verdict | None, str | None]
"""What a recording came to: its outcome, its verdict, the SHA-256 of its audio."""


@contextlib.contextmanager
def portal(  # noqa: PLR0913 - what a day is like, each by name
    count: int,
    *,
    gone: int = 0,
    wrong: int = 0,
    link_life: int = 3_600,
    kind: Encoding = Encoding.BARE,
    seconds: Sequence[int] = (1, 2),
    port: int = 0,
) -> Iterator[Sandbox]:
    """Serve a day of ``count`` short recordings, some gone and some of another length than said.

    Links live ``link_life`` seconds. The ``port`` is any free one when 0.
    """
    world = World(seed=count)
    made = world.add(
        count=count, first=DAY, last=DAY + timedelta(hours=23), kinds=(kind,), seconds=seconds
    )
    lost = frozenset(recording.key for recording in made[2 :: count // (gone + 1)][:gone])
    for recording in made[1 :: count // (wrong + 1)][:wrong]:
        world.edit(recording.id, duration="00:00:59")
    faults = Faults(media=(Troubled(Trouble.NOT_FOUND, keys=frozenset(k for k in lost if k)),))
    with Sandbox(world, faults, token=TOKEN, link_life=link_life, port=port) as sandbox:
        yield sandbox


def wait(process: Running, seconds: float) -> None:
    """Wait so long, or until the process has ended."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


class Ended(Struct, frozen=True):
    """How a pull ended; ``told`` is what ``--json`` printed, empty when it was cut off."""

    code: int
    told: Mapping[str, Any]
    err: str


def _ended(code: int, out: str, err: str) -> Ended:
    """Return how a pull ended; what it printed is searched for secrets with the test's own."""
    heard(out + err)
    return Ended(code, json.loads(out) if out else {}, err)


class Archive(Struct):
    """An archive that is pulled into from a sandbox of this process."""

    sandbox: Sandbox
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = DAY_OPTIONS
    program: tuple[str, ...] = COMMAND

    def environment(self) -> dict[str, str]:
        """Return the variables of a pull, and nothing else of this machine's."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder.parent),
            "ARCHIVER_ENDPOINT": self.sandbox.endpoint,
            "ARCHIVER_TOKEN": TOKEN,
            "ARCHIVER_ARCHIVE": str(self.folder),
            "ARCHIVER_CALLS": "no",
            **self.environ,
        }

    def pulling(self) -> contextlib.AbstractContextManager[Running]:
        """Start a pull; it is killed at the latest when the block ends."""
        return self.running("pull", "--json", *self.options)

    @contextlib.contextmanager
    def running(self, *words: str) -> Iterator[Running]:
        """Start a command; it is killed at the latest when the block ends."""
        with STARTER.start(words, self.environment(), self.program) as process:
            try:
                yield process
            finally:
                process.kill()

    def pull(self) -> Ended:
        """Pull to the end."""
        with self.pulling() as process:
            return self.ended(process)

    def type(self, *words: str) -> Ended:
        """Run a command to its end."""
        with self.running(*words) as process:
            return self.ended(process)

    def pull_here(self) -> Ended:
        """Pull to the end in this process: a tenth of the processor's time of one of its own."""
        out, err = Screen(), Screen()
        with (
            mock.patch.dict(os.environ, self.environment(), clear=True),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = run(["pull", "--json", *self.options])
        return _ended(code, out.text(), err.text())

    def wait_for_downloads(self, process: Running, count: int) -> None:
        """Wait until the portal was asked for so many, or the pull has ended."""
        self.wait_for(process, "media", count)

    def wait_for(self, process: Running, what: str, count: int) -> None:
        """Wait until the sandbox has counted so many of ``what``, or the pull has ended."""
        while process.poll() is None and self.sandbox.counts[what] < count:
            wait(process, GLANCE_S)

    @staticmethod
    def ended(process: Running) -> Ended:
        """Wait for a pull to end."""
        out, err = process.communicate(timeout=DEADLINE)
        return _ended(process.returncode, out, err)

    def store(self) -> Store:
        """Return its store."""
        return LocalStore(self.folder)

    def begun(self) -> bool:
        """Return whether there is an archive by now."""
        return any(self.store().items(ARCHIVE_KEY))

    def known(self) -> dict[str, RecordingState]:
        """Return where every recording stands, by the chain alone."""
        known: dict[str, RecordingState] = {}
        for _head, manifest in Journal(self.store()).manifests():
            for entry in manifest.recordings:
                known[entry.id] = apply_entry(known.get(entry.id), entry, manifest.kind)
        return known

    def states(self) -> dict[str, State]:
        """Return what every recording came to."""
        return {
            id_: (known.outcome, known.verdict, known.audio.sha256 if known.audio else None)
            for id_, known in self.known().items()
        }

    def stored(self) -> set[str]:
        """Return the ids of the audio that lies there with a sidecar, entered or not."""
        store = self.store()
        names = (parse(item.key) for shelf in Shelf for item in store.items(f"{shelf}/"))
        found = {(named.safe_id, named.extension == "json") for named in names if named}
        return {id_ for id_, is_sidecar in found if not is_sidecar and (id_, True) in found}

    def fetches(self) -> dict[str, int]:
        """Return how often the audio of each recording was asked for so far."""
        objects = self.sandbox.counts.objects
        return {each.id: objects[each.key] for each in self.sandbox.world.recordings if each.key}

    def verified(self) -> AuditReport:
        """Read the whole archive."""
        return audit(self.store())

    def parts(self) -> list[Path]:
        """Return the part files that are left."""
        return [*self.folder.glob(".archiver/parts/*")]


@contextlib.contextmanager
def ignored(number: signal.Signals) -> Iterator[None]:
    """Let this process, and what is started here, ignore a signal."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)


@contextlib.contextmanager
def not_ignored(number: signal.Signals) -> Iterator[None]:
    """Let what is started here hear a signal, also where these tests run under nohup or behind &.

    What is ignored is inherited, and a pull leaves it so.
    """
    before = signal.getsignal(number)
    if before is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(number, before)
