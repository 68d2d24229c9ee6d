"""A slow worker of a Dask cluster: before each batch it waits, as long as ``DASK_SLOW`` says.

Loaded into a worker by ``--preload tests.campaigns.dask_slow``.
"""

import os
from threading import Event

from archiver.app.workers.cluster import workplace
from archiver.app.workers.cluster.batches import Batch, Came

_do = workplace.do


def _slowly(batch: Batch) -> Came | None:
    Event().wait(float(os.environ["DASK_SLOW"]))
    return _do(batch)


def dask_setup(_worker: object) -> None:
    """Begin to be slow: Dask calls this."""
    workplace.do = _slowly
