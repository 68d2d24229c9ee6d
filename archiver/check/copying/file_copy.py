"""Copying the files that the chain names: each is held against its hash, and nothing overwritten.

What lies there already is compared, since whoever copied it may have been killed, and anybody may
have put it there. Other bytes are left, or moved out of the name when the copy is to be mended. A
file that the source has not whole is never copied.
"""

from contextlib import suppress
from datetime import datetime
from enum import Enum, auto
from functools import partial
from itertools import groupby
from operator import attrgetter

from msgspec import Struct, field

from archiver.check.audit import Heard
from archiver.check.audit_report import FileProblem
from archiver.check.expected_files import Expectations, ExpectedFile
from archiver.concurrency.threads import in_order
from archiver.domain.layout import calls_over
from archiver.domain.retention import Retention
from archiver.errors import Exists, Missing
from archiver.pull.stored.copies import copied_or_flaw
from archiver.pull.stored.orphans import whole
from archiver.removal.making_way import set_aside
from archiver.store.base import Store

OTHER_BYTES = "other bytes lie under this name in the copy, and were left as they are"
ONE_FILE = "it is the archive's own file, by another name: a hard link is no copy"
_MENDABLE = (OTHER_BYTES, ONE_FILE)
LOCKED = ("recordings/", "calls/")
"""What a pull locks once it has been screened (``lock_after``)."""


class How(Enum):
    """How a file came to be in the copy, or that it is not (``LACKING``)."""

    COPIED = auto()
    MENDED = auto()
    THERE = auto()
    SIZED = auto()
    LACKING = auto()


class FilesCopied(Struct):
    """How many files were ``copied``, and of how many bytes.

    For the ``mended`` among them, other bytes were set aside. Of others that were ``there`` the
    hashes were compared, of the ``sized`` their sizes alone. ``lacking`` are not in the copy as the
    chain names them, with why; ``first_lacking`` is the number of the manifest above ``settled``
    that names one of them first.
    """

    settled: int
    copied: int = 0
    mended: int = 0
    bytes: int = 0
    there: int = 0
    sized: int = 0
    lacking: list[FileProblem] = field(default_factory=list)
    first_lacking: int | None = None

    def enter(self, each: ExpectedFile, how: How, why: str) -> None:
        """Count what became of a file."""
        match how:
            case How.COPIED | How.MENDED:
                self.copied += 1
                self.mended += how is How.MENDED
                self.bytes += each.file.bytes
            case How.THERE:
                self.there += 1
            case How.SIZED:
                self.sized += 1
            case How.LACKING:
                self.lacking.append(FileProblem(each.file.path, why))
                if each.named_in > self.settled:
                    self.first_lacking = min(each.named_in, self.first_lacking or each.named_in)


class FileCopier(Struct, frozen=True):
    """Copies single files from a ``source``; many threads may.

    Of what manifests up to number ``older`` name, and the copy names as well, sizes are compared.
    What lies there is locked as a pull would by now (``retention``, ``now``). With ``mend``, other
    bytes under a name are set aside once the source's are known to be right.
    """

    source: Store
    copy: Store
    older: int
    retention: Retention
    now: datetime
    mend: bool = False

    def take(self, each: ExpectedFile) -> tuple[How, str]:
        """See that the copy has a file; return how that came about, or why it has not."""
        if not any(version.is_current for version in each.versions):
            return self._copied(each)
        how, why = self._compared(each)
        if not self.mend or why not in _MENDABLE:
            return how, why
        if why == ONE_FILE:
            set_aside(self.copy, each.file.path)
        how, why = self._copied(each)
        return How.MENDED if how is How.COPIED else how, why

    def _copied(self, each: ExpectedFile) -> tuple[How, str]:
        key = each.file.path
        with self.copy.part() as part:
            if flaw := copied_or_flaw(self.source, each.file, part.file):
                return How.LACKING, f"{flaw.what} in the source"
            put = partial(self.copy.put_part, key, part, each.file.sha256, each.about)
            try:
                put()
            except Exists:
                if not self.mend:
                    return How.LACKING, OTHER_BYTES
                set_aside(self.copy, key)
                put()
                return How.MENDED, ""
        return How.COPIED, ""

    def _compared(self, each: ExpectedFile) -> tuple[How, str]:
        file = each.file
        is_alone = [version.bytes for version in each.versions] == [file.bytes]
        if is_alone and each.named_in <= self.older:
            self._lock(each)
            return How.SIZED, ""
        if whole(self.copy, file.path, file.sha256) is None:
            return How.LACKING, OTHER_BYTES
        if is_one_file(self.source, self.copy, file.path):
            return How.LACKING, ONE_FILE
        self.copy.sync(file.path)
        self._lock(each)
        return How.THERE, ""

    def _lock(self, each: ExpectedFile) -> None:
        """Lock what was copied before it had been screened, as a pull does then."""
        path, rule = each.file.path, self.retention
        is_due = rule.locks and rule.lock_after is not None and path.startswith(LOCKED)
        since = each.about.since or calls_over(path)
        if is_due and not rule.waits(since, self.now):
            self.copy.locking.lock(path, None, since)


def copy_files(
    expected: Expectations, copier: FileCopier, settled: int, threads: int, heard: Heard
) -> FilesCopied:
    """Copy every file that is ``expected``; ``heard`` is told how far that is, in bytes.

    The copy's chain goes up to manifest ``settled``.
    """
    for key, group in groupby(copier.copy.scan(), key=attrgetter("key")):
        found = (each for each in group if not (each.is_marker or each.unreadable))
        expected.see(key, [*found])
    result, done, total = FilesCopied(settled), 0, expected.total()
    for each, (how, why) in in_order(expected, copier.take, threads, "copy"):
        result.enter(each, how, why)
        done += each.file.bytes
        heard(done, total)
    return result


def is_one_file(source: Store, copy: Store, key: str) -> bool:
    """Whether both stores have one file of this machine under ``key``: a hard link is no copy.

    A bad block takes both.
    """
    if source.capabilities.is_remote or copy.capabilities.is_remote:
        return False
    with suppress(Missing):
        inode = copy.stat(key).inode
        return inode is not None and inode == source.stat(key).inode
    return False
