"""What the archive knows of the last runs of its chain: how they stand, and by what they went."""

import json
from datetime import datetime

from archiver.catalog.days.last_run_rows import last_run_of
from archiver.catalog.questions.asker import Questions
from archiver.manifest.codec import read
from archiver.manifest.records.listings import Backlog
from archiver.overview.archive_figures import LastRun

Row = tuple[object, ...]


class KnownRuns(Questions):
    """Questions about runs."""

    def last(self, *, of_due: bool = False) -> LastRun | None:
        """Return how the last run of the chain stands, ``None`` if there was none.

        Or the last ``of_due``: over all that was due, and not over a window that was named.
        """
        question = "SELECT told FROM last_run WHERE is_of_due = ?"
        return next(self._asker.each(last_run_of, question, of_due), None)

    def backlog(self) -> Backlog | None:
        """Return what the last run over all that is due left undone; ``None`` if none told."""
        told = self._asker.each(_backlog, "SELECT told FROM backlog")
        return next(told, None)

    def last_at(self) -> datetime | None:
        """Return when the last run of the chain wrote, by the clock that it believed (UTC)."""
        return next(self._asker.each(_moment, "SELECT at FROM clock"), None)

    def utc_offset(self) -> int:
        """Return how many minutes east of UTC the portal was, by the newest manifest that says."""
        rows = self._asker.rows("SELECT minutes FROM utc_offset")
        return next((int(str(minutes)) for (minutes,) in rows), 0)

    def has_calls(self) -> bool:
        """Whether the last run of the chain archived the call log too, as far as it says."""
        return self.decided("calls") is not False

    def awaits_calls(self) -> bool:
        """Whether calls that are not known may become known: they are archived, or once were."""
        return self.has_calls() or any(self._asker.rows("SELECT 1 FROM call_files LIMIT 1"))

    def decided(self, name: str) -> object:
        """Return a setting that decided the last run of the chain, ``None`` if it had none."""
        question = "SELECT value FROM decided WHERE name = ?"
        return next(self._asker.each(lambda row: json.loads(str(row[0])), question, name), None)


def _moment(row: Row) -> datetime:
    return datetime.fromisoformat(str(row[0]))


def _backlog(row: Row) -> Backlog:
    return read(Backlog, json.loads(str(row[0])))
