"""Faults of disk, clock, limits and signals: nothing is claimed that isn't so, and nothing is lost.

python -m tests.campaigns.faults --minutes 4
"""

import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tests.campaigns import clocks, filesystems, injection, limits, signals, space
from tests.campaigns.report import Report, finish, parser

PARTS = {
    "filesystems": filesystems.add,
    "limits": limits.add,
    "clocks": clocks.add,
    "space": space.add,
    "signals": signals.add,
}


def main() -> int:
    """Run the campaign and print its figures; what is left of the time goes to system calls."""
    command = parser(__doc__)
    command.add_argument("--minutes", type=float, default=4.0, help="when to leave out the rest")
    command.add_argument("--only", choices=[*PARTS, "injection"], help="one part alone")
    chosen = command.parse_args()
    began = time.monotonic()
    until = began + 60 * chosen.minutes
    report = Report("faults")
    for name, add in (PARTS | {"injection": partial(injection.add, until=until)}).items():
        if chosen.only not in {None, name}:
            continue
        if time.monotonic() > until:
            report.skipped.append(f"{name}: the time was over")
            continue
        with tempfile.TemporaryDirectory() as folder:
            add(report, Path(folder))
    report.figures["seconds"] = round(time.monotonic() - began)
    return finish(report, record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
