"""A Dask scheduler and workers, as processes on loopback, with all that they log."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Self

from tests.pulls import GLANCE_S, wait

ROOT = Path(__file__).parents[2]
LOOK = ("--preload", "tests.campaigns.dask_look")
LOOPBACK = ("--host", "127.0.0.1", "--no-dashboard", "--scheduler-file")


class Machines:
    """A scheduler, and workers that come and go; ``environ`` is what they have beside PATH.

    Of those that are watched, all is logged that they do, and all that the scheduler knows.
    """

    def __init__(
        self, folder: Path, environ: Mapping[str, str], *, is_watched: bool = True
    ) -> None:
        self._look = LOOK if is_watched else ()
        self._folder = folder
        self._told = folder / "scheduler.json"
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "DASK_LOOK": str(folder / "look"),
            "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "debug" if is_watched else "error",
            "DASK_TEMPORARY_DIRECTORY": str(folder / "dask"),
            **environ,
        }
        self.scheduler: subprocess.Popen[str]
        self.workers: list[subprocess.Popen[str]] = []
        self._count = 0

    def __enter__(self) -> Self:
        self._folder.mkdir(exist_ok=True)
        self.scheduler = self._started("scheduler", "--port", "0", *self._look)
        while not self._told.exists() or not self._told.read_text():
            assert self.scheduler.poll() is None, self.logs()[-2_000:]
            wait(self.scheduler, GLANCE_S)
        return self

    def __exit__(self, *raised: object) -> None:
        for each in (*self.workers, self.scheduler):
            each.kill()
            each.wait()

    @property
    def address(self) -> str:
        """Where the scheduler is."""
        return str(json.loads(self._told.read_text())["address"])

    def add(self, count: int = 1, *options: str, threads: int = 4, **environ: str) -> None:
        """Start workers, each a process without a nanny, with these options and variables."""
        for _ in range(count):
            self._count += 1
            name = f"worker-{self._count}"
            usual = ("--nthreads", str(threads), "--no-nanny", "--name", name)
            self.workers.append(self._started("worker", *usual, *options, **environ))

    def add_slow(self, seconds: float) -> None:
        """Start a worker that waits so long before each batch."""
        self.add(1, "--preload", "tests.campaigns.dask_slow", DASK_SLOW=f"{seconds}")

    def kill_one(self, random: Random) -> bool:
        """Kill a worker at random; return whether there was one."""
        there = [each for each in self.workers if each.poll() is None]
        if there:
            random.choice(there).kill()
        return bool(there)

    def looked(self) -> int:
        """Return how much the scheduler has done: it grows with each step of each task."""
        look = self._folder / "look"
        return look.stat().st_size if look.exists() else 0

    def logs(self) -> bytes:
        """Return all that was logged, and all that the scheduler knew of tasks."""
        paths = (*self._folder.glob("*.log"), self._folder / "look")
        return b"\n".join(path.read_bytes() for path in paths if path.exists())

    def _started(self, what: str, *options: str, **environ: str) -> "subprocess.Popen[str]":
        module = f"distributed.cli.dask_{what}"
        log = (self._folder / f"{what}-{self._count}.log").open("w")
        command = (sys.executable, "-m", module, *LOOPBACK, str(self._told), *options)
        variables = {**self._environ, **environ}
        with log:
            return subprocess.Popen(
                command, env=variables, stdout=log, stderr=log, text=True, cwd=self._folder
            )
