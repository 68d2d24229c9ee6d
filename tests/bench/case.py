"""What a case of the benchmark is: a size in, figures out."""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct, field

from tests.bench.goals import Reached, table

HELD_EACH, GROWN_EACH = 125, 1_250
"""So many recordings are held, or an archive has grown to, for each one of a bulk pull."""


class Size(Struct, frozen=True):
    """How much is done: recordings of so many ``seconds`` of talk, 1 kB each; and how often."""

    recordings: int = 800
    seconds: int = 350
    turns: int = 3
    leave_out: tuple[str, ...] = ()

    @property
    def held(self) -> int:
        """How many recordings an archive holds that has nothing new to get."""
        return self.recordings * HELD_EACH

    @property
    def grown(self) -> int:
        """How many recordings a large archive holds."""
        return self.recordings * GROWN_EACH


class Figures(Struct):
    """What a case came to: what was asked for, and its own tables as lines of Markdown.

    ``left_out`` names what could not be measured here, and why.
    """

    reached: list[Reached] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return all of it in Markdown."""
        lines = [*table(self.reached), "", *self.lines] if self.reached else [*self.lines]
        if self.left_out:
            lines += ["", f"Left out: {'; '.join(self.left_out)}."]
        return "\n".join(lines)


Run = Callable[[Size, Path], Figures]
"""Does the work of a case in an empty folder."""


class Case(Struct, frozen=True):
    """A case, by the name that chooses it and marks its place on the page."""

    name: str
    title: str
    run: Run


def chosen(cases: Sequence[Case], names: Sequence[str]) -> list[Case]:
    """Return the cases of these names, in their own order; all where none is named."""
    return [each for each in cases if not names or each.name in names]
