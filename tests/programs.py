"""Programs that start at once: a server has imported the product, and each is a fork of it.

It is the command in a process of its own, with its own streams, folder and variables, to be waited
for, signalled and killed; only the imports, nine tenths of a short command, are made once. The
suite's programs start so (``tests/conftest.py``); those of campaigns begin with Python itself.
"""

import multiprocessing
import os
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import IO, Self

from msgspec import Struct

import archiver
from archiver.cli import main

MODULES = [each.name for each in pkgutil.walk_packages(archiver.__path__, "archiver.")]
WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload(MODULES)
STOPPING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class Start(Struct, frozen=True):
    """How a command is started: as a child of this very process would be."""

    words: Sequence[str]
    environ: Mapping[str, str]
    folder: str
    ignored: frozenset[signal.Signals]


class Program:
    """A command that is run: the part of :class:`subprocess.Popen` that tests of programs use."""

    def __init__(self, words: Sequence[str], environ: Mapping[str, str]) -> None:
        ignored = (each for each in STOPPING if signal.getsignal(each) is signal.SIG_IGN)
        start = Start(words, environ, os.getcwd(), frozenset(ignored))  # noqa: PTH109 - a text
        (out, its_out), (err, its_err) = (WARM.Pipe(duplex=False) for _ in range(2))
        self._process = WARM.Process(target=_become, args=(start, its_out, its_err))
        self._process.start()
        for each in (its_out, its_err):
            each.close()
        self.stdout, self.stderr = _reading(out), _reading(err)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.join()
        self.stdout.close()
        self.stderr.close()

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int:
        """How it ended: its exit code, or minus the signal that ended it."""
        assert self._process.exitcode is not None
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return how it ended, ``None`` while it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Return how it ended; ``TimeoutExpired`` where it runs on for so many seconds."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("archiver", timeout or 0.0)
        return self._process.exitcode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Return all that it prints until its end."""
        with self.stdout, self.stderr, ThreadPoolExecutor(2) as both:
            out, err = both.map(lambda stream: stream.read(), (self.stdout, self.stderr))
        self.wait(timeout)
        return out, err

    def send_signal(self, number: int) -> None:
        """Signal it, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self.send_signal(signal.SIGKILL)


Running = Program | subprocess.Popen[str]
COMMAND = ("-m", "archiver")


class Starter:
    """Starts commands: at once where ``is_warm``."""

    is_warm = False

    def start(
        self,
        words: Sequence[str],
        environ: Mapping[str, str],
        program: Sequence[str] = COMMAND,
    ) -> Running:
        """Start a command, or what Python makes of another ``program``."""
        if self.is_warm and program == COMMAND:
            return Program(words, environ)
        command, pipe = (sys.executable, *program, *words), subprocess.PIPE
        return subprocess.Popen(command, env=environ, stdout=pipe, stderr=pipe, text=True)


STARTER = Starter()


def _reading(pipe: Connection) -> IO[str]:
    """Return the end of a pipe as a text."""
    with pipe:
        return os.fdopen(os.dup(pipe.fileno()), encoding="utf-8")


def _become(start: Start, out: Connection, err: Connection) -> None:
    """Be the command until its end."""
    for number in STOPPING:
        heard = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, signal.SIG_IGN if number in start.ignored else heard)
    for fd, pipe in ((1, out), (2, err)):
        os.dup2(pipe.fileno(), fd)
        pipe.close()
    os.chdir(start.folder)
    os.environ.clear()
    os.environ.update(start.environ)
    sys.argv[1:] = start.words
    main.main()
