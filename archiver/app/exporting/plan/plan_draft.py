"""A plan that is being made: what the catalog says is taken in, and what the chain says of it.

All of it is one transaction: unless it is finished, nothing is there.
"""

import hashlib
import json
from collections.abc import Iterator

from archiver.app.exporting.plan.plan_database import PlanDatabase, text_of
from archiver.app.exporting.plan.planned import (
    PlanFacts,
    Planned,
    PlannedDocument,
    PlannedRecording,
)
from archiver.domain.recordings import id_bytes, id_text
from archiver.handover.handed_over import WHOLE_DAY, LeftOut
from archiver.manifest.codec import plain, read
from archiver.manifest.model import Entry

PLAN = "plan"
RECORDING, ABSENCE = "recording", "absence"
NO_RECORDING = frozenset({WHOLE_DAY, "unknown"})
"""What is left out and is no recording that the archive knows."""
LINES_A_SIDECAR = 16
"""What a sidecar tells may stand in several lists, and a letter of it takes up to ten there."""


class PlanDraft:
    """The plan in ``database``, until it is finished."""

    def __init__(self, database: PlanDatabase) -> None:
        self._db = database

    def begin(self) -> None:
        """Begin anew."""
        self._db.change("DELETE FROM items")
        self._db.change("DELETE FROM documents")

    def take_recording(self, candidate: PlannedRecording) -> None:
        """Take in a recording as the catalog says it is; the chain has yet to say so."""
        entry = candidate.entry
        self._take(RECORDING, candidate, id_bytes(entry.id), candidate.manifest, *_hashes(entry))

    def take_absence(self, absence: LeftOut) -> None:
        """Take in what can't be handed over."""
        key = None if absence.what in NO_RECORDING else id_bytes(absence.id)
        self._take(ABSENCE, absence, key, None, None, None)

    def take_document(self, document: PlannedDocument) -> None:
        """Take in a document of the archive that goes with the recordings, once."""
        change = "INSERT OR IGNORE INTO documents (path, told) VALUES (?, ?)"
        self._db.change(change, document.path, text_of(document))

    def prove(self, entry: Entry, manifest: int) -> None:
        """Take over what the chain says of a recording, if that is what was planned of it."""
        question = "SELECT position, told FROM items WHERE id = ? AND manifest = ?"
        question += " AND audio = ? AND sidecar = ?"
        for position, told in self._db.rows(
            question, id_bytes(entry.id), manifest, *_hashes(entry)
        ):
            planned = {**json.loads(str(told)), "entry": plain(entry)}
            change = "UPDATE items SET told = ?, is_proven = TRUE WHERE position = ?"
            self._db.change(change, json.dumps(planned), position)

    def unproven(self) -> str | None:
        """Return the id of a recording of which the chain does not say what was planned."""
        found = self._db.rows("SELECT id FROM items WHERE NOT is_proven LIMIT 1")
        return id_text(found[0][0]) if found else None

    def first_manifest(self) -> int | None:
        """Return the lowest manifest that names a recording of the plan, if there is one."""
        return self._db.number("SELECT min(manifest) FROM items") or None

    def counted(self) -> int:
        """Return how many recordings of the archive are planned, be it as left out."""
        return self._db.number("SELECT count(*) FROM items WHERE id NOT NULL")

    def ids_digest(self) -> tuple[int, str]:
        """Return how many recordings are planned, and the hash of their sorted ids.

        It is that of :func:`archiver.manifest.state.ids_digest`.
        """
        question = "SELECT id FROM items WHERE kind = ? AND id > ? ORDER BY id LIMIT 5000"
        digest, count, after = hashlib.sha256(), 0, b""
        while some := self._db.rows(question, RECORDING, after):
            ids = [id_bytes(id_text(stored)) for (stored,) in some]
            digest.update(b"".join(id_ + b"\n" for id_ in ids))
            count, after = count + len(ids), ids[-1]
        return count, digest.hexdigest()

    def bytes(self) -> int:
        """Return how many bytes the audio and the sidecars have of all recordings."""
        return self._db.number(
            "SELECT sum(json_extract(told, '$.entry.audio.bytes')"
            " + json_extract(told, '$.entry.sidecar.bytes')) FROM items WHERE kind = ?",
            RECORDING,
        )

    def largest(self) -> int:
        """Return how many bytes the largest recording takes, with its sidecar and its lines."""
        return self._db.number(
            "SELECT max(json_extract(told, '$.entry.audio.bytes')"
            " + ? * json_extract(told, '$.entry.sidecar.bytes')) FROM items WHERE kind = ?",
            LINES_A_SIDECAR,
            RECORDING,
        )

    def days(self) -> frozenset[str]:
        """Return the portal days of the recordings, such as ``2019-06-11``."""
        question = "SELECT DISTINCT substr(json_extract(told, '$.entry.created_at'), 1, 10)"
        every = self._db.rows(f"{question} FROM items WHERE kind = ?", RECORDING)
        return frozenset(str(day) for (day,) in every)

    def documents(self) -> Iterator[PlannedDocument]:
        """Yield the documents of the archive that go with the recordings."""
        return documents_in(self._db)

    def finish(self, facts: PlanFacts) -> None:
        """Fix the plan: from now on, it is what is done."""
        self._db.note(PLAN, facts)

    def _take(self, kind: str, told: Planned, *key: object) -> None:
        self._db.change(
            "INSERT INTO items (kind, told, id, manifest, audio, sidecar, is_proven)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(kind, text_of(told), *key, kind == ABSENCE),
        )


def documents_in(database: PlanDatabase) -> Iterator[PlannedDocument]:
    """Yield the documents that a plan names, in their order."""
    for (told,) in database.rows("SELECT told FROM documents ORDER BY position"):
        yield read(PlannedDocument, json.loads(str(told)))


def _hashes(entry: Entry) -> tuple[str | None, str | None]:
    """Return the SHA-256 of the audio and of the sidecar that an entry names."""
    audio, sidecar = entry.audio, entry.sidecar
    return audio.sha256 if audio else None, sidecar.sha256 if sidecar else None
