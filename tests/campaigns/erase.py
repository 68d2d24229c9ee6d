"""Killing an erasure before and after each step that it takes on the disk.

What is erased is a recording, and a call's audio with that call's row among other people's. After
each kill ``erase --finish`` and the same erasure again must end as if nothing had happened.

    python -m tests.campaigns.erase --stride 1
"""

import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from archiver.app.keeping.erase import EraseRequest, EraseResult, erase
from archiver.domain.recordings import Report as Source
from archiver.errors import ExitCode
from archiver.filters.request import FilterRequest
from archiver.manifest.journal import Journal
from archiver.manifest.records.erasures import ErasureStep
from tests.archives import row, store_one
from tests.campaigns.report import Report, finish, parser
from tests.copy.copies import Vault, add, add_calls, vault
from tests.crash import die_at, in_child, steps_of

ERASED = ("3", "68ac2671-e61a-11f1-a97c-91b72265b1f5")
"""A recording, and a call that has audio of its own."""
OTHERS = b'{"id":"8"}\n'
"""What must stay in the file of calls."""
WHY = "the customer asked for it"


@dataclass
class Figures:
    """What the kills came to. ``violations`` must stay empty."""

    steps: int = 0
    kills: int = 0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"kills {self.kills} at {self.steps} steps, violations {len(self.violations)}"


def campaign(folder: Path, stride: int) -> Figures:
    """Kill at every ``stride``-th step; with a stride of 1, before and after each."""
    template = vault(folder / "made")
    add(template, replace(store_one(template.store, row(ERASED[1])), source=Source.CALLS))
    add_calls(template, f'{{"id":"{ERASED[1]}"}}\n'.encode() + OTHERS)
    _erase(template, "1")  # the catalog is made, as on any night
    figures = Figures(steps=steps_of(lambda: _erase(_copy(folder, "counted"), *ERASED)))
    for point, after in _points(figures.steps, stride):
        made = _copy(folder, "killed")

        def killed(made: Vault = made, point: int = point, *, after: bool = after) -> None:
            die_at(point, after=after)
            _erase(made, *ERASED)

        figures.kills += in_child(killed) == -signal.SIGKILL
        figures.violations += [f"step {point}: {each}" for each in _wrong_after(made)]
        shutil.rmtree(made.home)
    return figures


def _points(steps: int, stride: int) -> Iterator[tuple[int, bool]]:
    for turn, point in enumerate(range(1, steps + 1, stride)):
        yield from [(point, False), (point, True)] if stride == 1 else [(point, bool(turn % 2))]


def _copy(folder: Path, name: str) -> Vault:
    shutil.copytree(folder / "made", folder / name)
    return Vault(folder / name)


def _erase(made: Vault, *ids: str) -> EraseResult:
    request = EraseRequest(FilterRequest(ids=ids), WHY if ids else "")
    return erase(request, made.context())


def _wrong_after(made: Vault) -> Iterator[str]:
    """Finish, erase again, and yield what is not as it is where nothing was killed."""
    _erase(made)
    if _erase(made, *ERASED).code is not ExitCode.CLEAN:
        yield "the next erasure is not clean"
    if left := [path for each in ERASED for path in made.archive.glob(f"*/2019/**/*_{each}.*")]:
        yield f"{len(left)} files are left"
    if made.verify(made.archive).code is not ExitCode.CLEAN:
        yield "verify complains"
    every = (manifest.erasure for _, manifest in Journal(made.store).manifests())
    steps = [each.step for each in every if each]
    if steps != [ErasureStep.BEGUN, ErasureStep.DONE] * 2:
        yield f"the chain says {steps}"
    if [path.read_bytes() for path in made.archive.glob("calls/**/*.jsonl")] != [OTHERS]:
        yield "other people's rows are not as they were"


def main() -> int:
    """Run the campaign and tell its figures."""
    options = parser(__doc__)
    options.add_argument("--stride", type=int, default=1)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = campaign(Path(folder), chosen.stride)
    report = Report("erase", bad=figures.violations)
    report.figures = {
        "steps on the disk that an erasure takes": figures.steps,
        "erasures killed before or after one of them": figures.kills,
    }
    return finish(report, record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
