"""Waiting for the run that holds an archive: how long, and what ends it."""

import signal
import time
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import IO

import pytest

from archiver.errors import Locked
from archiver.pull import events
from archiver.pull.wait_for_lock import GLANCE_S, wait_for_lock
from tests.campaigns.twice import campaign
from tests.conftest import Figure
from tests.pulls import Archive, portal
from tests.store.memory import MemoryStore

STOP_S = 1.0


class Queue:
    """An archive that another run holds, and a clock that moves only when somebody waits."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.other = ExitStack()
        self.other.enter_context(self.store.exclusive())
        self.now = 0.0
        self.ends_at = float("inf")
        self.told: list[events.Event] = []

    def wait(self, seconds: float) -> None:
        self.now += seconds
        if self.now >= self.ends_at:
            self.other.close()

    def turn(self, most_s: float) -> AbstractContextManager[None]:
        return wait_for_lock(
            self.store, self.told.append, most_s, wait=self.wait, clock=lambda: self.now
        )


def test_the_turn_comes_when_the_other_ends() -> None:
    queue = Queue()
    queue.ends_at = 100.0
    with queue.turn(1_800):
        assert 100.0 <= queue.now <= 100.0 + GLANCE_S
        with pytest.raises(Locked), queue.store.exclusive():
            pass
    with queue.store.exclusive():
        assert queue.told == [events.LockedOut(1_800)]


@pytest.mark.parametrize("most_s", [0.0, 0.1, 90.0])
def test_after_so_long_nobody_waits_on(most_s: float) -> None:
    queue = Queue()
    with pytest.raises(Locked), queue.turn(most_s):
        pass
    assert queue.now == pytest.approx(most_s)
    assert queue.told == [events.LockedOut(most_s)] * (most_s > 0)


def first_line(told: IO[str] | None) -> str:
    """Return the first thing that a pull says, as soon as it does."""
    assert told is not None
    return told.readline()


def test_a_pull_waits_for_its_turn_and_may_be_asked_to_stop(tmp_path: Path, figure: Figure) -> None:
    with portal(2) as sandbox:
        archive = Archive(sandbox, tmp_path / "archive")
        archive.options = (*archive.options, "--wait", "30m")
        with archive.store().exclusive(), archive.pulling() as process:
            line = first_line(process.stderr)
            assert line == "Another run is writing to the archive: waiting 30:00 at most\n"
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert archive.ended(process).code == 130
            seconds = time.monotonic() - began
        assert seconds < STOP_S
        with ExitStack() as other:
            other.enter_context(archive.store().exclusive())
            with archive.pulling() as process:
                first_line(process.stderr)
                other.close()
                ended = archive.ended(process)
    assert (ended.code, ended.told["outcomes"]["archived"]) == (0, 2)
    figure("D8", f"a pull that waits for its turn: asked to stop, it ends in {seconds:.1f} s")


def test_two_that_begin_at_the_same_moment(tmp_path: Path, figure: Figure) -> None:
    figures = campaign(4, tmp_path)
    assert figures.bad == []
    assert figures.refused + figures.apart == figures.waited == 2
    figure(
        "D8",
        f"{figures.pairs} pairs of pulls at the same moment: {figures.refused} refused, "
        f"{figures.waited} waited, {figures.entries} entries, doubled 0",
    )
