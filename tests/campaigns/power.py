"""The power goes: every disk that a crash may leave, at any point of a record, judged.

First bugs are sown into sound records, to see that the model finds each of them. Then come sound
records: storing, setting aside, and pulls of a few recordings, each also after a kill at steps all
along it. Every disk is held to what was promised, and over some of them the work is done again.

    python -m tests.campaigns.power --seconds 90
"""

import math
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from msgspec import Struct, field

from archiver.domain.layout import Shelf
from tests.campaigns.report import Report, finish, parser
from tests.power.cases import Case, Pulls, set_aside, stored
from tests.power.look import finished, look
from tests.power.seeds import sown
from tests.pulls import portal

RECORDINGS = 3


class Figures(Struct):
    """What came of it. ``missed``, ``lost``, ``bad`` and ``other_ends`` must stay empty."""

    seeds: int = 0
    missed: list[str] = field(default_factory=list)
    records: int = 0
    points: int = 0
    disks: int = 0
    archives: int = 0
    again: int = 0
    lost: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    other_ends: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.told().items())

    def told(self) -> dict[str, int | str]:
        """Return the figures by name."""
        found = f"{self.seeds - len(self.missed)} of {self.seeds}"
        return {
            **({"seeded bugs found": found} if self.seeds else {}),
            "records": self.records,
            "crash points": self.points,
            "distinct disks": self.disks,
            "distinct archives on them": self.archives,
            "bad": len(self.bad),
            "acknowledged and lost": len(self.lost),
            "runs over what a crash left": self.again,
            "of these with another end": len(self.other_ends),
        }

    @property
    def broken(self) -> list[str]:
        """Every broken promise, and every bug that the model did not see."""
        unseen = [f"a seeded bug was not found: {each}" for each in self.missed]
        return [*unseen, *self.lost, *self.bad, *self.other_ends]


def sow(figures: Figures, seed: int = 1) -> None:
    """Look for every seeded bug."""
    with tempfile.TemporaryDirectory() as folder:
        for bug in sown(Path(folder)):
            figures.seeds += 1
            if look(bug, Random(seed)).is_well:
                figures.missed.append(bug.name)


def search(
    figures: Figures, *, kills: int, again: int, seconds: float = math.inf, seed: int = 1
) -> None:
    """Judge the disks of sound records; do the work over up to ``again`` archives of each.

    Up to ``kills`` records of each kind are of a run after one that was killed, each at another
    step. No record is begun after ``seconds``.
    """
    chance, end = Random(seed), time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        for case in _cases(Path(folder), kills, chance):
            _judge(case, again, Path(folder, "again"), chance, figures)
            if time.monotonic() > end:
                break


def _cases(folder: Path, kills: int, chance: Random) -> Iterator[Case]:
    alone = stored(folder / "stored")
    yield alone
    for copied in (False, True):
        yield set_aside(folder / f"aside-{copied}", copied=copied)
    with portal(RECORDINGS, wrong=1) as sandbox:
        pulls = Pulls(sandbox, folder / "pulls")
        whole = pulls.pulled()
        yield whole
        yield pulls.pulled_after_a_named_sidecar()
        for shelf in Shelf:
            yield pulls.pulled_over_damage(shelf)
        for step in _drawn(alone, kills, chance):
            yield stored(folder / f"stored-{step}", step)
        for step in _drawn(whole, kills, chance):
            yield pulls.pulled(step)


def _drawn(case: Case, kills: int, chance: Random) -> list[int]:
    """Return the numbers of so many steps, or of all, in any order."""
    return chance.sample(range(1, len(case.steps) + 1), min(kills, len(case.steps)))


def _judge(case: Case, again: int, folder: Path, chance: Random, figures: Figures) -> None:
    seen = look(case, chance)
    figures.records += 1
    figures.points += seen.points
    figures.disks += seen.disks
    figures.archives += len(seen.archives)
    figures.lost += seen.lost
    figures.bad += seen.bad
    chosen = chance.sample([*seen.archives.values()], min(again, len(seen.archives)))
    figures.again += len(chosen)
    figures.other_ends += finished(case, chosen, folder)
    shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Run the campaign and tell its figures."""
    options = parser(__doc__)
    options.add_argument("--kills", type=int, default=1_000)
    options.add_argument("--again", type=int, default=12)
    options.add_argument("--seconds", type=float, default=90)
    options.add_argument("--seed", type=int, default=1)
    chosen, figures = options.parse_args(), Figures()
    sow(figures, chosen.seed)
    search(
        figures,
        kills=chosen.kills,
        again=chosen.again,
        seconds=chosen.seconds,
        seed=chosen.seed,
    )
    return finish(Report("power", figures.told(), figures.broken), record=chosen.record)


if __name__ == "__main__":
    sys.exit(main())
