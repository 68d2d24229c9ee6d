"""Choosing where the jobs of a run are done: on its own threads, or in worker processes too."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from archiver.app.opening.context import Context
from archiver.app.opening.portals import Connections
from archiver.app.workers.process_runner import ProcessRunner
from archiver.app.workers.worker_process import WorkerProcess, opening_of
from archiver.pull.job.runner import JobRunner, LocalRunner
from archiver.store.base import Store

WORTH_IT = 150
"""So many recordings at once are worth the start of processes, which takes half a second."""


@contextmanager
def job_runner(
    context: Context, connections: Connections, store: Store, archive: str
) -> Iterator[JobRunner]:
    """Yield what runs the jobs of a run into an ``archive`` (its id); it ends with the block.

    A bandwidth is shared out among threads, so a limit keeps all of them in one process.
    """
    network = context.settings.network
    local = LocalRunner(connections.services(store))
    count = min(network.processes or _cores(), network.workers)
    if count == 1 or network.bwlimit is not None:
        yield local
        return
    runner = ProcessRunner(
        local,
        partial(WorkerProcess, opening_of(context, archive), -(-network.workers // count)),
        context.listener,
        count=count,
        least=WORTH_IT if network.processes is None else 1,
    )
    with runner.stopped_by(connections.stopping):
        yield runner


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
