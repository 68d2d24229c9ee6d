"""Entering an export in the chain: who handed over what, when, and to which hashes it came."""

import hashlib
from dataclasses import dataclass

from archiver.app.exporting.plan.planned import PlanFacts, WrittenParts
from archiver.catalog import Catalog
from archiver.domain.layout import export_key
from archiver.manifest.builder import Statement
from archiver.manifest.handover_filter import HandoverFilter
from archiver.manifest.journal import Journal
from archiver.manifest.model import (
    FORMAT,
    ArchivedFile,
    Export,
    FindingCounts,
    Head,
    Manifest,
    ManifestKind,
)
from archiver.store.base import Store


@dataclass(frozen=True, slots=True)
class ExportEntry:
    """Enters the export of these ``facts`` in the chain of ``journal``, once."""

    store: Store
    journal: Journal
    catalog: Catalog
    facts: PlanFacts

    def enter(self, written: WrittenParts) -> Head:
        """Return the head of the manifest that names the export, after writing it if need be.

        Raises :class:`archiver.errors.NotPermitted` where the archive may only be read.
        """
        entered = self._entered()
        if entered is not None:
            return entered
        facts = self.facts
        export = self._export(written, self._stored_filter())
        archive = self.journal.archive().archive
        statement = Statement(
            ManifestKind.EXPORT, archive, id=facts.export, started=facts.started, export=export
        )

        def build(below: Head | None) -> Manifest:
            self.catalog.follow(self.journal)
            open_findings = self.catalog.findings.counted().count
            return statement.on(below, (), FindingCounts(0, open_findings))

        return self.journal.append(build)

    def _entered(self) -> Head | None:
        """Return where an earlier try has entered it, which was cut off after that."""
        every = self.journal.manifests(after=self.facts.head.number)
        return next((head for head, each in every if each.run.id == self.facts.export), None)

    def _stored_filter(self) -> ArchivedFile:
        """Store what was asked for: it may hold numbers, so the chain only names it."""
        facts = self.facts
        text = HandoverFilter(
            FORMAT, facts.export, facts.asked, facts.recordings, facts.ids_sha256, facts.salt
        ).to_json()
        key = export_key(hashlib.sha256(text).hexdigest())
        stored = self.store.put(key, text)
        return ArchivedFile(stored.key, stored.bytes, stored.sha256, stored.version)

    def _export(self, written: WrittenParts, file: ArchivedFile) -> Export:
        parts = written.parts
        return Export(
            by=self.facts.by,
            started=self.facts.started,
            form=self.facts.form,
            recordings=sum(each.recordings for each in parts),
            left_out=sum(sum(each.left_out.values()) for each in parts),
            bytes=sum(each.bytes for each in parts),
            parts=tuple(each.seal for each in parts),
            head=self.facts.head,
            file=file,
        )
