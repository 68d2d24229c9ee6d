"""The page of figures: docs/performance.md, between its comments."""

import platform
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench.__main__ import Measured

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


@dataclass(slots=True)
class Page:
    """What a benchmark came to."""

    recordings: int
    turns: int
    cores: int
    bytes: int = 0
    bulk: "dict[str, list[Measured]]" = field(default_factory=dict)
    reading: "list[Measured]" = field(default_factory=list)
    futex_calls: float | None = None
    left_out: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the figures in Markdown."""
        done = f"{self.recordings:,} recordings, {self.bytes / 1e6:.0f} MB"
        turns = f"median of {self.turns} turns, quickest and slowest beside it"
        lines = [f"`make bench`, {machine(self.cores)}. {done}, {turns}."]
        for kind, sides in self.bulk.items():
            lines += ["", f"Bulk over {kind}:", "", *_table(sides, self.recordings)]
        lines += ["", "Reading it again:", "", *_table(self.reading, self.recordings)]
        if self.futex_calls is not None:
            lines += ["", f"Futex calls of archiver a recording: {self.futex_calls:.0f}."]
        lines += ["", f"Left out: {', '.join(self.left_out)}."] if self.left_out else []
        return "\n".join(lines) + "\n"

    def write(self) -> None:
        """Write the figures to the page."""
        page = PAGE.read_text("utf-8")
        pattern = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
        PAGE.write_text(pattern.sub(lambda _: f"{BEGIN}\n{self.text()}{END}", page), "utf-8")


def machine(cores: int) -> str:
    """Return when and where figures were taken."""
    made = f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}"
    return f"{made}, {cores} cores, Python {platform.python_version()}"


def _table(sides: "list[Measured]", recordings: int) -> list[str]:
    """Return a table of sides; each beside the first, which is archiver."""
    lines = [
        "| side | wall | archiver's part of it | user · system | user a recording | memory |",
        "|---|---|---|---|---|---|",
    ]
    ours = sides[0].wall_s
    for each in sides:
        low, high = each.spread
        memory = f"{each.peak_mb:.0f} MB" if each.peak_mb else ""
        lines.append(
            f"| {each.side.name} | {each.wall_s:.1f} s ({low:.1f} to {high:.1f}) "
            f"| {ours / each.wall_s:.2f} × | {each.user_s:.1f} s · {each.system_s:.1f} s "
            f"| {each.user_s / recordings * 1_000:.1f} ms | {memory} |"
        )
    lines += ["", *(f"- {each.side.name}: {each.side.does}." for each in sides)]
    return lines
