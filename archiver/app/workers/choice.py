"""Choosing where the jobs of a run are done: on its own threads, in processes, or on a cluster."""

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from archiver.app.opening.context import Context
from archiver.app.opening.portal.portals import Connections
from archiver.app.workers.cluster.joining import cluster_runner
from archiver.app.workers.process_runner import ProcessRunner
from archiver.app.workers.worker_process import WorkerProcess, opening_of
from archiver.pull.job.runner import JobRunner, LocalRunner
from archiver.store.base import Store

QUOTA = Path("/sys/fs/cgroup/cpu.max")
MOST = 8
"""Each takes 40 MB, more for a bucket: so many follow the cores by themselves, and no more."""
WORTH_IT = 150
"""So many recordings at once are worth the start of processes, which takes half a second."""


@contextmanager
def job_runner(
    context: Context, connections: Connections, store: Store, archive: str, dask: str | None = None
) -> Iterator[JobRunner]:
    """Yield what runs the jobs of a run into an ``archive`` (its id); it ends with the block.

    With ``dask``, the address of a scheduler, they are done on its cluster. A bandwidth is shared
    out among threads, so a limit keeps all of them in one process.
    """
    network = context.settings.network
    local = LocalRunner(connections.services(store))
    if dask is not None:
        with cluster_runner(
            dask, context, local=local, store=store, archive=archive, stopping=connections.stopping
        ) as cluster:
            yield cluster
        return
    count = min(network.processes or cores(), network.workers)
    if count == 1 or network.bwlimit is not None or not sys.executable:
        yield local
        return
    share = -(-network.workers // count)
    runner = ProcessRunner(
        local,
        partial(WorkerProcess, opening_of(context, archive), share),
        context.listener,
        count=count - 1,  # this process is one of them: it does what finds no slot
        least=WORTH_IT if network.processes is None else 1,
    )
    with runner.stopped_by(connections.stopping):
        yield runner


def cores() -> int:
    """Return how many cores this process may use, of :data:`MOST` at most.

    A container may be shown all cores of its machine and be given the time of one (cgroup v2,
    cpu.max: a quota and a period, in microseconds).
    """
    shown = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    given = float(shown or 1)
    with suppress(OSError, ValueError):
        quota, period = QUOTA.read_text().split()
        given = min(given, int(quota) / int(period))  # "max" is no number: there is no quota
    return max(1, min(MOST, math.ceil(given)))
