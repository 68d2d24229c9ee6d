"""Which portal days a run has dealt with from end to end: what the settling of days goes by.

A day is told of once its listing is in and each of its rows has its outcome, never before: a run
that is cut off in between has not dealt with it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from archiver.manifest.entry import ListedDay
from archiver.portal.paging import Listed
from archiver.recordings import RecordingId, Report
from archiver.run.listed import Seen
from archiver.windows import Window


class Days:
    """The days of one run over one report. Used from one thread."""

    def __init__(self, report: Report, seen: Seen) -> None:
        self._report = report
        self._seen = seen
        self._pending: Counter[date] = Counter()
        self._undated: dict[RecordingId, Window] = {}
        self._is_proven = True
        self._covered: dict[date, bool] = {}
        self.proven: list[Window] = []

    def list(self, rows: Iterable[Listed], window: Window, *, proven: bool) -> None:
        """Take in new rows of a listing of that window.

        A row without a date belongs to each of its days.
        """
        self._is_proven = self._is_proven and proven
        for each in rows:
            if each.row.at is None:
                self._undated[each.row.id] = window
            self._pending.update(self._days_of(each.row.id, each.row.at))

    def settle(self, id_: RecordingId, at: datetime | None, *, waits: bool = False) -> None:
        """Note the outcome of a row; one without a date that waits leaves its days pending."""
        if at is not None or not waits:
            self._pending.subtract(self._days_of(id_, at))

    def _days_of(self, id_: RecordingId, at: datetime | None) -> Iterable[date]:
        if at is not None:
            return (at.date(),)
        window = self._undated.get(id_)
        return window.each_day() if window else ()

    def end(self, window: Window) -> None:
        """Note that all listings of the present window are in."""
        for day in window.each_day():
            whole = Window.day(day)
            if window.first <= whole.first and whole.last <= window.last:
                self._covered[day] = self._is_proven
        if self._is_proven:
            self.proven.append(window)
        self._is_proven = True

    def dealt_with(self) -> Iterator[ListedDay]:
        """Yield the days with nothing pending, oldest first; each until it is :meth:`told`."""
        for day, proven in sorted(self._covered.items()):
            if not self._pending[day]:
                yield ListedDay(self._report, day, *self._seen.of_day(day), proven)

    def told(self, days: Iterable[ListedDay]) -> None:
        """Forget days that a manifest tells of now."""
        for each in days:
            del self._covered[each.day]
