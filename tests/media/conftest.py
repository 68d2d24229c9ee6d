"""A media client that never really waits, and one call to fetch with it."""

import io
import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from msgspec import Struct, field

from archiver.concurrency.stop import StopToken
from archiver.http.retry import Backoff
from archiver.media.allow_list import AllowList
from archiver.media.deadline import LeastRate
from archiver.media.media_client import MediaClient, MediaRoute, Rhythm
from archiver.media.transfer import FetchedBody, Transfer
from archiver.secret import Secret
from tests.media.scripted import Scripted

NOW = datetime(2021, 4, 12, 4, 56, 21, tzinfo=UTC)


class Impatient(StopToken):
    """A stop that counts the seconds it was asked to wait instead of waiting them."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return self.is_set()


class Bench(Struct):
    """What one test needs: a file, a transfer, and knobs to set before :meth:`fetch`."""

    file: io.BytesIO = field(default_factory=io.BytesIO)
    transfer: Transfer = field(default_factory=lambda: Transfer(10_000_000))
    stop: Impatient = field(default_factory=Impatient)
    pace: LeastRate = field(default_factory=LeastRate)
    route: MediaRoute = field(default_factory=MediaRoute)
    clock: Callable[[], float] = lambda: 0.0
    attempts: int = 5
    said: list[str] = field(default_factory=list)

    def fetch(self, server: Scripted, target: str = "/audio.mp3?secret=1") -> FetchedBody:
        rhythm = Rhythm(
            backoff=Backoff(self.attempts),
            pace=self.pace,
            clock=self.clock,
            now=lambda: NOW,
            random01=random.random,
        )
        hosts = AllowList.of(f"{server.url}/api/v2/", [])
        with MediaClient(
            hosts, self.stop, route=self.route, rhythm=rhythm, say=self.said.append
        ) as media:
            return media.fetch(self.transfer, Secret(server.url + target), self.file)


@pytest.fixture
def bench() -> Bench:
    """Return a fresh bench."""
    return Bench()
