"""The page of figures, docs/performance.md: a place for each case between comments of its name.

What is asked for stands above all of them in one table, which is made of theirs whenever one is
written. So it is as true as they are, also after a run of one case.
"""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.goals import HEADER, RULE, rows_in

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
GOALS = "bench"
_PLACE = re.compile(r"<!-- bench (\S+) -->\n(.*?)<!-- /bench \1 -->", re.DOTALL)


def begin(name: str) -> str:
    """Return the comment before the figures of a case."""
    return f"<!-- {name} -->"


def end(name: str) -> str:
    """Return the comment behind them."""
    return f"<!-- /{name} -->"


def place_of(case: str) -> str:
    """Return the name of the place of a case."""
    return f"bench {case}"


def put(page: str, name: str, text: str) -> str:
    """Return the page with other figures in a place; ``LookupError`` where there is none."""
    pattern = re.compile(f"{re.escape(begin(name))}.*?{re.escape(end(name))}", re.DOTALL)
    if not pattern.search(page):
        raise LookupError(f"{PAGE.name} has no part between {begin(name)} and {end(name)}")
    return pattern.sub(lambda _: f"{begin(name)}\n{text}{end(name)}", page)


def with_goals(page: str) -> str:
    """Return the page with the table of all that is asked for, made of those of the cases."""
    rows = [row for match in _PLACE.finditer(page) for row in rows_in(match[2])]
    return put(page, GOALS, "\n".join([HEADER, RULE, *rows]) + "\n")


def write(case: str, text: str) -> None:
    """Write the figures of a case to the page."""
    page = put(PAGE.read_text("utf-8"), place_of(case), text)
    PAGE.write_text(with_goals(page), "utf-8")


def machine() -> str:
    """Return when and where figures were taken."""
    made = f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}"
    return f"{made}, {os.cpu_count() or 1} cores, Python {platform.python_version()}"
