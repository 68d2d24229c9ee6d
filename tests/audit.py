"""Known vulnerabilities of what a lock file pins, asked of the database that pip-audit knows.

Exits 0 only when the database was asked about every package and knows of nothing, 1 when it knows
of something, and 4 when it could not be asked: then nothing was audited, and that is said.

    python -m tests.audit requirements.lock
"""

import json
import subprocess
import sys
from collections.abc import Sequence

CLEAN, FOUND, NOT_ASKED = 0, 1, 4
_ASK = ("-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--require-hashes")
_LAST_LINES = 3


def verdict(answer: str, complaint: str) -> tuple[int, str]:
    """Return the exit code and the words for what pip-audit printed to stdout and to stderr."""
    try:
        packages = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = "\n".join(complaint.strip().splitlines()[-_LAST_LINES:])
        return NOT_ASKED, f"Nothing was audited: the database could not be asked.\n{last}"
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    known = [
        f"{each['name']} {each['version']}: {hole['id']}"
        for each in packages
        for hole in each.get("vulns", ())
    ]
    if known:
        return FOUND, "\n".join(known)
    if skipped or not packages:
        return (
            NOT_ASKED,
            f"Not all was audited: {', '.join(skipped) or 'there is nothing to audit'}.",
        )
    return CLEAN, f"{len(packages)} packages were audited; none has a known vulnerability."


def main(arguments: Sequence[str]) -> int:
    """Audit a lock file and say what came of it."""
    asked = subprocess.run(
        (sys.executable, *_ASK, "--requirement", *arguments),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    code, words = verdict(asked.stdout, asked.stderr)
    sys.stdout.write(f"{words}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
