"""What is asked of archiver, beside what was reached: a limit that must hold, and an aim."""

from collections.abc import Iterable

from msgspec import Struct

HEADER = "| asked for | at least | aim | reached | |"
RULE = "|---|---|---|---|---|"
NOT_MEASURED = "not measured"


class Goal(Struct, frozen=True):
    """A figure that is asked for: ``at_least`` must hold, ``aim`` is what it should come to.

    ``unit`` follows each figure. Fewer is better, but for what ``grows``.
    """

    what: str
    at_least: float
    aim: float
    unit: str
    grows: bool = False

    def verdict(self, reached: float) -> str:
        """Return in a word or two what a figure is worth."""
        sign = -1 if self.grows else 1
        if sign * reached <= sign * self.aim:
            return "aim reached"
        return "met" if sign * reached <= sign * self.at_least else "**not met**"

    def said(self, figure: float) -> str:
        """Return a figure with its unit: two decimals below ten, one below a hundred."""
        places = 2 if figure < 10 else 1 if figure < 100 else 0
        return f"{figure:,.{places}f} {self.unit}".rstrip()


class Reached(Struct, frozen=True):
    """What a benchmark came to; ``None`` where it could not be measured here."""

    goal: Goal
    figure: float | None

    @property
    def row(self) -> str:
        """The row of a table under :data:`HEADER`."""
        goal, figure = self.goal, self.figure
        limits = [f"{limit:g} {goal.unit}".rstrip() for limit in (goal.at_least, goal.aim)]
        said = (NOT_MEASURED, "") if figure is None else (goal.said(figure), goal.verdict(figure))
        return f"| {' | '.join((goal.what, *limits, *said))} |"


def table(reached: Iterable[Reached]) -> list[str]:
    """Return a table of what was reached, in Markdown."""
    return [HEADER, RULE, *(each.row for each in reached)]


def rows_in(text: str) -> list[str]:
    """Return the rows of all such tables in a text."""
    rows, is_inside = [], False
    for line in text.splitlines():
        is_inside = line.startswith("|") and (is_inside or line == HEADER)
        if is_inside and line not in {HEADER, RULE}:
            rows.append(line)
    return rows
