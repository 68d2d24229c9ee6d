"""What a run has decided, and no manifest has yet: another run may have written meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from archiver.catalog import Catalog
from archiver.json_documents import Json
from archiver.manifest.documents import Documents
from archiver.manifest.model import Entry
from archiver.manifest.state import RecordingState, apply_entry, is_erased_meanwhile, rebased
from archiver.pull.ledger.counts import Counts
from archiver.pull.ledger.gathered import Gathered
from archiver.pull.ledger.same_audio import Twins
from archiver.removal.call_rows import has_rows

ROWS_ERASED = (
    "rows of calls were erased while this run stored them: the next one lists their days again"
)
_NO_ROW: Mapping[str, Json] = {}


@dataclass(slots=True)
class Pending:
    """Entries for the next manifest, each with the twins that it names. Used from one thread.

    ``counts`` are the run's figures, ``began`` is when it did (UTC), ``gathered`` what the manifest
    will hold.
    """

    catalog: Catalog
    counts: Counts
    twins: Twins
    began: datetime
    gathered: Gathered = field(default_factory=Gathered, init=False)

    def enter(self, entry: Entry, known: RecordingState | None) -> bool:
        """Enter what became of a recording; return whether that is a new finding."""
        self.gathered.entries.append(entry)
        was_open = known is not None and known.is_open
        is_open = apply_entry(known, entry, at=self.began).is_open
        return self.counts.findings.enter(was_open=was_open, is_open=is_open)

    def decide_again(self) -> None:
        """Look at every entry in the light of what the catalog, which has followed, knows now."""
        entries, self.gathered.entries = self.gathered.entries, []
        known = self.catalog.recordings.many(entry.id for entry in entries)
        self.counts.findings.take_back(self.catalog.findings.counted().count)
        rows = self.twins.forget()
        for old in entries:
            before = known.get(old.id)
            entry = self.twins.named(rebased(old, before), before, rows.get(old.id, _NO_ROW))
            if entry is not old and old.id in self.gathered.counted:
                self.counts.change(old.outcome, entry.outcome)
            self.enter(entry, before)
            known[entry.id] = apply_entry(before, entry, at=self.began)

    def leave_erased(self, documents: Documents) -> None:
        """Have the manifest name nothing of what another has erased since it was stored.

        Files of calls with erased rows stay where they are, as those of a killed run, or were
        removed with the rows. The next run enters what else was in them; this one is doubtful.
        """
        gathered = self.gathered
        stored = {each.id: each for each in gathered.entries if each.audio or each.sidecar}
        known = self.catalog.recordings.many(stored)
        if any(is_erased_meanwhile(stored[id_], each) for id_, each in known.items()):
            self.decide_again()
        erased = self.catalog.erased.calls() if gathered.call_files else frozenset()
        if not erased:
            return
        both = [(each, documents.as_entered(each.file)) for each in gathered.call_files]
        left = [each for each, text in both if text is not None and not has_rows(text, erased)]
        if len(left) < len(both):
            self.counts.doubt(ROWS_ERASED)
        gathered.call_files = left

    def take(self) -> Gathered:
        """Return what is in a manifest now, and begin to gather for the next one."""
        taken, self.gathered = self.gathered, Gathered()
        self.counts.findings.written()
        return taken
