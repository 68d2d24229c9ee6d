"""Real S3 servers: what each that is installed here answers, held to what is known of it.

python -m tests.s3servers --install
"""

import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest
from msgspec import Struct, field

from tests.campaigns.report import Report, finish, parser
from tests.s3servers.install import SERVERS, install
from tests.s3servers.question import ANSWER, Answer

CHECKS = tuple(f"tests/s3servers/{name}.py" for name in ("checks", "contract", "keeping"))
QUIETLY = ("--quiet", "-p", "no:randomly", "--tb=short", "--show-capture=no")


class Told(Struct):
    """A plugin of pytest that takes in what its tests tell: answers, failures, skips."""

    report: Report
    passed: int = 0
    answers: list[Answer] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what one test told."""
        if report.failed:
            self.report.bad.append(f"{report.nodeid} ({report.when})")
        elif report.skipped and isinstance(report.longrepr, tuple):
            self._skip(report.longrepr[2].removeprefix("Skipped: "))
        if report.when == "call":
            self.passed += report.passed
            told = dict(report.user_properties).get(ANSWER)
            self.answers += [told] if isinstance(told, Answer) else []

    def _skip(self, reason: str) -> None:
        if reason not in self.report.skipped:
            self.report.skipped.append(reason)


def figures(answers: Iterable[Answer]) -> dict[str, int | str]:
    """Return how many answers of each server are AWS's, then for each question who said what."""
    asked: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    said: defaultdict[str, list[str]] = defaultdict(list)
    for each in answers:
        agrees = each.said == each.aws
        asked[each.server] += 1
        agreed[each.server] += agrees
        words = "the same" if agrees else each.said
        said[f"{each.question} (AWS: {each.aws})"].append(f"{each.server}: {words}")
    return {
        **{f"{one}: answers as AWS": f"{agreed[one]} of {total}" for one, total in asked.items()},
        **{question: "; ".join(words) for question, words in said.items()},
    }


def check(report: Report) -> None:
    """Run the checks on every server that is there, and tell what they tell."""
    told = Told(report)
    ended = pytest.main([*CHECKS, *QUIETLY], plugins=[told])
    if ended != pytest.ExitCode.OK and not report.bad:
        report.bad.append(f"the checks ended with {ended!r}")
    report.figures |= {"tests passed": told.passed, **figures(told.answers)}


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
