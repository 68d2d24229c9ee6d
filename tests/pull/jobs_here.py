"""What stands beside workers elsewhere: the runner of this process, and waiting for threads."""

import threading
import time
from collections.abc import Callable

from archiver.pull.job.done import Done
from archiver.pull.job.entries import failed
from archiver.pull.job.fetch import LinkSource
from archiver.pull.job.task import Task

SOON_S = 60


class Local:
    """Runs a job where it is asked for, and counts."""

    def __init__(self) -> None:
        self.runs: list[Task] = []

    def expect(self, count: int) -> None:
        """Hear it."""

    def run(self, task: Task, links: LinkSource) -> Done:  # noqa: ARG002 - none is fetched
        """Note it."""
        self.runs.append(task)
        return failed(task, "done here")


def until(holds: Callable[[], bool]) -> None:
    """Wait, for a minute at most, until something holds that another thread brings about."""
    deadline = time.monotonic() + SOON_S
    while not holds():
        assert time.monotonic() < deadline
        threading.Event().wait(0.001)
