"""The page of ``archiver report`` in headless Chromium: used by mouse and keys, seen, and timed.

python -m tests.web --install
"""

import os
import sys
from pathlib import Path

import pytest
from msgspec import Struct, field

from tests.campaigns.report import Report, finish, parser
from tests.web.install import PICTURES, install, lack

CHECKS = "tests/web/checks.py"
QUIETLY = ("--quiet", "-p", "no:randomly", "-p", "no:cacheprovider", "--show-capture=no")


class Told(Struct):
    """A plugin of pytest that takes in what the checks tell: figures, failures."""

    report: Report
    passed: int = 0
    figures: dict[str, int | str] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what one check told."""
        if report.failed:
            self.report.bad.append(f"{report.nodeid} ({report.when})")
        if report.when == "call":
            self.passed += report.passed
            told = (value for name, value in report.user_properties if name == "figure")
            self.figures |= dict(str(each).split(": ", 1) for each in told)


def check(report: Report) -> None:
    """Run the checks, and tell what they tell."""
    told = Told(report)
    ended = pytest.main([CHECKS, *QUIETLY], plugins=[told])
    if ended != pytest.ExitCode.OK and not report.bad:
        report.bad.append(f"the checks ended with {ended!r}")
    report.figures |= {"checks passed": told.passed, **told.figures}


def main() -> int:
    """Check the page, in a browser that is installed before if that is asked for."""
    options = parser(__doc__)
    options.add_argument("--install", action="store_true", help="install what is missing")
    options.add_argument("--pictures", type=Path, help="a folder for pictures of the page")
    chosen = options.parse_args()
    report = Report("test-web")
    if chosen.install and (wrong := install()):
        report.bad.append(wrong)
    if reason := lack():
        report.skipped.append(reason)
    else:
        if chosen.pictures:
            os.environ[PICTURES] = str(chosen.pictures.resolve())
        check(report)
    return finish(report, record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
