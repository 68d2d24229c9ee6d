"""One worker process, from the side of the run: started, given tasks through its slots, ended."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from multiprocessing import Pipe
from typing import Protocol

from msgspec import Struct

from archiver import __version__
from archiver.app.opening.context import Context
from archiver.app.workers import messages
from archiver.app.workers.answering import link_for, raised
from archiver.app.workers.pipe import MessagePipe, PipeEnded
from archiver.config import token
from archiver.pull.job.done import Done
from archiver.pull.job.fetch import LinkSource
from archiver.pull.job.task import Task


class WorkerDied(Exception):
    """The process ended while it worked on a task, which ``has_begun`` if it had arrived there."""

    def __init__(self, *, has_begun: bool) -> None:
        super().__init__("a worker process ended")
        self.has_begun = has_begun


class Owner(Protocol):
    """Hears how a worker process gets on, from a thread of that process."""

    def is_ready(self, process: "WorkerProcess") -> None:
        """Hear that tasks may come."""
        ...

    def says(self, text: str, event: str) -> None:
        """Hear a line."""
        ...

    def notes(self, lines: Sequence[str]) -> None:
        """Hear what its store has to say in the end."""
        ...

    def has_ended(self, process: "WorkerProcess", why: str, *, was_of_use: bool) -> None:
        """Hear that it is gone; ``why`` is empty where it was told to end.

        One that ``was_of_use`` had taken tasks: another one might as well.
        """
        ...


class Slot(Struct, frozen=True):
    """A thread of a worker process, which does one task at a time."""

    pipe: MessagePipe

    def run(self, task: Task, links: LinkSource) -> Done:
        """Have a task done, answering what is asked for meanwhile.

        Raises what the job raises, and :class:`WorkerDied`.
        """
        has_begun = False
        try:
            self.pipe.send(task)
            while True:
                match self.pipe.receive():
                    case messages.Taken():
                        has_begun = True
                    case messages.LinkWanted() as wanted:
                        self.pipe.send(link_for(wanted, links))
                    case Done() as done if done.entry.id == task.work.listed.row.id:
                        return done
                    case messages.Failed() as told:
                        raise raised(told)
                    case other:
                        raise AssertionError(f"no answer to this task: {type(other).__name__}")
        except PipeEnded as error:
            raise WorkerDied(has_begun=has_begun) from error


class WorkerProcess:
    """A process with so many slots; what it says is heard by its ``owner``, from another thread."""

    def __init__(self, opening: messages.Opening, slots: int, owner: Owner) -> None:
        pairs = [Pipe() for _ in range(slots + 1)]
        self._control, *pipes = (MessagePipe(ours) for ours, _ in pairs)
        self.slots = tuple(map(Slot, pipes))
        self._owner = owner
        self._is_over = False
        try:
            self._process = _started(theirs.fileno() for _, theirs in pairs)
        finally:
            for _, theirs in pairs:
                theirs.close()
        self._tell(opening)
        self._watcher = threading.Thread(target=self._watch, name="worker process", daemon=True)
        self._watcher.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def stop(self) -> None:
        """Let every wait and transfer of it end now."""
        self._tell(messages.WindUp())

    def end(self) -> None:
        """Let it end when it has nothing to do; one that takes long is killed."""
        self._is_over = True
        self._tell(messages.End())

    def join(self, within_s: float) -> None:
        """Wait so long until it is gone, then kill it."""
        self._watcher.join(within_s)
        self._process.kill()
        self._watcher.join()

    def _tell(self, message: object) -> None:
        """Send a message; nothing comes of it where the process is gone, as the watcher hears."""
        with suppress(PipeEnded):
            self._control.send(message)

    def _watch(self) -> None:
        why, is_ready = "", False
        try:
            while True:
                match self._control.receive():
                    case messages.Ready():
                        is_ready = True
                        self._owner.is_ready(self)
                    case messages.Said(text, event):
                        self._owner.says(text, event)
                    case messages.Notes(lines):
                        self._owner.notes(lines)
                    case messages.NotReady(reason):
                        why = reason
        except PipeEnded:
            code = self._process.wait()
        self._control.close()
        why = "" if self._is_over else why or _words(code)
        self._owner.has_ended(self, why, was_of_use=is_ready)


def _words(code: int) -> str:
    return f"it was ended by signal {-code}" if code < 0 else f"it ended with {code}"


def _started(descriptors: Iterable[int]) -> "subprocess.Popen[bytes]":
    """Start the process, in a session of its own: a terminal's signals reach the run only."""
    fds = tuple(descriptors)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    environ.pop(token.VARIABLE, None)
    return subprocess.Popen(  # noqa: S603 - this very program
        [sys.executable, "-P", "-m", "archiver.app.workers.child", __version__, *map(str, fds)],
        pass_fds=fds,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environ,
        start_new_session=True,
    )


def opening_of(context: Context, archive: str) -> messages.Opening:
    """Return what a worker process works with: the settings in force, without the token."""
    environ = {name: text for name, text in context.environ.items() if name != token.VARIABLE}
    return messages.Opening(context.settings.without_token(), environ, archive)


Starter = Callable[[Owner], WorkerProcess]
"""Starts one more worker process."""
