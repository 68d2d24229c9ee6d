"""Killing a pull of a few recordings before and after each step that it takes on the disk.

A manifest is written after every recording, so that kills fall between them as well.

    python -m tests.campaigns.steps --stride 1
"""

import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

from msgspec import Struct, field

from archiver.domain.outcomes import Outcome
from archiver.pull.ledger import gathered
from tests.campaigns.report import Report, finish, parser
from tests.crash import in_child, killed_at
from tests.pulls import Archive, State, portal

RECORDINGS = 3
MOST_STEPS = 2_000


class Figures(Struct):
    """What the kills came to. ``violations`` must stay empty."""

    kills: int = 0
    fetched_again: int = 0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"kills {self.kills}, violations {len(self.violations)}, "
            f"stored objects fetched again {self.fetched_again}"
        )


def campaign(folder: Path, stride: int) -> Figures:
    """Kill at every ``stride``-th step, in turns before and after it."""
    figures = Figures()
    with portal(RECORDINGS, wrong=1) as sandbox:
        whole = Archive(sandbox, folder / "whole")
        whole.pull_here()
        states = whole.states()
        for turn, point in enumerate(range(1, MOST_STEPS, stride)):
            archive = Archive(sandbox, folder / str(point))
            if not killed_at(point, partial(_pull, archive), after=bool(turn % 2)):
                break
            figures.kills += 1
            _finish(archive, states, point, figures)
            shutil.rmtree(archive.folder)
    return figures


def _finish(archive: Archive, states: dict[str, State], point: int, figures: Figures) -> None:
    stored = archive.stored() if archive.folder.exists() else set()
    there = (archive.folder / "ARCHIVE.json").exists()
    if there:
        report = archive.verified()
        if report.missing or report.differ or report.chain or report.unreadable:
            figures.violations.append(f"step {point}: what is entered is not there")
    owed = {id_ for id_ in stored if states[id_][0] is Outcome.ARCHIVED}
    before = archive.fetches()
    in_child(archive.pull_here)
    now = archive.fetches()
    figures.fetched_again += sum(now[id_] > before[id_] for id_ in owed)
    if archive.states() != states:
        figures.violations.append(f"step {point}: another end")
    if not archive.verified().is_clean or archive.parts():
        figures.violations.append(f"step {point}: verify complains, or part files are left")


def _pull(archive: Archive) -> None:
    gathered.ENTRIES_A_MANIFEST = 1
    archive.pull_here()


def main() -> int:
    """Run the campaign and tell its figures."""
    options = parser(__doc__)
    options.add_argument("--stride", type=int, default=1)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = campaign(Path(folder), chosen.stride)
    report = Report("steps", bad=figures.violations)
    report.figures = {
        "pulls killed before or after a step on the disk": figures.kills,
        "recordings a pull": RECORDINGS,
        "held recordings fetched again": figures.fetched_again,
    }
    report.must_be_none("held recordings fetched again")
    return finish(report, record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
