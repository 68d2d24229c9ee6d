"""Findings that wait for a person."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from archiver.catalog.questions.asker import Questions
from archiver.catalog.recording_rows import SELECT, day_text, known_of
from archiver.manifest.model import FindingCounts
from archiver.manifest.state import RecordingState

SAMPLE = 20


class OpenFindings(Struct, frozen=True):
    """How many findings are open, by :attr:`RecordingState.kind`, and the oldest."""

    by_kind: Mapping[str, int]
    sample: tuple[RecordingState, ...]

    @property
    def count(self) -> int:
        """How many there are in all."""
        return sum(self.by_kind.values())


class OpenRecordings(Questions):
    """Questions about findings."""

    def counted(self) -> OpenFindings:
        """Return what waits for a person, with the oldest few as a sample."""
        question = "SELECT kind, count(*) FROM recordings WHERE open GROUP BY kind ORDER BY kind"
        counts = self._asker.each(lambda row: (str(row[0]), int(str(row[1]))), question)
        sample = f"{SELECT} WHERE open ORDER BY at, id LIMIT {SAMPLE}"
        return OpenFindings(dict(counts), tuple(self._asker.each(known_of, sample)))

    def standing(self) -> FindingCounts:
        """Return what there is to say of findings where something is entered that makes none."""
        return FindingCounts(0, self.counted().count)

    def matching(self, kind: str | None, day: date | None) -> tuple[RecordingState, ...]:
        """Return what waits for a person, by id: of one kind, of one portal day."""
        conditions = "open AND (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR day = ?2)"
        # In the order of the ids, SQLite would read all recordings, and sort nothing.
        question = f"{SELECT} WHERE {conditions} ORDER BY +id"
        return tuple(self._asker.each(known_of, question, kind, day and day_text(day)))
