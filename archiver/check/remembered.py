"""Whether a chain still has the manifest that was seen last from this machine."""

from contextlib import suppress

from msgspec import Struct

from archiver.check.audit_report import AuditReport, FileProblem
from archiver.domain.layout import manifest_key
from archiver.errors import ArchiverError
from archiver.manifest.chain import ChainProblem
from archiver.manifest.journal import Journal, Memory
from archiver.manifest.records.files import Head
from archiver.store.base import Store


class Remembered(Struct, frozen=True):
    """The newest manifest that was seen, and the place where it is remembered.

    Ask for it before the chain is read, since another run may add to both meanwhile.
    """

    head: Head | None
    place: str

    @classmethod
    def of(cls, store: Store, memory: Memory) -> "Remembered":
        """Return what is remembered of the archive in ``store``, if that says which it is."""
        head = None
        with suppress(ArchiverError):
            head = memory.head(Journal(store).archive().archive)
        return cls(head, memory.place)

    def note(self, store: Store, report: AuditReport) -> None:
        """Note in the report of an audit that the chain lacks that manifest, unless it says so."""
        if self.head is None or self.head == report.head:
            return
        key = manifest_key(self.head.number)
        try:
            there = Journal(store).head_at(self.head.number)
        except ArchiverError as error:
            report.unreadable.append(FileProblem(key, error.message))
            return
        if there == self.head or key in {each.path for each in report.chain}:
            return
        was_seen = f"{self.place} remembers it: the archive was set back"
        what = f"missing, though {was_seen}" if there is None else f"another one, though {was_seen}"
        report.chain.append(ChainProblem(key, None, what))
