"""Nights that follow each other in seconds: a job that nobody watches, its portal and its check."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from msgspec import Struct, field

from archiver.catalog import Catalog
from archiver.domain.layout import PRIVATE
from archiver.domain.recordings import Report
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest, ManifestKind
from archiver.sandbox import Encoding, Recording, Sandbox, World
from archiver.sandbox.portal.page_layouts import SandboxShape
from archiver.store.local import LocalStore
from tests.cli.desk import TOKEN, Desk, Ran
from tests.patience import impatient
from tests.pings import Check

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
EACH = 3
"""So many recordings a day."""
AT_NIGHT = timedelta(hours=2, minutes=30)


class Month(Struct):
    """One archive, one portal, and what came of each night."""

    sandbox: Sandbox
    home: Path
    check: Check
    codes: list[int] = field(default_factory=list)
    ahead: timedelta = timedelta()
    """How far this machine's clock is ahead of the portal's."""

    @property
    def archive(self) -> Path:
        return self.home / "archive"

    def day(self, number: int) -> datetime:
        """Return the beginning of a day, from 1."""
        return FIRST + (number - 1) * timedelta(days=1)

    def live(self, number: int, count: int = EACH) -> list[Recording]:
        """Let a day pass at the portal."""
        day = self.day(number)
        return self.sandbox.world.add(
            count=count,
            first=day + timedelta(hours=8),
            last=day + timedelta(hours=18),
            kinds=(Encoding.BARE,),
            seconds=(1, 2),
        )

    def now(self, number: int) -> AbstractContextManager[object]:
        """Set the clock to the night after a day."""
        return self.at(self.day(number + 1) + AT_NIGHT)

    def at(self, moment: datetime) -> AbstractContextManager[object]:
        """Set the portal's clock, and this machine's."""
        return time_machine.travel(moment + self.ahead, tick=False)

    def type(self, *words: str, **environ: str) -> Ran:
        told = {"ARCHIVER_PING_URL": self.check.url, **environ}
        ran = Desk(self.sandbox, self.home, told).run(*words, "-a", str(self.archive))
        print(ran.err)  # noqa: T201 - pytest shows it when the test fails
        return ran

    def pull(self, *words: str, **environ: str) -> Ran:
        return self.type("pull", "--json", *words, **environ)

    def night(self, number: int, *words: str, **environ: str) -> Ran:
        """Pull in the night after a day: on the first, everything from the first day on."""
        since = ("--since", f"{FIRST:%Y-%m-%d}") if not self.archive.exists() else ()
        with self.now(number):
            ran = self.pull(*since, *words, **environ)
        self.codes.append(ran.code)
        return ran

    def chain(self) -> list[Manifest]:
        return [each for _, each in Journal(LocalStore(self.archive)).manifests()]

    def manifests(self) -> list[Manifest]:
        """Return those of runs and of persons: what is certified follows from them."""
        return [each for each in self.chain() if each.kind is not ManifestKind.CERTIFY]

    def held(self) -> set[str]:
        """Return what the chain says is archived."""
        entries = (entry for each in self.manifests() for entry in each.recordings)
        return {entry.id for entry in entries if entry.outcome == "archived"}

    def missing(self) -> int:
        """Return how many recordings the portal has and the archive has not."""
        return len({each.id for each in self.sandbox.world.recordings} - self.held())

    def settled(self) -> set[int]:
        """Return the numbers of the days that need no more listing."""
        with closing(Catalog(self.archive / PRIVATE)) as catalog:
            catalog.follow(Journal(LocalStore(self.archive)))
            days = catalog.days.settled(Report, self.day(99).date())
        return {(day - FIRST.date()).days + 1 for day in days}

    def wrong(self, recording: Recording) -> None:
        """Let the portal report another length than the audio has."""
        self.sandbox.world.edit(recording.id, duration="00:09:59")


class _Clock:
    """The portal's clock, which need not be this machine's."""

    month: Month | None = None

    def __call__(self) -> datetime:
        return datetime.now(UTC) - (self.month.ahead if self.month else timedelta())


@pytest.fixture
def shape() -> str:
    """Return how the portal lays its answers out; a test may say otherwise."""
    return SandboxShape.NESTED


@pytest.fixture
def month(tmp_path: Path, shape: str) -> Iterator[Month]:
    clock = _Clock()
    with (
        impatient(),
        Sandbox(World(seed=30), token=TOKEN, shape=shape, now=clock) as sandbox,
        Check() as check,
    ):
        clock.month = Month(sandbox, tmp_path, check)
        yield clock.month
