"""A portal that lies, a clock that is wrong, a disk that changes: green must still mean whole.

Each seed is a truth, some lies about it and the nights of one archive, judged every night by an
oracle that knows the truth (:mod:`tests.lies`). Every sixth history is of an honest portal, over
which nothing may be cried, and every fourth is long; the others have few nights, and few recordings
a day: most defects need no more, and there is time for more lies. In one process; a seed is told
for whatever breaks, and lived through again with ``--replay SEED``.

    python -m tests.campaigns.lies --nights 20000 --minutes 30
"""

import gc
import os
import sys
import time
from collections import Counter
from itertools import count

from tests.campaigns.report import Report, finish, parser
from tests.lies.history import History
from tests.lies.honest import Honest

HONEST_EACH = 6
LONG_EACH = 4
SWITCH_S = 0.0005
"""A run's few threads mostly wait for each other here: a tenth of the usual time to change over."""


def lived_through(seed: int) -> History | Honest:
    """Return a seed's history, lived through."""
    if seed % HONEST_EACH == 0:
        return Honest(seed).run()
    return History(seed, short=seed % LONG_EACH != 1).run()


def gone_wrong(lived: History | Honest) -> list[str]:
    """Return a line for whatever broke, and for each alarm over an honest portal."""
    return [*lived.alarms, *lived.broken] if isinstance(lived, Honest) else lived.broken


def campaign(nights: int, minutes: float, first: int, report: Report) -> None:
    """Live through histories until there were so many nights, or the time is over."""
    begun = time.monotonic()
    until = begun + minutes * 60
    told: Counter[str] = Counter()
    names: Counter[str] = Counter()
    for seed in count(first):
        if told["nights"] >= nights or time.monotonic() > until:
            break
        lived = lived_through(seed)
        told["nights"] += lived.nights
        wrong = gone_wrong(lived)
        if isinstance(lived, Honest):
            told.update(honest=lived.nights, requests=lived.requests, alarms=len(lived.alarms))
        else:
            told["green"] += lived.green
            names.update(each.name for each in lived.tricks)
        report.bad += [f"seed {seed}: {line}" for line in wrong]
        if wrong:
            sys.stderr.write(f"seed {seed}: {len(wrong)} lines, first {wrong[0][:200]}\n")
    report.figures |= {
        "nights": told["nights"],
        "of them green under lies": told["green"],
        "kinds of lies told": len(names),
        "nights of honest portals": told["honest"],
        "false alarms": told["alarms"],
        "requests a night of an honest portal": f"{told['requests'] / max(1, told['honest']):.1f}",
        "seeds": f"{first} to {seed - 1}",
        "minutes": f"{(time.monotonic() - begun) / 60:.1f}",
    }


def _settle_down() -> None:
    """Let the threads of a run change over on one processor: a quarter more nights.

    What is imported by now is no garbage: looking through it again and again takes 3% of the time.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_S)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def main() -> int:
    """Run the campaign, or one seed of it, and print what came of it."""
    options = parser(__doc__)
    options.add_argument("--nights", type=int, default=20_000)
    options.add_argument("--minutes", type=float, default=30.0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--replay", type=int)
    chosen = options.parse_args()
    if chosen.replay is not None:
        lived = lived_through(chosen.replay)
        sys.stdout.write(f"{lived}\n")
        return 1 if gone_wrong(lived) else 0
    report = Report("lies")
    _settle_down()
    campaign(chosen.nights, chosen.minutes, chosen.seed, report)
    return finish(report, record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
