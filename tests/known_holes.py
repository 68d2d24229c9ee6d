"""``make audit``: whether what requirements.lock pins has a known hole, or that nobody could tell.

pip-audit ends with 0 and "No known vulnerabilities found" where it could ask about no package at
all: each that its database doesn't answer for is skipped. So its JSON is read, and what was not
looked up is never counted as fine.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from packaging.requirements import Requirement

LOCK = "requirements.lock"
FINE, HOLES, NOT_CHECKED = 0, 1, 75
"""75 is EX_TEMPFAIL of sysexits.h: nothing is wrong, and nothing is known."""
MOST_S = 600


class Audit(Struct, frozen=True):
    """What pip-audit said: the holes that it knows by package, and the packages it skipped."""

    checked: int
    holes: Mapping[str, tuple[str, ...]]
    skipped: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Audit | None":
        """Read pip-audit's JSON; ``None`` when it is none, as it asked for nothing."""
        try:
            told: list[dict[str, Any]] = json.loads(text)["dependencies"]
        except (ValueError, KeyError, TypeError):
            return None
        skipped = tuple(each["name"] for each in told if "skip_reason" in each)
        found = {
            f"{each['name']} {each['version']}": tuple(hole["id"] for hole in each["vulns"])
            for each in told
            if each.get("vulns")
        }
        return cls(len(told) - len(skipped), found, skipped)


def verdict(audit: Audit | None, pinned: int) -> tuple[int, list[str]]:
    """Return the exit code and the words for an audit of so many pinned packages."""
    if audit is None or not (audit.checked or audit.holes):
        why = "the database of known holes could not be reached, or answered for none of them"
        return NOT_CHECKED, [f"NOT CHECKED: {why}. Nothing is known of {pinned} packages."]
    lines = [f"{package}: {', '.join(ids)}" for package, ids in audit.holes.items()]
    left = pinned - audit.checked
    if left > 0:
        some = f", such as {', '.join(audit.skipped[:5])}" if audit.skipped else ""
        lines.append(f"NOT CHECKED: {left} of {pinned} packages{some}.")
    if audit.holes:
        return HOLES, [*lines, f"Known holes in {len(audit.holes)} packages: see `make lock`."]
    if left > 0:
        return NOT_CHECKED, [*lines, f"No known hole in the {audit.checked} that were checked."]
    return FINE, [f"{audit.checked} of {pinned} packages checked: no known hole."]


def pinned_in(lock: Path) -> int:
    """Return how many packages a lock file pins for this Python on this system."""
    lines = lock.read_text("utf-8").splitlines()
    pins = [Requirement(line.rstrip(" \\")) for line in lines if line[:1].isalnum()]
    return sum(each.marker is None or each.marker.evaluate() for each in pins)


def main(program: Sequence[str]) -> int:
    """Run pip-audit, whose command is ``program``, over the lock file."""
    asked = ("--requirement", LOCK, "--require-hashes", "--disable-pip", "--format", "json")
    command = [*program, *asked, "--progress-spinner", "off"]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=MOST_S)
    except (OSError, subprocess.TimeoutExpired):
        code, lines = verdict(None, pinned_in(Path(LOCK)))
    else:
        code, lines = verdict(Audit.of(done.stdout), pinned_in(Path(LOCK)))
    print("\n".join(lines))  # noqa: T201 - a program of its own
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
