"""What a Dask scheduler knows of each task, written to a file: whatever its dashboard could show.

Loaded into a scheduler by ``--preload tests.campaigns.dask_look``; the file is named by the
variable ``DASK_LOOK``.
"""

import os
from pathlib import Path
from typing import Any

from distributed import SchedulerPlugin

TOLD_OF = frozenset({"processing", "memory", "erred"})
"""The states with all that a task has: being done, done, failed."""


class Look(SchedulerPlugin):  # type: ignore[misc]  # Dask has no types
    """Writes down every step of every task, and all of it as it is handed over and as it ends."""

    def __init__(self, scheduler: Any, path: Path) -> None:  # noqa: ANN401 - as above
        self._scheduler = scheduler
        self._file = path.open("a", encoding="utf-8")

    def transition(self, key: str, start: str, finish: str, **more: object) -> None:
        """Write down a step, with all that the scheduler has of the task."""
        task = self._scheduler.tasks.get(key) if finish in TOLD_OF else None
        known = task._to_dict() if task is not None else None  # noqa: SLF001 - Dask's own dump
        run = getattr(task, "run_spec", None)
        self._file.write(f"{key} {start} {finish} {known!r} {run!r} {more!r}\n")
        self._file.flush()


def dask_setup(scheduler: Any) -> None:  # noqa: ANN401 - as above
    """Begin to look: Dask calls this."""
    scheduler.add_plugin(Look(scheduler, Path(os.environ["DASK_LOOK"])), name="look")
