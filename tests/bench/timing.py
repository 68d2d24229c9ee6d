"""Timing a command, with all processes that it starts: wall, processor, memory, system calls."""

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

SAMPLED_S = 0.05
_FUTEX = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s.*\bfutex$", re.MULTILINE)
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


class Took(Struct, frozen=True):
    """What a command took: seconds of the clock, of the processor for it and for the system."""

    wall_s: float
    user_s: float
    system_s: float


class Failed(Exception):
    """A command ended otherwise than it should: what it said last."""


def took(command: Sequence[str], environ: Mapping[str, str], ends: int = 0) -> Took:
    """Run a command to its end and return what it took, with all that it waited for."""
    began = time.monotonic()
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        said = process.stderr.read() if process.stderr else b""
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != ends:
        raise Failed(f"{command[0]} ended with {process.returncode}: {said[-500:].decode()}")
    return Took(wall, usage.ru_utime, usage.ru_stime)


def peak_mb(command: Sequence[str], environ: Mapping[str, str]) -> float:
    """Run a command and return the most that it and its children had at once, in MB.

    What they share counts once (PSS, proc(5)), looked at twenty times a second.
    """
    peak, over = [0], threading.Event()
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:

        def look() -> None:
            is_over = False
            while not is_over:
                peak[0] = max(peak[0], sum(map(_pss_kb, _tree(process.pid))))
                is_over = over.wait(SAMPLED_S)

        watcher = threading.Thread(target=look)
        watcher.start()
        process.wait()
        over.set()
        watcher.join()
    return peak[0] * 1_024 / 1_000_000


def futex_calls(command: Sequence[str], environ: Mapping[str, str], scratch: Path) -> int | None:
    """Run a command under strace; return how often threads waited for one another."""
    if shutil.which("strace") is None:
        return None
    told = scratch / "strace.txt"
    traced = ["strace", "-f", "-c", "-e", "trace=futex", "-o", str(told), *command]
    took(traced, environ)
    found = _FUTEX.search(told.read_text())
    return int(found[1]) if found else 0


def _tree(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for each in found:
        with suppress(FileNotFoundError, ProcessLookupError):
            for path in Path(f"/proc/{each}/task").glob("*/children"):
                found += map(int, path.read_text().split())
    return found


def _pss_kb(pid: int) -> int:
    with suppress(OSError):
        match = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
        return int(match[1]) if match else 0
    return 0
