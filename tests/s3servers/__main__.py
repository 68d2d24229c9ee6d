"""Real S3 servers: what each that is installed here answers, held to what is known of it.

python -m tests.s3servers --install
"""

import shlex
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.campaigns.report import Report, finish, parser
from tests.s3servers.conftest import SERVERS
from tests.s3servers.question import ANSWER, Answer
from tests.s3servers.server import Server

ROOT = Path(__file__).parents[2]
CHECKS = "tests/s3servers/checks.py"


@dataclass
class Told:
    """A plugin of pytest that takes the answers, failures and skips of its tests into a report."""

    report: Report
    asked: Counter[str] = field(default_factory=Counter)
    agreed: Counter[str] = field(default_factory=Counter)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what one test told."""
        if report.failed:
            self.report.bad.append(f"{report.nodeid} ({report.when})")
        elif report.skipped and isinstance(report.longrepr, tuple):
            self._skip(report.longrepr[2].removeprefix("Skipped: "))
        for name, value in report.user_properties:
            if name == ANSWER and report.when == "call" and isinstance(value, Answer):
                self._answer(value)

    def _skip(self, reason: str) -> None:
        if reason not in self.report.skipped:
            self.report.skipped.append(reason)

    def _answer(self, answer: Answer) -> None:
        agrees = answer.said == answer.aws
        self.asked[answer.server] += 1
        self.agreed[answer.server] += agrees
        told = answer.said if agrees else f"{answer.said} (AWS: {answer.aws})"
        self.report.figures[f"{answer.server}: {answer.question}"] = told


def install(server: Server, report: Report) -> None:
    """Install a server; if that fails, it is a broken promise."""
    for command in server.installing:
        sys.stdout.write(f"{shlex.join(command)}\n")
        sys.stdout.flush()
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code:
            report.bad.append(f"{shlex.join(command)} ended with {code}")
            return


def main() -> int:
    """Run the checks on every server that is there, and tell what they tell."""
    options = parser(__doc__)
    options.add_argument("--install", action="store_true", help="install what is missing")
    chosen = options.parse_args()
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # so that servers are stopped then too
    report = Report("test-s3")
    for server in SERVERS:
        if chosen.install and not server.is_there():
            install(server, report)
    told = Told(report)
    ended = pytest.main(
        [CHECKS, "--quiet", "-p", "no:randomly", "--tb=short", "--show-capture=no"], plugins=[told]
    )
    report.figures |= {
        f"{server}: questions answered as by AWS": f"{told.agreed[server]} of {asked}"
        for server, asked in told.asked.items()
    }
    if ended != pytest.ExitCode.OK and not report.bad:
        report.bad.append(f"the checks ended with {ended!r}")
    return finish(report, record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
