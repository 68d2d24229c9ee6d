"""Which portal days a run has dealt with from end to end: what the settling of days goes by.

A day is told of once its listing is in and each of its rows has its outcome, never before: a run
that is cut off in between has not dealt with it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.window import Window
from archiver.manifest.records.listings import ListedDay
from archiver.manifest.state import ids_digest
from archiver.portal.proving.walk import Listed
from archiver.portal.proving.window_listing import Listing
from archiver.pull.ledger.seen_ids import SeenIds

Lost = Callable[[Window], Iterable[tuple[date, RecordingId]]]
"""Tells what the archive has of a window and the run has not seen listed, by day."""


class EndedWindow(Struct, frozen=True):
    """A window whose listings are in: its whole days, and whether nothing else is in it."""

    days: tuple[ListedDay, ...]
    is_whole: bool
    proven: bool


class Days:
    """The days of one run over one report. Used from one thread."""

    def __init__(self, report: Report, seen: SeenIds, lost: Lost) -> None:
        self._report = report
        self._seen = seen
        self._lost = lost
        self._pending: Counter[date] = Counter()
        self._undated: dict[RecordingId, Window] = {}
        self._total: int | None = 0
        self._covered: dict[date, ListedDay] = {}
        self.ended: dict[date, ListedDay] = {}
        self.is_proven = True
        self.proven: list[Window] = []

    def list(self, listing: Listing) -> None:
        """Take in what a listing of the present window says of it."""
        self.is_proven = self.is_proven and listing.proven
        if self._total is not None:
            self._total = None if listing.total is None else self._total + listing.total

    def expect(self, rows: Iterable[Listed], window: Window) -> None:
        """Take in new rows of a window, whose outcomes will follow.

        A row without a date belongs to each of its days.
        """
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

    def end(self, window: Window) -> EndedWindow:
        """Note that all listings of the present window are in; return what they came to."""
        whole = {day: Window.day(day) for day in window.each_day()}
        covered = {
            day: self._listed(day, self._total if each == window else None)
            for day, each in whole.items()
            if window.first <= each.first and each.last <= window.last
        }
        self._covered |= covered
        self.ended |= covered
        ended = EndedWindow(tuple(covered.values()), covered.keys() == whole.keys(), self.is_proven)
        if self.is_proven:
            self.proven.append(window)
        self.is_proven, self._total = True, 0
        return ended

    def _listed(self, day: date, total: int | None) -> ListedDay:
        counted, (lacking, lacks) = self._seen.of_day(day), self._lacking(day)
        listed = ListedDay(self._report, day, *counted, self.is_proven, total, lacks=lacks)
        if self.is_proven:
            return replace(listed, missing=lacking, lacks=lacks if lacking else None)
        return listed

    def _lacking(self, day: date) -> tuple[int, str]:
        """Return how much the archive has of a day that was not listed, and the hash of its ids."""
        return ids_digest(id_ for _, id_ in self._lost(Window.day(day)))

    @property
    def lacking(self) -> tuple[ListedDay, ...]:
        """The days that lack something of what the archive has of them."""
        return tuple(listed for listed in self.ended.values() if listed.missing)

    def count_anew(self) -> None:
        """Count again what days lack, when all is listed: a later day may have it by now.

        The portal corrects when a call ended. A day that lacks nothing any more is told of once
        more; not one of which a row came later with its own day still: the filter had put that
        elsewhere, and others with it.
        """
        for listed in self.lacking:
            day = listed.day
            is_as_it_was = self._seen.of_day(day) == (listed.count, listed.sha256)
            count, _ = self._lacking(day)
            if is_as_it_was and not count:
                self._covered[day] = self.ended[day] = replace(listed, missing=0, lacks=None)

    def dealt_with(self) -> Iterator[ListedDay]:
        """Yield the days with nothing pending, oldest first; each until it is :meth:`told`."""
        for day, listed in sorted(self._covered.items()):
            if not self._pending[day]:
                yield listed

    def told(self, days: Iterable[ListedDay]) -> None:
        """Forget days that a manifest tells of now."""
        for each in days:
            del self._covered[each.day]
