"""Processes that run as long as a block does."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

POLL_S = 0.1
READY_S = 90.0
STOP_S = 20.0
_SHOWN = 2_000


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], environ: Mapping[str, str], log: Path, ready: Callable[[], bool]
) -> Iterator[None]:
    """Start a command, wait until it is ``ready``, and end it and its children with the block."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, env=environ, stdout=output, stderr=output, start_new_session=True
        ) as process,
    ):
        try:
            _wait(process, log, ready)
            yield
        finally:
            _stop(process)


def _wait(process: "subprocess.Popen[bytes]", log: Path, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_S
    while not ready():
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(POLL_S)
            raise ChildProcessError(f"{log.stem} ended with {code}:\n{_end_of(log)}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"{log.stem} is not ready after {READY_S:g} s:\n{_end_of(log)}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S)
    with suppress(ProcessLookupError):  # its children, and itself if it did not obey
        os.killpg(process.pid, signal.SIGKILL)


def _end_of(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-_SHOWN:]


def answers(port: int) -> bool:
    """Whether somebody listens on a port of loopback."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0
