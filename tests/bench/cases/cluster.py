"""A cluster: four Dask workers of one thread beside one, over work that waits."""

from pathlib import Path
from statistics import median

from tests.bench.case import Case, Figures, Size
from tests.bench.goals import Goal, Reached
from tests.bench.waiting import FEW, MANY, WAIT_S, gains
from tests.campaigns.cluster import MISSING, is_installed

WAITED_FOR = 400
"""So many recordings are enough where each is waited for."""
GOAL = Goal(
    f"cluster: {MANY} Dask workers of one thread against {FEW}, {WAIT_S * 1_000:.0f} ms a link",
    3.5,
    3.9,
    "× faster",
    grows=True,
)


def run(size: Size, _home: Path) -> Figures:
    """Let one worker and four fetch the same, in turns."""
    if not is_installed():
        return Figures([Reached(GOAL, None)], left_out=[MISSING])
    found = gains(WAITED_FOR, size.turns)
    spread = f"From the first link on: {min(found):.2f} to {max(found):.2f} × faster."
    return Figures([Reached(GOAL, median(found))], [spread])


CASE = Case("cluster", "A cluster", run)
