"""A night without news: everything that the portal lists is held."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from archiver.domain.recordings import Report, Row
from archiver.portal.wire.answers import parse_page
from tests.bench import bare_walk
from tests.bench.case import Case, Figures, Size
from tests.bench.goals import Goal, Reached
from tests.bench.held import hold
from tests.bench.portal_process import PortalPlan
from tests.bench.sides import Side, environment, pages, pull
from tests.bench.timing import took
from tests.bench.turns import Measured, table
from tests.bench.work import Work, listed
from tests.pulls import DAY

A_DAY = 5_000
MOST_TURNS = 1
"""It takes minutes, and is the processor's time of very many rows."""
OURS, BARE = "archiver pull", "bare httpx script"
BEYOND = Goal("nothing new: processor beyond the pages, a recording", 50, 20, "µs")


def run(size: Size, home: Path) -> Figures:
    """Pull, again and again, what is held."""
    days = -(-size.held // A_DAY)
    with listed(PortalPlan(size.held, 7, days)) as portal:
        archive = home / "archive"
        hold(archive, portal.endpoint, rows(portal))
        sides = in_turns(portal, archive, days, min(size.turns, MOST_TURNS))
    beyond_us = (sides[OURS].busy_s - sides[BARE].busy_s) / size.held * 1e6
    return Figures(
        [Reached(BEYOND, beyond_us)],
        [f"{size.held:,} recordings held, of {days} days.", "", *table(sides, size.held)],
    )


def rows(portal: Work) -> Iterator[Row]:
    """Yield every row as archiver reads it."""
    for body in pages(portal):
        yield from parse_page(body, Report.RECORDINGS).rows


def in_turns(portal: Work, archive: Path, days: int, turns: int) -> dict[str, Measured]:
    """Let both sides read the pages, in turns; an archive that got something is an error."""
    window = (f"{DAY:%Y-%m-%d}", f"{DAY + timedelta(days=days - 1):%Y-%m-%d}")
    walk = [sys.executable, bare_walk.__file__, portal.endpoint, portal.token, *window]
    sides = (
        Side(
            OURS,
            "lists and proves every day, and finds each row held, by the catalog and by the chain",
            pull(days=days),
        ),
        Side(BARE, "reads the same pages one after another, and their JSON", lambda *_: walk),
    )
    measured = {side.name: Measured(side) for side in sides}
    before = len([*archive.glob("recordings/**/*.mp3")])
    for _ in range(turns):
        for each in measured.values():
            command = each.side.command(portal, archive)
            each.turns.append(took(command, environment(portal, archive)))
    if len([*archive.glob("recordings/**/*.mp3")]) != before:
        raise AssertionError("something was new")
    return measured


CASE = Case("nothing-new", "A night without news", run)
