"""What every test gets: a way to print the figure that proves a row, and a search for leaks."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

Figure = Callable[[str, str], None]
pytest_plugins = ["tests.validation", "tests.canaries", "tests.s3.fixtures"]
# No test fails because the machine is busy with something else.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


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
