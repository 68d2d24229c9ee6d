"""Storing one recording while the kernel fails, lies or kills at one system call after another.

A child that has everything loaded waits until strace holds it, then stores audio, sidecar and
manifest into a folder. So only the calls of storing are counted, and none of Python's start.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from unittest import mock

from msgspec import Struct, field

from archiver.check.audit import audit
from archiver.errors import ArchiverError
from archiver.store.local import LocalStore
from tests.archives import store_once
from tests.campaigns.report import Report

ERRORS = ("EIO", "ENOSPC", "EXDEV", "EROFS")
LIES = (0, 1, 600)
"""How many bytes a write claims to have written that wrote none; the audio has 600."""
STORED, BUG, TOLD = 0, 1, 4
UNRELATED = frozenset(
    ("brk", "clock_nanosleep", "exit_group", "futex", "getpid", "getrandom", "gettid", "madvise",
     "mmap", "mprotect", "mremap", "munmap", "pwrite64", "rt_sigaction", "rt_sigprocmask",
     "rt_sigreturn", "rt_sigtimedwait", "umask")
)  # fmt: skip
"""Calls that have nothing to do with files, and pwrite64, by which a child says how it ended."""
_SET_PTRACER, _ANYBODY = 0x59616D61, ctypes.c_ulong(-1)
"""prctl(2): lets strace attach to a process that is not its child, where Yama is on its guard."""


class Fault(Struct, frozen=True):
    """What strace makes of the ``when``-th use of a system call."""

    call: str
    what: str
    when: int

    def __str__(self) -> str:
        return f"{self.call} {self.when} with {self.what}"


class Ended(Struct, frozen=True):
    """How a child ended: its code, what it said, and the calls that strace saw."""

    code: int
    said: str = ""
    calls: str = ""

    @property
    def was_hit(self) -> bool:
        """Whether the fault came about."""
        return "INJECTED" in self.calls or self.code == -signal.SIGKILL


class Figures(Struct):
    """What the faults came to. ``bad`` must stay empty."""

    calls: Counter[str] = field(default_factory=Counter)
    stored: int = 0
    told: int = 0
    killed: int = 0
    bad: list[str] = field(default_factory=list)
    left_out: int = 0

    @property
    def faults(self) -> int:
        """How many faults came about."""
        return self.calls.total()


def why_not() -> str | None:
    """Return why nothing can be injected here, ``None`` if it can."""
    if shutil.which("strace") is None:
        return "strace is missing: apt-get install strace"
    with tempfile.TemporaryDirectory() as folder:
        return None if "openat" in calls_of(Path(folder)) else "strace may not attach here"


def campaign(
    folder: Path,
    *,
    errors: tuple[str, ...] = ERRORS,
    only: frozenset[str] | None = None,
    until: float = float("inf"),
) -> Figures:
    """Store once for every fault, of the calls that ``only`` names; leave the rest out in time."""
    figures = Figures()
    whole = folder / "whole"
    attempt(whole)
    expected = files(whole)
    calls = calls_of(folder / "counted")
    for call, what in _kinds(calls if only is None else calls & only, errors):
        for when in count(1):
            if time.monotonic() > until:
                figures.left_out += 1
                break
            root, fault = folder / "archive", Fault(call, what, when)
            ended = traced(root, fault)
            if ended.was_hit:
                judge(root, fault, ended, expected, figures)
            shutil.rmtree(root, ignore_errors=True)
            if not ended.was_hit:
                break
    return figures


def files(root: Path) -> dict[str, bytes]:
    """Return the archive's files by name, without what is no part of it."""
    paths = (path for path in root.rglob("*") if path.is_file())
    named = ((str(path.relative_to(root)), path) for path in paths)
    return {name: path.read_bytes() for name, path in named if not name.startswith(".archiver/")}


def calls_of(root: Path) -> frozenset[str]:
    """Return the system calls that storing makes."""
    made = traced(root, None).calls
    return frozenset(re.findall(r"^(?:[0-9]+ +)?([a-z0-9_]+)\(", made, re.MULTILINE)) - UNRELATED


