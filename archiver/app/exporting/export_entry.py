"""Entering an export in the chain: who handed over what, when, and to which hashes it came."""

from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from archiver.app.exporting.plan.planned import PlanFacts, WrittenParts
from archiver.domain.layout import export_key
from archiver.domain.quantities import counted
from archiver.domain.recordings import RecordingId
from archiver.errors import ArchiverError, NotPermitted, UsageError
from archiver.filters.filters import Filters, Standing
from archiver.manifest.builder import Statement
from archiver.manifest.format import FORMAT
from archiver.manifest.model import Manifest, ManifestKind
from archiver.manifest.named_files.handover_filter import HandoverFilter
from archiver.manifest.records.decisions import Export
from archiver.manifest.records.files import ArchivedFile, Head
from archiver.open_archive import OpenArchive
from archiver.removal.filter_strays import set_strays_aside, strays_in
from archiver.removal.making_way import set_aside, store_document

_FOLDER = "exports/"


class ExportEntry(Struct, frozen=True):
    """Enters the export of these ``facts`` in the chain of an archive, once.

    ``ids`` are the recordings that it hands over, from ``folder``, where it is put together.
    """

    archive: OpenArchive
    facts: PlanFacts
    ids: tuple[RecordingId, ...]
    folder: Path

    def require_none_erased(self) -> None:
        """Raise :class:`UsageError` where some were erased since: their bytes lie here yet.

        It is asked for what the chain says by now.
        """
        self.archive.follow()
        erased = self.archive.catalog.filtered.matching(Filters(standings=(Standing.ERASED,)))
        gone = {row.id for row in erased} | self.archive.catalog.erased.begun_recordings()
        if count := len(gone.intersection(self.ids)):
            raise UsageError(
                f"Of what {self.folder} hands over, {counted(count, 'recording')} was erased "
                "since, or is about to be.",
                advice="Remove that folder, and run it again.",
            )

    def enter(self, written: WrittenParts) -> Head:
        """Return the head of the manifest that names the export, after writing it if need be.

        Raises :class:`archiver.errors.NotPermitted` where the archive may only be read, and as
        :meth:`require_none_erased` does: what was erased while it was copied is handed over no
        more, as no erasure told of this export.
        """
        entered = self._entered()
        if entered is not None:
            return entered
        self.require_none_erased()
        strays = strays_in(self.archive, _FOLDER)
        file = self._stored_filter()
        try:
            head = self._appended(self._export(written, file))
        except (NotPermitted, UsageError):
            self._set_filter_aside(file)
            raise
        set_strays_aside(self.archive, _FOLDER, strays)
        return head

    def _appended(self, export: Export) -> Head:
        """Write the manifest that names the export."""
        archive, facts = self.archive, self.facts
        statement = Statement(
            ManifestKind.EXPORT, archive.id, id=facts.export, started=facts.started, export=export
        )

        def build(below: Head | None) -> Manifest:
            self.require_none_erased()
            return statement.on(below, (), archive.catalog.findings.standing())

        head = archive.journal.append(build)
        if archive.store.capabilities.has_one_writer:
            self._stored_filter()  # until now, another export may have taken it for a stray
        self.archive.follow()
        return head

    def _set_filter_aside(self, file: ArchivedFile) -> None:
        """Set aside what no manifest names and none will."""
        with suppress(ArchiverError):
            if self._entered() is None:
                set_aside(self.archive.store, file.path)

    def _entered(self) -> Head | None:
        """Return where an earlier try has entered it, which was cut off after that."""
        every = self.archive.journal.manifests(after=self.facts.head.number)
        return next((head for head, each in every if each.run.id == self.facts.export), None)

    def _stored_filter(self) -> ArchivedFile:
        """Store what was asked for: it may hold numbers, so the chain only names it."""
        facts = self.facts
        text = HandoverFilter(
            FORMAT,
            facts.export,
            facts.asked,
            facts.recordings,
            facts.ids_sha256,
            facts.salt,
            self.ids,
        ).to_json()
        return store_document(self.archive.store, export_key, text)

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
