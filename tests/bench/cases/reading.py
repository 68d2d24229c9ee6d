"""The same files read again: ``archiver verify`` beside ``sha256sum -c``."""

from pathlib import Path

from tests.bench.case import Case, Figures, Size
from tests.bench.goals import Goal, Reached
from tests.bench.sides import Side, archiver, environment, pull
from tests.bench.timing import took
from tests.bench.turns import Measured, table, wall_ratio
from tests.bench.work import Work, work

FASTER = Goal("`verify` against `sha256sum -c` on the same files", 3, 5, "× faster", grows=True)
OURS, THEIRS = "archiver verify", "sha256sum -c"


def run(size: Size, home: Path) -> Figures:
    """Archive a day, and let both sides read it in turns."""
    archive = home / "archive"
    with work(home, size.recordings, size.seconds, tls=False) as day:
        took(pull()(day, archive), environment(day, archive))
        read = read_in_turns(day, home, archive, size.turns)
    ratio = wall_ratio(read, THEIRS, OURS)
    return Figures([Reached(FASTER, ratio)], table(read, size.recordings))


def read_in_turns(day: Work, home: Path, archive: Path, turns: int) -> dict[str, Measured]:
    """Let ``verify`` and ``sha256sum`` read the same archive, in turns."""
    listed = home / "hashes"
    hashing = (
        f"cd {archive} && find recordings -name '*.mp3' -print0 | xargs -0 sha256sum >{listed}"
    )
    took(["bash", "-c", hashing], environment(day, archive))
    sides = (
        Side(
            OURS,
            "reads every file, follows the chain, and looks for what no manifest names",
            lambda _work, _folder: archiver("verify"),
        ),
        Side(
            THEIRS,
            "reads every audio file",
            lambda _work, folder: ["bash", "-c", f"cd {folder} && sha256sum --quiet -c {listed}"],
        ),
    )
    measured = {side.name: Measured(side) for side in sides}
    for _ in range(turns):
        for each in measured.values():
            command = each.side.command(day, archive)
            each.turns.append(took(command, environment(day, archive)))
    return measured


CASE = Case("reading", "Reading it again", run)
