"""Which portal days a run has dealt with from end to end: what the settling of days goes by.

A day is told of once its listing is in and each of its rows has its outcome, never before: a run
that is cut off in between has not dealt with it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from archiver.manifest.entry import ListedDay
from archiver.portal.paging import Listed
from archiver.recordings import Report
from archiver.run.listed import Seen
from archiver.windows import Window


class Days:
    """The days of one run over one report. Used from one thread."""

    def __init__(self, report: Report, seen: Seen) -> None:
        self._report = report
        self._seen = seen
        self._pending: Counter[date | None] = Counter()
        self._is_proven = True
        self._covered: dict[date, bool] = {}
        self.proven: list[Window] = []

    def list(self, rows: Iterable[Listed], *, proven: bool) -> None:
        """Take in new rows of a listing of the present window."""
        self._is_proven = self._is_proven and proven
        self._pending.update(day_of(each) for each in rows)

    def settle(self, days: Iterable[date | None]) -> None:
        """Note the outcomes of rows, by their days."""
        self._pending.subtract(days)

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


def day_of(listed: Listed) -> date | None:
    """Return a row's portal day."""
    return listed.row.at.date() if listed.row.at else None
