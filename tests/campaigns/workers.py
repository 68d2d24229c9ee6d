"""Killing the worker processes of pulls, again and again: what the runs make of it.

One of the processes is killed a random moment after a random download, and now and then the one
that takes its place. The run must go on to its end: what it says failed is tried by the next one.

    python -m tests.campaigns.workers --kills 50 --recordings 500
"""

import itertools
import os
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from random import Random

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.domain.outcomes import Outcome
from archiver.errors import ExitCode
from tests.campaigns.report import Report, finish, parser
from tests.programs import Running
from tests.pulls import Archive, State, portal, wait

AFTER_FETCH_S = 0.05
PROCESSES = {"ARCHIVER_PROCESSES": "2"}
ENDS = {ExitCode.CLEAN, ExitCode.FINDINGS}


class Figures(Struct):
    """What a campaign came to. ``bad`` must stay empty."""

    kills: int = 0
    runs: int = 0
    failed: int = 0
    fetched_again: int = 0
    bad: list[str] = field(default_factory=list)

    def report(self, recordings: int) -> Report:
        """Return the figures of pulls of so many recordings, for the page."""
        report = Report("workers", bad=self.bad)
        report.figures = {
            "worker processes killed at a random moment": self.kills,
            "recordings a pull": recordings,
            "pulls that went on to their end": self.runs,
            "recordings that failed for it, and were archived by the next pull": self.failed,
            "held recordings fetched again": self.fetched_again,
        }
        report.must_be_none("held recordings fetched again")
        return report


def campaign(recordings: int, kills: int, folder: Path, seed: int) -> Figures:
    """Kill ``kills`` worker processes; compare each archive with that of an ordinary pull."""
    figures, random = Figures(), Random(seed)
    with portal(recordings, gone=recordings // 50, wrong=recordings // 20) as sandbox:
        whole = Archive(sandbox, folder / "whole")
        code = whole.pull_here().code
        for number in itertools.count(1):
            archive = Archive(sandbox, folder / str(number), PROCESSES)
            _killed_and_finished(archive, whole.states(), code, random, figures)
            if figures.kills >= kills:
                return figures
    raise AssertionError("archives have no end")


def _killed_and_finished(
    archive: Archive, states: dict[str, State], code: int, random: Random, figures: Figures
) -> None:
    """Kill workers of one pull, then let an ordinary one have what is left."""
    with archive.pulling() as process:
        for _ in range(random.randint(1, 3)):
            downloads = random.randint(1, max(2, len(states) // 3))
            archive.wait_for_downloads(process, archive.sandbox.counts["media"] + downloads)
            wait(process, random.uniform(0, AFTER_FETCH_S))
            figures.kills += _killed_one_of(process, random)
        ended = archive.ended(process)
    figures.runs += 1
    name = archive.folder.name
    if ended.code not in ENDS:
        figures.bad.append(f"{name}: the pull ended with {ended.code}")
    before, known = archive.fetches(), archive.known()
    lost = [id_ for id_, state in known.items() if state.outcome is Outcome.FAILED]
    if lost and ended.code == ExitCode.CLEAN:
        figures.bad.append(f"{name}: clean, though {len(lost)} failed")
    figures.failed += len(lost)
    last = replace(archive, environ={}).pull_here()
    if last.code != code:
        figures.bad.append(f"{name}: the next pull ended with {last.code}, and not {code}")
    after = archive.fetches()
    figures.fetched_again += sum(
        after[id_] > before[id_] for id_, state in known.items() if state.held
    )
    figures.bad += [f"{name}: {id_} is not as it should be" for id_ in _other(archive, states)]
    report = archive.verified()
    flawed = (*report.missing, *report.differ, *report.extra, *report.unreadable)
    figures.bad += [f"{name}: {one.path}: {one.what}" for one in flawed]
    figures.bad += [f"{name}: {path.name}: a part file" for path in archive.parts()]


def _other(archive: Archive, states: dict[str, State]) -> list[str]:
    """Return what did not come to what it came to without a kill."""
    after = archive.states()
    return [id_ for id_ in states.keys() | after.keys() if after.get(id_) != states.get(id_)]


def _killed_one_of(run: Running, random: Random) -> bool:
    """Kill one of the children of a run; return whether there was one."""
    children = children_of(run.pid)
    with suppress(ProcessLookupError):
        if children:
            os.kill(random.choice(children), signal.SIGKILL)
            return True
    return False


def children_of(pid: int) -> list[int]:
    """Return the processes that one has started and that are there, by /proc."""
    with suppress(FileNotFoundError):
        told = (path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
        return sorted(int(each) for line in told for each in line.split())
    return []


def main() -> int:
    """Run the campaign and tell its figures."""
    options = parser(__doc__)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--recordings", type=int, default=300)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = campaign(asked.recordings, asked.kills, Path(folder), asked.seed)
    return finish(figures.report(asked.recordings), record=asked.record)


if __name__ == "__main__":
    sys.exit(main())
