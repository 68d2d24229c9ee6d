"""Run all sides in turns on the same work, and write docs/performance.md.

python -m tests.bench --recordings 2000 --turns 5
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.bench import page
from tests.bench.sides import BULK, Side, archiver, environment, pull
from tests.bench.timing import Took, futex_calls, peak_mb, took
from tests.bench.work import Work, work
from tests.campaigns.report import parser

FEW = 200
"""So many recordings are enough where system calls are counted: strace makes each slow."""


@dataclass(slots=True)
class Measured:
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


def bulk(work: Work, home: Path, turns: int, sides: Iterable[Side]) -> list[Measured]:
    """Let every side do the work, in turns: whatever the machine does meanwhile concerns all."""
    measured = [Measured(side) for side in sides if not side.lacking]
    for turn in range(turns):
        for number, each in enumerate(measured):
            folder = home / f"{number}-{turn}"
            command = each.side.command(work, folder)
            each.turns.append(took(command, environment(work, folder)))
            if turn or number:
                shutil.rmtree(folder)
    for number, each in enumerate(measured):
        folder = home / f"peak-{number}"
        each.peak_mb = peak_mb(each.side.command(work, folder), environment(work, folder))
        shutil.rmtree(folder)
    return measured


def reading(work: Work, home: Path, archive: Path, turns: int) -> list[Measured]:
    """Let ``verify`` and ``sha256sum`` read the same files, in turns."""
    listed = home / "hashes"
    hashing = (
        f"cd {archive} && find recordings -name '*.mp3' -print0 | xargs -0 sha256sum >{listed}"
    )
    took(["bash", "-c", hashing], environment(work, archive))
    sides = (
        Side(
            "archiver verify",
            "reads every file, follows the chain, and looks for what no manifest names",
            lambda _work, _folder: archiver("verify"),
        ),
        Side(
            "sha256sum -c",
            "reads every audio file",
            lambda _work, folder: ["bash", "-c", f"cd {folder} && sha256sum --quiet -c {listed}"],
        ),
    )
    measured = [Measured(side) for side in sides]
    for _ in range(turns):
        for each in measured:
            command = each.side.command(work, archive)
            each.turns.append(took(command, environment(work, archive)))
    return measured


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it all and write the page; with ``--only-print`` to the screen alone."""
    options = parser(__doc__)
    options.add_argument("--recordings", type=int, default=2_000)
    options.add_argument("--seconds", type=int, default=350, help="of talk, 1 kB each")
    options.add_argument("--turns", type=int, default=5)
    options.add_argument("--leave-out", action="append", default=[], help="a side, by its name")
    asked = options.parse_args(arguments)
    sides = [each for each in BULK if each.name not in asked.leave_out]
    told = page.Page(asked.recordings, asked.turns, os.cpu_count() or 1)
    for side in sides:
        if side.lacking:
            told.left_out.append(f"{side.name} ({', '.join(side.lacking)} not installed)")
    told.left_out += asked.leave_out
    for tls in (False, True):
        with (
            tempfile.TemporaryDirectory() as folder,
            work(Path(folder), asked.recordings, asked.seconds, tls=tls) as day,
        ):
            home = Path(folder) / "home"
            home.mkdir()
            told.bytes = day.bytes
            told.bulk["TLS" if tls else "http"] = bulk(day, home, asked.turns, sides)
            if not tls:
                told.reading = reading(day, home, home / "0-0", asked.turns)
    with (
        tempfile.TemporaryDirectory() as folder,
        work(Path(folder), FEW, asked.seconds, tls=False) as day,
    ):
        archive = Path(folder) / "archive"
        command = pull()(day, archive)
        calls = futex_calls(command, environment(day, archive), Path(folder))
        told.futex_calls = None if calls is None else calls / FEW
    sys.stdout.write(told.text())
    if asked.record:
        told.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
