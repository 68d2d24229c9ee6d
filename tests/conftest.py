"""What every test gets: a way to print the figure that proves a row, and a search for leaks."""

import gc
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.programs import STARTER

Figure = Callable[[str, str], None]
pytest_plugins = ["tests.catalogs", "tests.validation", "tests.canaries", "tests.s3.fixtures"]
# No test fails because the machine is busy with something else.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, where there is one
ROOM_BYTES = 1 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Give each worker a processor of its own: threads that change over stay on it.

    A pull's threads and its sandbox's are woken a hundred thousand times a second otherwise. And
    where memory has room, tests write there: what a disk does to what is synced isn't seen here,
    and waiting for it is an eighth of the processor's time, and more of the clock's. Commands in
    processes of their own start warm.
    """
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    STARTER.is_warm = True
    worker = getattr(config, "workerinput", None)
    if worker is not None and hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        number = int(worker["workerid"].removeprefix("gw"))
        os.sched_setaffinity(0, {processors[number % len(processors)]})


def pytest_collection_finish() -> None:
    """Leave alone what is imported by now: looking through it for garbage is 3% of the time."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Record ``figure("N1", "retries 1, partial finals 0")``; printed at the end of the run."""

    def record(row: str, text: str) -> None:
        record_property("figure", f"{row}: {text}")

    return record


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print every figure that the tests recorded, by row."""
    lines = sorted(
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "figure" and report.when == "call"
    )
    if lines:
        terminalreporter.section("figures")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the project's top folder."""
    return Path(__file__).parent.parent
