"""What a campaign came to: printed, and with ``--record`` written to docs/reliability.md.

A campaign ends with figures, with what broke a promise (nothing may) and with what could not run on
this machine. Each has a part of the page, between a comment with its name and one that ends it.
"""

import argparse
import platform
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct, field

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
_SHOWN = 40


class Report(Struct):
    """The figures of one campaign, in the order to show them; ``name`` is its make target.

    ``bad`` has a line for each broken promise, ``skipped`` one for each thing that could not run
    here, with its reason.
    """

    name: str
    figures: dict[str, int | str] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines = [f"{name}: {_told(value)}" for name, value in self.figures.items()]
        lines += [f"skipped: {len(self.skipped)}", *(f"  {each}" for each in self.skipped)]
        lines += [f"broken promises: {len(self.bad)}", *(f"  {each}" for each in self.bad[:_SHOWN])]
        return f"make {self.name}\n  " + "\n  ".join(lines)

    def must_be_none(self, *names: str) -> None:
        """Count those of the figures that are not 0 among the promises that were broken."""
        self.bad += [f"{name}: {self.figures[name]}" for name in names if self.figures[name]]

    def section(self) -> str:
        """Return the campaign's part of the page, in Markdown."""
        rows = [f"| {name} | {_told(value)} |" for name, value in self.figures.items()]
        rows += [
            f"| skipped for want of something on the machine | {len(self.skipped)} |",
            f"| promises broken | {len(self.bad)} |",
        ]
        notes = [f"- skipped: {each}" for each in self.skipped]
        made = f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}"
        told = [f"`make {self.name}`, {made}, Python {platform.python_version()}.", ""]
        return "\n".join(
            [*told, "| figure | value |", "|---|---|", *rows, *([""] if notes else []), *notes]
        )


def parser(module_doc: str | None) -> argparse.ArgumentParser:
    """Return a parser with ``--record``, described by the first line of the campaign's page."""
    made = argparse.ArgumentParser(description=(module_doc or "").partition("\n")[0])
    made.add_argument("--record", action="store_true", help="write the figures to the page")
    return made


def finish(report: Report, *, record: bool) -> int:
    """Print the figures, record them if asked to, and return the exit code of the campaign."""
    sys.stdout.write(f"{report}\n")
    if record:
        PAGE.write_text(_with_section(PAGE.read_text("utf-8"), report), "utf-8")
    return 1 if report.bad else 0


def _with_section(page: str, report: Report) -> str:
    begin, end = f"<!-- {report.name} -->", f"<!-- /{report.name} -->"
    pattern = re.compile(rf"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"{PAGE} has no part between {begin} and {end}")
    return pattern.sub(lambda _: f"{begin}\n{report.section()}\n{end}", page)


def _told(value: int | str) -> str:
    return f"{value:,}" if isinstance(value, int) else value
