"""Where the jobs of recordings run: on the threads that hand them out, or elsewhere."""

from typing import Protocol

from msgspec import Struct

from archiver.pull.job.done import Done
from archiver.pull.job.fetch import LinkSource
from archiver.pull.job.services import Services
from archiver.pull.job.task import Task
from archiver.pull.recording import RecordingJob


class JobRunner(Protocol):
    """Runs jobs, from many threads at once."""

    def expect(self, count: int) -> None:
        """Hear that so many jobs come now: whether it pays to have others do them."""
        ...

    def run(self, task: Task, links: LinkSource) -> Done:
        """Bring a recording to its outcome; raises only what stops the whole run."""
        ...


class LocalRunner(Struct, frozen=True):
    """Runs each job on the thread that asks for it."""

    services: Services

    def expect(self, count: int) -> None:
        """Do nothing: there is nobody to start."""

    def run(self, task: Task, links: LinkSource) -> Done:
        """Bring a recording to its outcome."""
        return RecordingJob(task, links, self.services).run()
