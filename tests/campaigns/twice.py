"""Two pulls of the same day that begin at the same moment, into one folder, again and again.

Every other pair is told to wait for its turn. Of a pair that isn't, one must be refused, unless the
other had ended before it came; of a pair that is, both must end well. Whichever it was, every
recording is in the chain once, was fetched once, and the archive reads back clean.

    python -m tests.campaigns.twice --pairs 1000
"""

import os
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct, field

from archiver.domain.outcomes import Outcome
from archiver.errors import ExitCode
from archiver.manifest.journal import Journal
from archiver.pull import wait_for_lock as turn
from tests.campaigns.report import Report, finish, parser
from tests.pulls import Archive, portal

RECORDINGS = 3
WAIT = ("--wait", "2m")


class Figures(Struct):
    """What the pairs came to. ``bad`` must stay empty."""

    pairs: int = 0
    refused: int = 0
    apart: int = 0
    waited: int = 0
    entries: int = 0
    bad: list[str] = field(default_factory=list)

    def report(self) -> Report:
        """Return the figures for the page."""
        report = Report("twice", bad=self.bad)
        report.figures = {
            "pairs of pulls that began at the same moment": self.pairs,
            "of these: one refused with exit 5": self.refused,
            "of these: one after the other by chance": self.apart,
            "of these: told to wait, both ended with 0": self.waited,
            f"entries of {RECORDINGS} recordings a pair": self.entries,
        }
        return report


def campaign(pairs: int, folder: Path) -> Figures:
    """Let so many pairs pull, each into a folder of its own."""
    figures = Figures()
    with portal(RECORDINGS) as sandbox:
        Archive(sandbox, folder / "first").pull_here()  # so that no child has to import anything
        for number in range(pairs):
            archive = Archive(sandbox, folder / str(number))
            is_patient = bool(number % 2)
            if is_patient:
                archive.options = (*archive.options, *WAIT)
            before = archive.fetches()
            codes = at_once([lambda: _pull(archive)] * 2)  # noqa: B023 - it is called at once
            fetched = [count - before[id_] for id_, count in archive.fetches().items()]
            _judge(figures, codes, is_patient=is_patient)
            _look(figures, archive, fetched)
            shutil.rmtree(archive.folder)
    return figures


def at_once(works: Sequence[Callable[[], int]]) -> list[int]:
    """Do each in a forked child, all from the same moment on, and return what they return."""
    gate, bolt = os.pipe()
    children = [_child(work, gate, bolt) for work in works]
    os.close(gate)
    os.close(bolt)  # the last one who held it: now all of them read the end, and go
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


def _child(work: Callable[[], int], gate: int, bolt: int) -> int:
    child = os.fork()
    if child == 0:
        code = -1
        try:
            os.close(bolt)
            os.read(gate, 1)
            code = work()
        except BaseException:  # noqa: BLE001 - the child must end here, whatever happened
            traceback.print_exc(file=sys.stderr)
        os._exit(code & 0xFF)
    return child


def _pull(archive: Archive) -> int:
    turn.GLANCE_S = 0.01
    return archive.pull_here().code


def _judge(figures: Figures, codes: list[int], *, is_patient: bool) -> None:
    """Hold the exit codes of a pair to what it was told."""
    figures.pairs += 1
    match sorted(codes), is_patient:
        case [ExitCode.CLEAN, ExitCode.CLEAN], True:
            figures.waited += 1
        case [ExitCode.CLEAN, ExitCode.CLEAN], False:
            figures.apart += 1
        case [ExitCode.CLEAN, ExitCode.LOCKED], False:
            figures.refused += 1
        case _:
            figures.bad.append(f"pair {figures.pairs}: exit codes {codes}")


def _look(figures: Figures, archive: Archive, fetched: list[int]) -> None:
    """Hold the archive of a pair to have everything once."""
    entries = Counter(
        entry.id
        for _, manifest in Journal(archive.store()).manifests()
        for entry in manifest.recordings
        if entry.outcome is Outcome.ARCHIVED
    )
    figures.entries += entries.total()
    listed = {recording.id for recording in archive.sandbox.world.recordings}
    wrong = {
        "entries are missing or doubled": entries != Counter(listed),
        "recordings were fetched twice or not at all": set(fetched) != {1},
        "files are doubled": len([*archive.folder.rglob("*.mp3")]) != len(listed),
        "part files are left": bool(archive.parts()),
        "verify complains": not archive.verified().is_clean,
    }
    figures.bad += [f"pair {figures.pairs}: {what}" for what, is_so in wrong.items() if is_so]


def main() -> int:
    """Run the campaign and tell its figures."""
    options = parser(__doc__)
    options.add_argument("--pairs", type=int, default=1_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = campaign(chosen.pairs, Path(folder))
    return finish(figures.report(), record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
