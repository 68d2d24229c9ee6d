"""Looking at every disk that a crash may leave at any point of a record."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.power.cases import SCRATCH, Case, archive_of, lay
from tests.power.disk import Disk, Files
from tests.power.promises import Promises
from tests.power.steps import Moving, Promised

_Archive = frozenset[tuple[str, bytes]]


@dataclass
class Seen:
    """What was looked at, each different disk and archive once; what was lost, what else was bad.

    Disks differ in part files too, which the next run has to clear away.
    """

    points: int = 0
    disks: dict[_Archive, Files] = field(default_factory=dict)
    archives: set[_Archive] = field(default_factory=set)
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
    judged: set[_Archive] = set()
    for at, step in enumerate(case.steps):
        disk.do(step)
        promises.take(step)
        if isinstance(step, Promised | Moving):
            judged.clear()
        if at < case.first:
            continue
        seen.points += 1
        for files in disk.crashes(chance):
            seen.disks.setdefault(frozenset(files.items()), files)
            archive = archive_of(files)
            key = frozenset(archive.items())
            if key not in judged:
                judged.add(key)
                where = f"{case.name}, step {at + 1}: "
                seen.lost += [where + each for each in promises.lost(archive)]
                seen.bad += [where + each for each in promises.broken(archive)]
        seen.archives |= judged
    return seen


def finished(case: Case, disks: list[Files], folder: Path) -> Iterator[str]:
    """Do the work once more over each of these disks, and yield what is then not as it should be.

    Every second disk has the catalog of the record's end, which is ahead of the chain then.
    """
    for number, files in enumerate(disks):
        catalog = case.catalog if number % 2 else {}
        root = lay({**files, **catalog}, folder / f"{number}")
        yield from (f"{case.name}, disk {number}: {each}" for each in case.complaints(root))