def traced(root: Path, fault: Fault | None) -> Ended:
    """Store into ``root`` in a child that strace holds."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    ready, tell = os.pipe()
    try:
        with tempfile.TemporaryFile("w+") as said:
            child = os.fork()
            if child == 0:
                _be_traced(root, tell, said.fileno())
            os.read(ready, 1)
            code, calls = _let_go(child, fault)
            said.seek(0)
            return Ended(code, said.read(), calls)
    finally:
        os.close(ready)
        os.close(tell)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _let_go(child: int, fault: Fault | None) -> tuple[int, str]:
    """Have strace hold the waiting child, then let it store; return its code and its calls."""
    inject = f"inject={fault.call}:{fault.what}:when={fault.when}" if fault else ""
    options = ["-e", f"trace={fault.call}", "-e", inject] if fault else []
    strace = ["strace", "-f", *options, "-o", "/dev/stdout", "-p", str(child)]
    pipe = subprocess.PIPE
    with subprocess.Popen(strace, stdout=pipe, stderr=pipe, text=True) as tracer:
        assert tracer.stderr is not None
        tracer.stderr.readline()  # "strace: Process … attached", or why it is not
        os.kill(child, signal.SIGUSR1)
        _, status = os.waitpid(child, 0)
        calls, _ = tracer.communicate()
    return os.waitstatus_to_exitcode(status), calls


def _be_traced(root: Path, tell: int, said: int) -> None:
    """Be the child: wait for strace, store, and end without any of the parent's clean-up."""
    code = BUG
    try:
        ctypes.CDLL(None).prctl(_SET_PTRACER, _ANYBODY, 0, 0, 0)
        os.write(tell, b".")
        signal.sigwait([signal.SIGUSR1])
        ended = attempt(root)
        os.pwrite(said, ended.said.encode(), 0)  # no write(2): that may be what fails
        code = ended.code
    finally:
        os._exit(code)


def attempt(root: Path) -> Ended:
    """Store into ``root``, the same bytes every time; return how that ended."""
    try:
        with mock.patch.object(uuid, "uuid4", return_value=uuid.UUID(int=4)):
            store_once(LocalStore(root))
    except ArchiverError as error:
        return Ended(TOLD, f"{error.message} {error.advice}")
    except Exception:  # noqa: BLE001 - whatever it is, its trace is the finding
        return Ended(BUG, traceback.format_exc())
    return Ended(STORED)


def _kinds(calls: frozenset[str], errors: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield each call with each thing that can be made of it, what matters most first."""
    for claimed in LIES:
        yield from (("write", f"retval={claimed}") for _ in calls & {"write"})
    first, *rest = (f"error={error}" for error in errors)
    for what in (first, "signal=KILL", *rest):
        yield from ((call, what) for call in sorted(calls))


def judge(
    root: Path, fault: Fault, ended: Ended, expected: dict[str, bytes], figures: Figures
) -> None:
    """Hold what a fault has left to the laws, and what the next store makes of it."""
    figures.calls[fault.call] += 1
    figures.stored += ended.code == STORED
    figures.told += ended.code == TOLD
    figures.killed += ended.code == -signal.SIGKILL
    left = files(root) if root.exists() else {}
    parts = [*root.glob(".archiver/parts/*")]
    laws: dict[str, Callable[[], bool]] = {
        "success was claimed": lambda: ended.code != STORED or left == expected,
        "a final name is torn": lambda: left.items() <= expected.items(),
        "a traceback": lambda: ended.code != BUG,
        "told without words": lambda: ended.code != TOLD or "Stopped" in ended.said,
        "a part file is left": lambda: ended.code != TOLD or not parts or "unlink" in fault.call,
        "the next store fails": lambda: attempt(root).code == STORED,
        "the next store differs": lambda: files(root) == expected,
        "verify complains": lambda: audit(LocalStore(root)).is_clean,
        "a part file stays": lambda: not [*root.glob(".archiver/parts/*")],
    }
    said = ended.said.strip().splitlines()[-1:] or [""]
    figures.bad += [f"{fault}: {law}: {said[0]}" for law, holds in laws.items() if not holds()]


def add(report: Report, folder: Path, until: float) -> None:
    """Run the campaign until then, by the monotonic clock, and tell what came of it."""
    reason = why_not()
    if reason:
        report.skipped.append(f"faults of system calls: {reason}")
        return
    figures = campaign(folder, until=until)
    report.figures |= {
        "faults of system calls": figures.faults,
        "system calls that failed, lied or killed": ", ".join(sorted(figures.calls)),
        "of the faults: told in words": figures.told,
        "of the faults: killed": figures.killed,
        "of the faults: stored all the same, whole": figures.stored,
    }
    report.bad += figures.bad
    if figures.left_out:
        report.skipped.append(
            f"the rest of {figures.left_out} kinds of faults of system calls: the time was over"
        )
