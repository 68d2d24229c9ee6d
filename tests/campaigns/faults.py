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
SHARE_OF_CALLS = 0.4
"""How much of the time goes to system calls at most."""


def main() -> int:
    """Run the campaign and print its figures."""
    command = parser(__doc__)
    command.add_argument("--minutes", type=float, default=4.0, help="when to leave out the rest")
    command.add_argument("--only", choices=["injection", *PARTS], help="one part alone")
    chosen = command.parse_args()
    began = time.monotonic()
    until = began + 60 * chosen.minutes
    report = Report("faults")
    calls = partial(injection.add, until=began + 60 * chosen.minutes * SHARE_OF_CALLS)
    for name, add in ({"injection": calls} | PARTS).items():
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
