"""Killing what keeps and removes (``erase``, ``dispose``, holds, ``copy``) at each of its steps.

Before and after each step that changes something on the disk. After each kill the same command
again must end as if nothing had happened.

    python -m tests.campaigns.erase --stride 1 --only dispose
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.errors import ArchiverError, ExitCode
from tests.campaigns.removals import COMMANDS, Command
from tests.campaigns.report import Report, finish, parser
from tests.copy.copies import Vault, vault
from tests.crash import killed_at, steps_of

CHANGES = tuple(
    (os, name) for name in ("write", "fsync", "link", "mkdir", "fchmod", "replace", "unlink")
)
"""Opening a file to read it, which is most of what these do, leaves the disk as it is."""


class Figures(Struct):
    """What the kills came to. ``violations`` must stay empty."""

    steps: int = 0
    kills: int = 0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"killed {self.kills} times at {self.steps} steps, violations {len(self.violations)}"


def campaign(folder: Path, stride: int, command: Command) -> Figures:
    """Kill at every ``stride``-th step; with a stride of 1, before and after each."""
    template = vault(folder / "made", manifests=2, each=1)
    command.prepare(template)
    counted = _copy(template, "counted")
    figures = Figures(steps=steps_of(lambda: command.act(counted), CHANGES))
    figures.violations += [f"unkilled: {each}" for each in command.wrong(counted)]
    for point, after in _points(figures.steps, stride):
        made = _copy(template, "killed")
        act = partial(command.act, made)
        figures.kills += killed_at(point, act, after=after, at=CHANGES)
        figures.violations += [f"step {point}: {each}" for each in _wrong_after(made, command)]
        shutil.rmtree(made.home)
    return figures


def _points(steps: int, stride: int) -> Iterator[tuple[int, bool]]:
    for turn, point in enumerate(range(1, steps + 1, stride)):
        yield from [(point, False), (point, True)] if stride == 1 else [(point, bool(turn % 2))]


def _copy(template: Vault, name: str) -> Vault:
    shutil.copytree(template.home, template.home.parent / name)
    return replace(template, home=template.home.parent / name)


def _wrong_after(made: Vault, command: Command) -> Iterator[str]:
    """Type it again, and yield what is not as it is where nothing was killed."""
    try:
        code = command.again(made)
    except ArchiverError as error:
        code = error.exit_code
    if code is not ExitCode.CLEAN:
        yield f"the next one ends with {code}"
    if made.verify(made.archive).code is not ExitCode.CLEAN:
        yield "verify complains"
    yield from command.wrong(made)


def main() -> int:
    """Run the campaign and tell its figures."""
    options = parser(__doc__)
    options.add_argument("--stride", type=int, default=1)
    options.add_argument("--only", choices=COMMANDS, help="one command alone")
    chosen = options.parse_args()
    report = Report("erase")
    for name, command in COMMANDS.items():
        if chosen.only not in {None, name}:
            continue
        with tempfile.TemporaryDirectory() as folder:
            figures = campaign(Path(folder), chosen.stride, command)
        report.figures[f"{name}: steps on the disk"] = figures.steps
        report.figures[f"{name}: killed before or after one of them"] = figures.kills
        report.bad += [f"{name}, {each}" for each in figures.violations]
    return finish(report, record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
