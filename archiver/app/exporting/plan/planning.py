"""Making the plan of an export: what the catalog finds, held against what the chain says.

The catalog is an index, and an index can be wrong. So a recording is handed over only as an entry
of the manifest that the catalog names for it says it is, and that manifest goes with it.
"""

import secrets
import socket
import uuid
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from archiver import __version__
from archiver.app.exporting.chosen import Chosen
from archiver.app.exporting.export_request import ExportRequest
from archiver.app.exporting.plan.plan_draft import PlanDraft
from archiver.app.exporting.plan.planned import PlanFacts, PlannedDocument, PlannedRecording
from archiver.app.opening.archive.on_hold import with_holds
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.domain.layout import manifest_key
from archiver.domain.outcomes import Outcome
from archiver.domain.quantities import human_bytes
from archiver.domain.recordings import RecordingId
from archiver.errors import ChainBroken, DestinationError, UsageError
from archiver.filters.filters import Filters
from archiver.get.handed_rows import finding_of
from archiver.handover.handed_over import LeftOut
from archiver.handover.zip_file import entry_size
from archiver.manifest.model import Manifest
from archiver.manifest.records.files import Head
from archiver.manifest.state import RecordingState, entry_from_state
from archiver.open_archive import OpenArchive

DOCUMENTS_BYTES = 50_000
"""What the letter, the check, the drafts and the headers of lists take at most."""
BEGUN = "its erasure has begun, and is not at its end: archiver erase --finish"
ERASED = "it was erased by decision: the archive's chain says who decided it, and why"
PATIENCE = 8
"""How often the archive may be added to while it is asked for the recordings."""


class Planner(Struct, frozen=True):
    """Makes the plan of an export of one archive, in ``draft``."""

    archive: OpenArchive
    draft: PlanDraft

    def make(self, request: ExportRequest, by: str, chosen: Chosen) -> PlanFacts:
        """Make the plan of what was ``chosen``.

        Raises :class:`UsageError` where that is nothing, and where no part could hold it.
        """
        head = self._proven(chosen)
        if head is None:
            self.archive.catalog.begin_anew(self.archive.journal)
            head = self._proven(chosen)
        if head is None:
            raise ChainBroken(
                f"The chain does not say {self._unproven()} what the catalog says.",
                advice="Run archiver verify.",
            )
        return self._finish(request, by, chosen.filters, head)

    def _proven(self, chosen: Chosen) -> Head | None:
        """Take in what was chosen; return the head, ``None`` where the chain says otherwise."""
        head, last = self._taken(chosen), None
        listed, days = self.archive.journal.counted(), self.draft.days()
        for last, manifest in self._chain(head):
            for entry in manifest.recordings:
                if entry.outcome is Outcome.ARCHIVED:
                    self.draft.prove(entry, last.number)
            key, version = manifest_key(last.number), listed[last.number].version
            self.draft.take_document(PlannedDocument(key, last.sha256, version))
            self._take_certificates(manifest, days)
        return head if last == head and self.draft.unproven() is None else None

    def _unproven(self) -> str:
        """Return of what the chain does not say what the catalog says."""
        recording = self.draft.unproven()
        return "where it ends" if recording is None else f"of recording {recording}"

    def _taken(self, chosen: Chosen) -> Head:
        """Take in all that was chosen as of one head, and return that: others may be adding."""
        for _ in range(PATIENCE):
            head = self._head()
            self.draft.begin()
            for absence in chosen.doubts():
                self.draft.take_absence(absence)
            begun = self.archive.catalog.erased.begun_recordings()
            for row in with_holds(chosen.recordings(), self.archive):
                self._take(row, begun)
            if self._head() == head:
                return head
        raise DestinationError(
            "The archive is added to faster than it can be read.",
            advice="Run it again once the others have ended.",
        )

    def _take(self, row: FoundRow, begun: Collection[RecordingId]) -> None:
        known = row.state
        if not known.held:
            self.draft.take_absence(_absence(known, is_begun=known.id in begun))
            return
        pair = replace(known, refused_audio=None, refused_sidecar=None)
        entry = entry_from_state(pair, Outcome.ARCHIVED, files=True)
        self.draft.take_recording(
            PlannedRecording(entry, row.manifest, finding_of(known), row.holds)
        )

    def _take_certificates(self, manifest: Manifest, days: Collection[str]) -> None:
        """Take in the certificates of days of which a recording is handed over."""
        for each in manifest.certificates:
            if each.day.isoformat() in days:
                file = each.file
                self.draft.take_document(
                    PlannedDocument(file.path, file.sha256, file.version, file.bytes)
                )

    def _chain(self, planned: Head) -> Iterator[tuple[Head, Manifest]]:
        """Yield the manifests from the first that names a recording up to the planned head."""
        last = planned.number
        first = self.draft.first_manifest() or last
        for head, manifest in self.archive.journal.manifests(after=first - 1):
            if head.number > last:
                return
            yield head, manifest

    def _head(self) -> Head:
        head = self.archive.catalog.followed()
        if head is None or self.archive.catalog.runs.last_at() is None:
            raise UsageError(
                "The archive is empty: no run has entered anything yet.",
                advice="Run once: archiver pull --since DATE.",
            )
        return head

    def _finish(self, request: ExportRequest, by: str, meant: Filters, head: Head) -> PlanFacts:
        """Fix the plan."""
        if not self.draft.counted():
            raise UsageError("No recording matches.", advice="Nothing was written.")
        count, digest = self.draft.ids_digest()
        facts = PlanFacts(
            export=str(uuid.uuid4()),
            by=by,
            started=datetime.now(UTC).replace(microsecond=0),
            host=socket.gethostname(),
            tool=f"archiver {__version__}",
            archive=self.archive.id,
            portal=self.archive.journal.portal().endpoint,
            first=self.draft.first_manifest() or head.number,
            head=head,
            form=request.form,
            lists=request.lists,
            part_bytes=request.part_bytes,
            reserved=DOCUMENTS_BYTES + self._documents_bytes(),
            asked=request.asked(),
            meant=meant,
            recordings=count,
            bytes=self.draft.bytes(),
            ids_sha256=digest,
            salt=secrets.token_hex(32),
        )
        _require_room(facts, self.draft.largest())
        self.draft.finish(facts)
        return facts

    def _documents_bytes(self) -> int:
        """Return what the documents of the archive take in a part."""
        sizes = {each.key: each.bytes for each in self.archive.store.items("manifests/")}
        return sum(
            entry_size(each.path, each.bytes or sizes.get(each.path, 0)) + len(each.path) + 70
            for each in self.draft.documents()
        )


def _require_room(facts: PlanFacts, largest: int) -> None:
    """Raise :class:`UsageError` where a part can't hold a recording and what belongs to it."""
    if facts.part_bytes is not None and facts.part_bytes < facts.reserved + largest:
        least = human_bytes(facts.reserved + largest)
        raise UsageError(
            f"--part-size is too small: the largest recording and the manifests take {least}.",
            advice="Nothing was written. Give a larger one.",
        )


def _absence(known: RecordingState, *, is_begun: bool) -> LeftOut:
    """Return what is not held; that something was erased is settled by whoever decided that.

    Not while its erasure ``is_begun`` and no more: its bytes may be there.
    """
    verdict = known.verdict.value if known.verdict else ""
    is_erased = known.outcome is Outcome.ERASED and not is_begun
    reasons = (BEGUN,) if is_begun else (ERASED,) if is_erased else known.reasons
    is_settled = (known.accepted and not is_begun) or is_erased
    return LeftOut(known.outcome.value, known.id, known.at, verdict, reasons, is_settled)
