"""Running jobs in worker processes, and on this one's threads where there are none.

A thread of Python keeps all others of its process from computing, and judging audio is computing:
sixteen downloads are spread over as many processes as there are cores. Each has its own connections
and its own store. Only the process that started them lists, hands out links, and writes manifests.
"""

import queue
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from archiver.app.opening.listener import Listener
from archiver.app.workers.answering import WorkerDefect, attempted
from archiver.app.workers.worker_process import Slot, Starter, WorkerDied, WorkerProcess
from archiver.concurrency.stop import StopToken
from archiver.errors import ArchiverError
from archiver.pull.job.done import Done
from archiver.pull.job.fetch import LinkSource
from archiver.pull.job.runner import JobRunner
from archiver.pull.job.task import Task

RESTARTS = 3
"""So many processes are started anew for each that was meant to be, in one run."""
END_S = 2.0
"""So long processes that are told to end may take, all of them together; then they are killed."""
DIED = "the worker process that fetched it ended, perhaps for want of memory"


class ProcessRunner:
    """Runs jobs in ``count`` worker processes, once ``least`` of them come at one time.

    What comes before, or finds no process, is run by ``local``. None is started once the run
    ``is_over``. Used from many threads.
    """

    def __init__(
        self, local: JobRunner, start: Starter, listener: Listener, *, count: int, least: int
    ) -> None:
        self._local = local
        self._start = start
        self._listener = listener
        self._count = count
        self._least = least
        self._guard = threading.Lock()
        self._processes: set[WorkerProcess] = set()
        self._idle: queue.LifoQueue[Slot] = queue.LifoQueue()
        self._said: set[str] = set()
        self._notes: Counter[str] = Counter()
        self._left = count * (1 + RESTARTS)
        self.is_over = False

    def expect(self, count: int) -> None:
        """Start the processes, if so many jobs are worth it."""
        if count >= self._least and self._left == self._count * (1 + RESTARTS):
            for _ in range(self._count):
                self._start_one()

    def run(self, task: Task, links: LinkSource) -> Done:
        """Bring a recording to its outcome; raises only what stops the whole run.

        A task whose process ended has had its attempt: what it stored, if anything, is adopted by
        the next run, as what a killed run stored. It is not done again here, where it might end
        this process as well. What stands is asked about by this process: nothing but news may end
        that, and no later run need look at its day for what another process left.
        """
        if task.work.stands:
            return self._local.run(task, links)
        while (slot := self._idle_slot()) is not None:
            try:
                done = slot.run(task, links)
            except WorkerDied as died:
                if died.has_begun:
                    return attempted(task, DIED)
                continue
            except (ArchiverError, WorkerDefect):
                self._idle.put(slot)
                raise
            self._idle.put(slot)
            return done
        return self._local.run(task, links)

    @contextmanager
    def stopped_by(self, stopping: StopToken) -> Iterator["ProcessRunner"]:
        """Let ``stopping`` stop the processes too; when the block ends, so do they."""

        def pass_on() -> None:
            stopping.wait()
            with self._guard:
                self.is_over = True
            for each in self._there():
                each.stop()

        threading.Thread(target=pass_on, name="stop", daemon=True).start()
        try:
            yield self
        finally:
            self._end()

    def _end(self) -> None:
        with self._guard:
            self.is_over = True
        for each in (there := self._there()):
            each.end()
        deadline = time.monotonic() + END_S
        for each in there:
            each.join(max(0.0, deadline - time.monotonic()))
        for line, count in self._notes.items():
            times = f" {count} worker processes say so." if count > 1 else ""
            self._listener.say(f"{line}{times}", "noticed")

    def _there(self) -> list[WorkerProcess]:
        with self._guard:
            return [*self._processes]

    def _idle_slot(self) -> Slot | None:
        with suppress(queue.Empty):
            return self._idle.get_nowait()
        return None

    def _start_one(self) -> None:
        with self._guard:
            if self.is_over or not self._left:
                return
            self._left -= 1
            try:
                self._processes.add(self._start(self))
            except (OSError, RuntimeError) as error:
                self._left, why = 0, getattr(error, "strerror", None) or str(error)
            else:
                return
        self._listener.say(f"No worker process can be started ({why}).", "noticed")

    def is_ready(self, process: WorkerProcess) -> None:
        """Give its slots tasks from now on."""
        for slot in process.slots:
            self._idle.put(slot)

    def says(self, text: str, event: str) -> None:
        """Say a line of a process, once."""
        with self._guard:
            is_new = text not in self._said
            self._said.add(text)
        if is_new:
            self._listener.say(text, event)

    def notes(self, lines: Sequence[str]) -> None:
        """Keep what a process's store has to say until all have ended."""
        with self._guard:
            self._notes.update(lines)

    def has_ended(self, process: WorkerProcess, why: str, *, was_of_use: bool) -> None:
        """Start another in its place, unless it was to end, or was of no use."""
        with self._guard:
            self._processes.discard(process)
        if why:
            self.says(f"A worker process is gone: {why}.", "noticed")
        if why and was_of_use:
            self._start_one()
