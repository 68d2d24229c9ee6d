"""The chain that is copied, as it stands when the copying begins."""

from datetime import date

from msgspec import Struct

from archiver.check.expected_files import Expectations
from archiver.domain.layout import manifest_key
from archiver.domain.retention import LockMode
from archiver.manifest.archive import ArchiveFile
from archiver.manifest.chain import ChainProblem, broken, head_of
from archiver.manifest.journal import Journal
from archiver.manifest.records.files import Head
from archiver.manifest.records.holds import HoldChange, open_holds


class SourceChain(Struct, frozen=True):
    """Which archive it is, and the head that each manifest made, the oldest first.

    So many manifests are ``older`` than the day from which on files are compared by hash. What the
    last run locked is ``locked_for_good`` where nobody can take those locks away. It ``is_held``
    where holds are in force.
    """

    journal: Journal
    archive: ArchiveFile
    heads: tuple[Head, ...]
    older: int
    locked_for_good: bool
    is_held: bool

    @property
    def head(self) -> Head | None:
        """The newest; ``None`` where nothing was ever archived."""
        return self.heads[-1] if self.heads else None

    def text_of(self, head: Head, version: str | None) -> bytes:
        """Return the bytes of a manifest.

        Raises :class:`archiver.errors.ChainBroken` where they are others than they were.
        """
        key = manifest_key(head.number)
        text = self.journal.documents.read(key, version)
        if head_of(key, text) != head:
            raise broken(ChainProblem(key, None, "it was changed while it was copied"))
        return text


def read_chain(journal: Journal, expected: Expectations, since: date | None) -> SourceChain:
    """Read a chain, and note in ``expected`` what it names; ``since`` is a day in UTC.

    Raises :class:`archiver.errors.ChainBroken` at a break.
    """
    heads, older, is_older, locks = list[Head](), 0, since is not None, None
    holds = list[HoldChange]()
    for head, manifest in journal.manifests():
        expected.add(manifest)
        heads.append(head)
        holds += manifest.holds
        is_older = is_older and since is not None and manifest.run.started.date() < since
        older += is_older
        locks = manifest.run.settings.get("lock", locks)
    for_good = locks == LockMode.COMPLIANCE
    is_held = bool(open_holds(holds))
    return SourceChain(journal, journal.archive(), tuple(heads), older, for_good, is_held)
