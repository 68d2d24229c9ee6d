"""Looking at every disk that a crash may leave at any point of a record."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

from msgspec import Struct, field

from tests.power.cases import SCRATCH, Case, archive_of, lay
from tests.power.disk import Disk, Files
from tests.power.promises import Promises
from tests.power.steps import Moving, Promised

_Held = frozenset[tuple[str, bytes]]


class Seen(Struct):
    """What was looked at; what was lost, what else was bad.

    ``disks`` counts different ones, part files and all; ``archives`` has one disk for each archive.
    """

    points: int = 0
    disks: int = 0
    archives: dict[_Held, Files] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether every disk kept every promise."""
        return not self.lost and not self.bad


def look(case: Case, chance: Random) -> Seen:
    """Look at the disks that crashes leave, after each step of the record that counts.

    An archive that was judged since the last promise is not judged again: only part files differ.
    """
    seen, disk, promises = Seen(), Disk(SCRATCH), Promises()
    disks, judged = set[_Held](), set[_Held]()
    for at, step in enumerate(case.steps):
        disk.do(step)
        promises.take(step)
        if isinstance(step, Promised | Moving):
            judged.clear()
        if at < case.first:
            continue
        seen.points += 1
        for files in disk.crashes(chance):
            disks.add(frozenset(files.items()))
            archive = archive_of(files)
            key = frozenset(archive.items())
            seen.archives[key] = files
            if key not in judged:
                judged.add(key)
                where = f"{case.name}, step {at + 1}: "
                seen.lost += [where + each for each in promises.lost(archive)]
                seen.bad += [where + each for each in promises.broken(archive)]
    seen.disks = len(disks)
    return seen


def finished(case: Case, disks: list[Files], folder: Path) -> Iterator[str]:
    """Do the work once more over each of these disks, and yield what is then not as it should be.

    Every second disk has the catalog of the record's end, which is ahead of the chain then.
    """
    for number, files in enumerate(disks):
        catalog = case.catalog if number % 2 else {}
        root = lay({**files, **catalog}, folder / f"{number}")
        yield from (f"{case.name}, disk {number}: {each}" for each in case.complaints(root))
