"""Everything at once: anything in any order against a model, then a storm of many recordings.

The first takes a quarter of the time; the second as long as its recordings take.

    python -m tests.campaigns.soak --minutes 4 --recordings 10000
"""

import sys
import tempfile
import time
import traceback
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.campaigns import storm
from tests.campaigns.machine import Nights
from tests.campaigns.report import Report, finish, parser

MACHINES = settings(
    max_examples=20,
    stateful_step_count=30,
    phases=(Phase.generate, Phase.shrink),
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
"""How many archives are tried between two looks at the clock, and with how many steps each."""
MACHINES_PART = 0.25


def machines(seconds: float, report: Report) -> None:
    """Let machines do anything in any order for so long, or until one breaks a law."""
    until = time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            run_state_machine_as_test(Nights, settings=MACHINES)
    except Exception as error:  # noqa: BLE001 - whatever a machine met is what was looked for
        report.bad.append("".join(traceback.format_exception(error)))
    report.figures |= {f"in any order: {what}": n for what, n in sorted(Nights.counts.items())}


def main() -> int:
    """Run the campaign and print its figures."""
    options = parser(__doc__)
    options.add_argument("--minutes", type=float, default=4.0)
    options.add_argument("--recordings", type=int, default=10_000)
    options.add_argument("--kills", type=int, default=4)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    report = Report("soak")
    machines(chosen.minutes * 60 * MACHINES_PART, report)
    with tempfile.TemporaryDirectory() as folder:
        storm.campaign(chosen.recordings, chosen.kills, Path(folder), report, seed=chosen.seed)
    return finish(report, record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
