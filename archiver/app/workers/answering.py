"""What a job elsewhere asks and comes to: the answers of whoever started the run, its outcome."""

import traceback
from collections.abc import Callable
from typing import TypeVar

from msgspec.structs import replace

from archiver.app.workers import messages
from archiver.errors import ArchiverError
from archiver.pull.job.done import Done
from archiver.pull.job.entries import failed
from archiver.pull.job.fetch import LinkSource
from archiver.pull.job.task import Task

T = TypeVar("T")

LinkAnswer = messages.LinkFound | messages.LinkFailed


class Unanswered(Exception):
    """A job's question has no answer where it runs: it ends there without an outcome."""


class WorkerDefect(Exception):
    """A defect of the program that showed where a job ran: its traceback."""


def link_for(wanted: messages.LinkWanted, links: LinkSource) -> LinkAnswer:
    """Return the link that is wanted, or why there is none; what is no expected error is raised."""
    try:
        if wanted.stale is None:
            return messages.LinkFound(links.begin(wanted.id))
        return messages.LinkFound(links.renew(wanted.id, wanted.stale))
    except ArchiverError as error:
        return messages.LinkFailed(error)


def outcome_of(job: Callable[[], T]) -> T | messages.Failed:
    """Return what a job comes to, or what it raises; raises :class:`Unanswered`."""
    try:
        return job()
    except ArchiverError as error:
        return messages.Failed(error)
    except Unanswered:
        raise
    except Exception:  # noqa: BLE001 - a defect, told where the run tells its own
        return messages.Failed(traceback.format_exc())


def raised(told: messages.Failed) -> ArchiverError | WorkerDefect:
    """Return what a job raised, to be raised where it was handed out."""
    return told.error if isinstance(told.error, ArchiverError) else WorkerDefect(told.error)


def attempted(task: Task, why: str) -> Done:
    """Return the failure of what was begun once: the pause before the next try grows with each."""
    done = failed(task, why)
    return replace(done, entry=replace(done.entry, attempts=1))
