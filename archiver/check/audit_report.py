"""The words of an audit: how deep it goes, and what it found."""

from datetime import date
from enum import StrEnum

from msgspec import Struct, field

from archiver.manifest.chain import ChainProblem
from archiver.manifest.records.files import Head
from archiver.manifest.records.reads import ReadDay

_TURN = 1 << 64
_STEP = 0x6FAA746E454A44DD
"""The fraction of the square root of 647, of a turn: no rhythm of days comes back to where it was.

Of the roots below 1,500 it is among the two that daily, weekly and monthly rhythms get round with
soonest, whatever the part that is read.
"""


class FullRead(Struct, frozen=True):
    """Read every byte."""


class ServerHash(Struct, frozen=True):
    """Take the SHA-256 that a store worked out itself; read what it keeps none of."""


class SizeOnly(Struct, frozen=True):
    """Read the manifests; of the other files compare names and sizes."""


class OneIn(Struct, frozen=True):
    """Read one file in ``one_in``, others as :class:`SizeOnly`; another part of them each time.

    Each day stands a step further on a circle that is cut in so many parts. The step is irrational,
    so run daily, weekly or every other month, its days come round to every part.
    """

    one_in: int
    today: date

    @property
    def part(self) -> int:
        """Which part of the files is read today, from 0."""
        turned = self.today.toordinal() * _STEP % _TURN
        return turned * self.one_in // _TURN


Depth = FullRead | ServerHash | SizeOnly | OneIn


class CheckedBy(StrEnum):
    """How a file was held against the chain."""

    READ = "read"
    """Every byte of it was read."""
    SERVER = "server"
    """The store told the SHA-256 that it worked out itself."""
    SIZE = "size"
    """Its name and size were compared, and nothing of it was read."""


class FileCheck(Struct, frozen=True):
    """How one file fared: whether it ``is_as_archived``, how that is known, and ``what`` is not."""

    is_as_archived: bool
    by: CheckedBy
    what: str = ""


class FileProblem(Struct, frozen=True):
    """A path and what is wrong there; ``version`` is the one that it is wrong with."""

    path: str
    what: str
    version: str | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


class ReadCounts(Struct):
    """How the files that were there were held against the chain, and bytes read of ``total``.

    ``sized`` were not read: their sizes alone were compared; of ``told`` the store told the
    SHA-256.
    """

    files: int = 0
    sized: int = 0
    told: int = 0
    bytes: int = 0
    total: int = 0

    @property
    def every(self) -> int:
        """How many files there were, read or not."""
        return self.files + self.sized + self.told

    @property
    def share(self) -> float:
        """How much of the archive's bytes was read, from 0 to 1."""
        return self.bytes / self.total if self.total else 1.0


class AuditReport(Struct):
    """What an audit found. ``ok`` counts files that are as the chain says.

    What is ``hidden`` is there as it should be, with a delete marker over it. What a run set
    ``aside`` is told too, and is no fault: what it made way for is checked as all else is. So is
    what a repair called lost, and an earlier copy has. Nor is a second version with the same bytes
    (``doubled``), or that a file is another version than the chain names (``elsewhere``): so are
    all files of a copy. What the file system keeps for itself, and lets only root look at, is
    ``passed_over``: no name of an archive begins there.

    ``covered`` names what is as archived and not what a plain reader gets, with its version.

    ``named_reads`` are days of read logs as the chain names them, ``read_log`` what of this user's
    is not so, and ``reads_elsewhere`` how many days are of logs that are not here.

    ``unfinished_erasures`` were begun and are not at their end: no fault of any file.
    """

    ok: int = 0
    missing: list[FileProblem] = field(default_factory=list)
    differ: list[FileProblem] = field(default_factory=list)
    hidden: list[FileProblem] = field(default_factory=list)
    extra: list[FileProblem] = field(default_factory=list)
    aside: list[FileProblem] = field(default_factory=list)
    doubled: list[FileProblem] = field(default_factory=list)
    unreadable: list[FileProblem] = field(default_factory=list)
    passed_over: list[FileProblem] = field(default_factory=list)
    chain: list[ChainProblem] = field(default_factory=list)
    reading: ReadCounts = field(default_factory=ReadCounts)
    elsewhere: int = 0
    covered: dict[str, str | None] = field(default_factory=dict)
    named_reads: list[ReadDay] = field(default_factory=list)
    read_log: list[FileProblem] = field(default_factory=list)
    reads_elsewhere: int = 0
    unfinished_erasures: int = 0
    head: Head | None = None

    @property
    def is_clean(self) -> bool:
        """Whether nothing at all is wrong with the files and the chain."""
        files = (self.missing, self.differ, self.hidden, self.extra, self.unreadable)
        return not any((*files, self.chain, self.read_log))
