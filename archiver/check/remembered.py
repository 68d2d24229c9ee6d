"""Whether a chain still has the manifest that was seen last from this machine."""

from contextlib import suppress

from msgspec import Struct

from archiver.check.audit_report import AuditReport, FileProblem
from archiver.domain.layout import ARCHIVE_KEY, manifest_key
from archiver.errors import ArchiverError
from archiver.manifest.chain import ChainProblem, Seen
from archiver.manifest.journal import Journal, Memory
from archiver.manifest.records.files import Head
from archiver.store.base import Store


class Remembered(Struct, frozen=True):
    """The newest manifest that was seen, and the place where it is remembered.

    ``other`` is what was seen there of another archive. Ask for it before the chain is read, since
    another run may add to both meanwhile.
    """

    head: Head | None
    place: str
    other: Seen | None = None

    @classmethod
    def of(cls, store: Store, memory: Memory) -> "Remembered":
        """Return what is remembered of the archive in ``store``, if that says which it is."""
        with suppress(ArchiverError):
            archive = Journal(store).archive().archive
            return cls(memory.head(archive), memory.place, memory.other(archive))
        return cls(None, memory.place)

    def note(self, store: Store, report: AuditReport) -> None:
        """Note in the report of an audit that the chain lacks that manifest, unless it says so."""
        if self.other is not None:
            problem = f"another archive's: {self.place} remembers {self.other.archive} "
            head = f"with head {self.other.head}"
            report.chain.append(ChainProblem(ARCHIVE_KEY, None, problem + head))
        if self.head is None or self.head == report.head:
            return
        key = manifest_key(self.head.number)
        try:
            there = Journal(store).head_at(self.head.number)
        except ArchiverError as error:
            report.unreadable.append(FileProblem(key, error.message))
            return
        told = {each.path for each in report.chain} | {each.path for each in report.unreadable}
        if there == self.head or key in told:
            return
        was_seen = f"{self.place} remembers it: the archive was set back"
        what = f"missing, though {was_seen}" if there is None else f"another one, though {was_seen}"
        report.chain.append(ChainProblem(key, None, what))
