"""The words of a check-up: a check, what it found, and what to do about it.

How grave it is, a pull decides: what ends a pull with anything but 0 fails, under the same exit
code, and what a pull only warns of is a warning. That nothing has begun is one, too, and yet no
check-up ends with 0 over it: the archive's address may be mistyped, or not mounted.
"""

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct

from archiver.errors import ArchiverError, ExitCode


class CheckStatus(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    """Works, but a person should know."""
    FAIL = "fail"
    """No pull ends with 0 like this."""
    NOT_RUN = "not run"
    """Something that it needs failed, or is not set."""


class Check(Struct, frozen=True):
    """One thing that was checked. ``found`` and ``advice`` are sentences; ``advice`` may be empty.

    ``exit_code`` is that of the error which made it fail, or of a pull that names no window.
    """

    name: str
    state: CheckStatus
    found: str
    advice: str = ""
    exit_code: ExitCode = ExitCode.CLEAN

    @classmethod
    def ok(cls, name: str, found: str) -> "Check":
        """Return a check that found nothing wrong."""
        return cls(name, CheckStatus.OK, found)

    @classmethod
    def warn(cls, name: str, found: str, advice: str) -> "Check":
        """Return a check that found something a person should know."""
        return cls(name, CheckStatus.WARN, found, advice)

    @classmethod
    def unbegun(cls, name: str, error: ArchiverError) -> "Check":
        """Return a check that found no archive: for a person to begin one, or to find it."""
        return cls(name, CheckStatus.WARN, error.message, error.advice, error.exit_code)

    @classmethod
    def unclean(cls, name: str, found: str, advice: str) -> "Check":
        """Return a check that found what keeps every run from being clean."""
        return cls(name, CheckStatus.FAIL, found, advice, ExitCode.FINDINGS)

    @classmethod
    def fail(cls, name: str, error: ArchiverError) -> "Check":
        """Return a check that ended with ``error``."""
        return cls(name, CheckStatus.FAIL, error.message, error.advice, error.exit_code)


def not_run(names: Iterable[str], why: str) -> Iterable[Check]:
    """Return checks that could not be made, and why."""
    return (Check(name, CheckStatus.NOT_RUN, why) for name in names)


def exit_code(checks: Iterable[Check]) -> ExitCode:
    """Return the exit code of a check-up: that of the first check that failed, if any did."""
    failed_first = sorted(checks, key=lambda each: each.state is not CheckStatus.FAIL)
    return next((each.exit_code for each in failed_first if each.exit_code), ExitCode.CLEAN)
