"""Real S3 servers: what each that is installed here answers, held to what is known of it.

python -m tests.s3servers --install
"""

import signal
import sys
from collections import Counter
from dataclasses import dataclass, field

import pytest

from tests.campaigns.report import Report, finish, parser
from tests.s3servers.install import SERVERS, install
from tests.s3servers.question import ANSWER, Answer

CHECKS = ("tests/s3servers/checks.py",)
QUIETLY = ("--quiet", "-p", "no:randomly", "--tb=short", "--show-capture=no")


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


def check(report: Report) -> None:
    """Run the checks on every server that is there, and tell what they tell."""
    told = Told(report)
    ended = pytest.main([*CHECKS, *QUIETLY], plugins=[told])
    if ended != pytest.ExitCode.OK and not report.bad:
        report.bad.append(f"the checks ended with {ended!r}")
    report.figures |= {
        f"{server}: questions answered as by AWS": f"{told.agreed[server]} of {asked}"
        for server, asked in told.asked.items()
    }


def main() -> int:
    """Check the servers, installed before if they are asked for, and tell what they are."""
    options = parser(__doc__)
    options.add_argument("--install", action="store_true", help="install what is missing")
    chosen = options.parse_args()
    # As an interruption, so that the servers are stopped then too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    report = Report("test-s3")
    if chosen.install:
        report.bad += filter(None, map(install, SERVERS))
    check(report)
    return finish(report, record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
