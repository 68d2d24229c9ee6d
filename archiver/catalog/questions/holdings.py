"""What an archive holds, what it waits for, and what of it needs a person: counted."""

from collections.abc import Iterator
from datetime import date, datetime

from archiver.catalog.days.settlement import UNPROVEN
from archiver.catalog.questions.asker import Questions
from archiver.catalog.questions.recording_states import TRIED, WAITS
from archiver.catalog.sql import select
from archiver.domain.recordings import Report
from archiver.overview.archive_figures import DayOfReport, HeldAudio, Some

Row = tuple[object, ...]
_HELD = (
    "SELECT count(*), sum(audio_bytes), sum(length_ms), count(length_ms) FROM recordings WHERE held"
)
_BY_KIND = (
    "SELECT kind, count(*), min(at) FROM recordings WHERE open GROUP BY kind ORDER BY min(at), kind"
)
_WAITING = select("'waiting', count(*), min(at)", f"recordings WHERE {WAITS}")
_TRIED = select(f"{TRIED} AS tried", f"recordings WHERE {WAITS} ORDER BY tried LIMIT 1")


class Holdings(Questions):
    """Questions about an archive as a whole."""

    def held(self) -> HeldAudio:
        """Return what is held."""
        (row,) = self._asker.rows(_HELD)
        count, size, length, known = (int(str(each or 0)) for each in row)
        return HeldAudio(count, size, length, count - known)

    def newest(self) -> datetime | None:
        """Return the portal time of the newest recording that is known, ``None`` without any."""
        question = "SELECT at FROM recordings WHERE at NOT NULL ORDER BY at DESC LIMIT 1"
        return next(self._asker.each(_moment, question), None)

    def waiting(self) -> Some:
        """Return what waits for its audio, and no person is told of."""
        return next(self._asker.each(_some, _WAITING))

    def waiting_tried(self) -> datetime | None:
        """Return the oldest of the last tries (UTC) of what waits, ``None`` where nothing does."""
        return next(self._asker.each(_moment, _TRIED), None)

    def findings(self) -> tuple[Some, ...]:
        """Return the open findings by kind, that of the oldest first."""
        return tuple(self._asker.each(_some, _BY_KIND))

    def unproven(self) -> Iterator[DayOfReport]:
        """Yield the reports and days whose last listing a person may accept, by day."""
        yield from self._asker.each(_report_and_day, UNPROVEN)


def _some(row: Row) -> Some:
    kind, count, oldest = row
    moment = datetime.fromisoformat(str(oldest)) if oldest else None
    return Some(str(kind), int(str(count)), moment)


def _moment(row: Row) -> datetime:
    return datetime.fromisoformat(str(row[0]))


def _report_and_day(row: Row) -> DayOfReport:
    return DayOfReport(Report(str(row[0])), date.fromisoformat(str(row[1])))
