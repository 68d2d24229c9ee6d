"""Sides in turns: whatever the machine does meanwhile concerns all of them."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

from msgspec import Struct, field

from tests.bench.sides import Side, environment
from tests.bench.timing import Took, peak_mb, took
from tests.bench.work import Work


class Measured(Struct):
    """What a side took, turn by turn."""

    side: Side
    turns: list[Took] = field(default_factory=list)
    peak_mb: float = 0.0

    @property
    def wall_s(self) -> float:
        """The median of its turns, in seconds."""
        return median(each.wall_s for each in self.turns)

    @property
    def spread(self) -> tuple[float, float]:
        """The quickest and the slowest turn, in seconds."""
        walls = [each.wall_s for each in self.turns]
        return min(walls), max(walls)

    @property
    def user_s(self) -> float:
        """The processor's time of the median turn, in seconds, without the system's."""
        return median(each.user_s for each in self.turns)

    @property
    def system_s(self) -> float:
        """The system's time of the median turn, in seconds."""
        return median(each.system_s for each in self.turns)

    @property
    def busy_s(self) -> float:
        """The processor's time of the median turn, with the system's."""
        return median(each.user_s + each.system_s for each in self.turns)


def in_turns(work: Work, home: Path, turns: int, sides: Iterable[Side]) -> dict[str, Measured]:
    """Let every side do the work; return what each took, by its name.

    What the first turn of the first side made stays in ``home / "0-0"``.
    """
    measured = [Measured(side) for side in sides if not side.lacking]
    for turn in range(turns):
        for number, each in enumerate(measured):
            if turn >= each.side.most_turns:
                continue
            folder = home / f"{number}-{turn}"
            command = each.side.command(work, folder)
            each.turns.append(took(command, environment(work, folder)))
            if turn or number:
                shutil.rmtree(folder, ignore_errors=True)
    for number, each in enumerate(measured):
        if each.side.is_weighed:
            folder = home / f"peak-{number}"
            each.peak_mb = peak_mb(each.side.command(work, folder), environment(work, folder))
            shutil.rmtree(folder, ignore_errors=True)
    return {each.side.name: each for each in measured}


def wall_ratio(sides: Mapping[str, Measured], one: str, other: str) -> float | None:
    """Return how many times as long one side takes as another; ``None`` without either."""
    if one not in sides or other not in sides:
        return None
    return sides[one].wall_s / sides[other].wall_s


def table(sides: Mapping[str, Measured], recordings: int) -> list[str]:
    """Return a table of sides, each beside the first, which is archiver; and what each does."""
    lines = [
        "| side | wall | archiver's part of it | user · system | user a recording | memory |",
        "|---|---|---|---|---|---|",
    ]
    measured = [*sides.values()]
    for each in measured:
        low, high = each.spread
        memory = f"{each.peak_mb:.0f} MB" if each.peak_mb else ""
        lines.append(
            f"| {each.side.name} | {each.wall_s:.2f} s ({low:.2f} to {high:.2f}) "
            f"| {measured[0].wall_s / each.wall_s:.2f} × "
            f"| {each.user_s:.1f} s · {each.system_s:.1f} s "
            f"| {each.user_s / recordings * 1_000:.1f} ms | {memory} |"
        )
    return [*lines, "", *map(_does, measured)]


def _does(measured: Measured) -> str:
    """Return what a side does, and how often it did."""
    often = "one turn" if len(measured.turns) == 1 else f"{len(measured.turns)} turns"
    return f"- {measured.side.name} ({often}): {measured.side.does}."


def lacking(sides: Sequence[Side]) -> list[str]:
    """Return which sides can't run here, and what they lack."""
    return [
        f"{side.name} ({', '.join(side.lacking)} not installed)" for side in sides if side.lacking
    ]
