"""How long it takes to be up: the help, and one recording beside the least that gets it."""

import sys
from pathlib import Path

from tests.bench import bare_get
from tests.bench.case import Case, Figures, Size
from tests.bench.goals import Goal, Reached
from tests.bench.portal_process import PortalPlan
from tests.bench.sides import Side, archiver, rows
from tests.bench.turns import in_turns, table, wall_ratio
from tests.bench.work import Work, listed
from tests.pulls import DAY

ONE_PAGE = 15
OFTEN = 4
"""So many times more turns than a whole pull gets: one takes less than a second."""
HELP, GET, BARE = "archiver --help", "archiver get ID", "bare httpx script"
HELP_MS = Goal("`--help`", 100, 60, "ms")
BESIDE_BARE = Goal("`get ID` against a bare httpx script: its wall", 1.5, 1.2, "×")


def run(size: Size, home: Path) -> Figures:
    """Start each side again and again."""
    with listed(PortalPlan(ONE_PAGE, size.seconds)) as day:
        sides = in_turns(day, home, size.turns * OFTEN, sides_for(str(next(rows(day))["id"])))
    reached = [
        Reached(HELP_MS, sides[HELP].wall_s * 1_000),
        Reached(BESIDE_BARE, wall_ratio(sides, GET, BARE)),
    ]
    return Figures(reached, table(sides, 1))


def sides_for(id_: str) -> tuple[Side, ...]:
    """Return what is started, to get one recording."""

    def get(_work: Work, folder: Path) -> list[str]:
        # From the portal alone: the settings that all sides have name an archive, too.
        return ["env", "--unset=ARCHIVER_ARCHIVE", *archiver("get", id_, "-o", f"{folder}/")]

    def bare(work: Work, folder: Path) -> list[str]:
        folder.mkdir()
        named = (id_, f"{DAY:%Y-%m-%d}", str(folder / "one.mp3"))
        return [sys.executable, bare_get.__file__, work.endpoint, work.token, *named]

    return (
        Side(HELP, "prints the commands", lambda _work, _folder: archiver("--help")),
        Side(GET, "looks at the portal, lists the second of the id, fetches, judges, syncs", get),
        Side(BARE, "lists the day's only page and writes what it fetches; checks nothing", bare),
    )


CASE = Case("starting", "Being up", run)
