"""Looking for the moment at which the filter's clock changed, between two rows. Pure."""

from datetime import datetime, timedelta

from msgspec import Struct

from archiver.domain.times.window import SECOND, Window
from archiver.portal.filter_clock.clock_change import Change, Point
from archiver.portal.filter_clock.outermost import outermost, outermost_by_halves
from archiver.portal.filter_clock.own_second import QUARTER, dated
from archiver.portal.filter_clock.row_points import ANSWERS, RowPoints
from archiver.portal.proving.page_query import QueryPlan
from archiver.portal.proving.witnesses import Witness

MOST_STEPS = 40


class ChangeSearch(Struct, frozen=True):
    """Finds changes of the filter's clock, by the ``points`` that rows show."""

    points: RowPoints

    def between(self, before: Point, behind: Point) -> QueryPlan[timedelta | Change | None]:
        """Return what holds between two rows that are near: their shift, or a change.

        ``None`` if that can't be found.
        """
        if before.ahead == behind.ahead:
            return before.ahead
        return (yield from self._change(before, behind))

    def _change(self, before: Point, behind: Point) -> QueryPlan[Change | None]:
        """Find the moment of a change between two rows; ``None`` if it can't be.

        Halves are asked for their newest row, up to a quarter of an hour. Asked for by the shift of
        what is behind it, the rows after the change are listed exactly.
        """
        first = before.at
        for _step in range(MOST_STEPS):
            if behind.at - first <= QUARTER:
                oldest = yield from self._oldest_by(behind, first)
                if oldest is not None and oldest.ahead == behind.ahead:
                    return (yield from self._closed_in(before, oldest, first))
            middle = (first + (behind.at - first) / 2).replace(microsecond=0)
            point = yield from self._newest_told(Window(first + SECOND, middle), behind.ahead)
            if point is not None and point.ahead == behind.ahead:
                behind = point
            else:
                before, first = point or before, middle
        return None

    def _newest_told(self, window: Window, ahead: timedelta) -> QueryPlan[Point | None]:
        """Return what holds at the newest row of a window, ``None`` if it shows none.

        That no row of it goes by the shift that it is asked by is believed of two answers.
        """
        newest: Point | None = None
        for _answer in range(ANSWERS):
            row = yield from self._newest_in(window, ahead)
            point = None if row is None else (yield from self.points.tell(row))
            if point is not None and point.ahead == ahead:
                return point
            newest = point or newest
        return newest

    def _newest_in(self, window: Window, ahead: timedelta) -> QueryPlan[Witness | None]:
        """Return the newest row of a window that lies in it when it is asked for moved."""
        page = yield from self.points.page(window.overlapping.moved(ahead))
        if page.rows and not page.is_all and page.oldest_in_order is None:
            report = self.points.shift.report
            row = yield from outermost_by_halves(report, window.moved(ahead), page, is_newest=True)
            return row if row is not None and row.at in window else None
        rows = (row for row in dated(page.rows) if row.at in window)
        return outermost(rows, is_newest=True)

    def _oldest_by(self, behind: Point, first: datetime) -> QueryPlan[Point | None]:
        """Return the oldest row after a moment that goes by the shift of one behind it.

        Those of a quarter of an hour may come before what its halves show. ``None`` if they are
        more than a page has.
        """
        if behind.at - first <= SECOND:
            return behind
        window = Window(first + SECOND, behind.at - SECOND)
        rows = yield from self.points.all_rows(window.overlapping.moved(behind.ahead))
        if rows is None:
            return None
        oldest = outermost((row for row in rows if row.at in window), is_newest=False)
        return behind if oldest is None else (yield from self.points.tell(oldest))

    def _closed_in(self, before: Point, behind: Point, first: datetime) -> QueryPlan[Change]:
        """Return a change of which it is known that it lies in a quarter of an hour, or in a gap.

        Clocks change when a quarter of an hour begins.
        """
        early, late = before.at + SECOND, behind.at
        quarter = late - timedelta(minutes=late.minute % 15, seconds=late.second)
        if early < late:
            least, most = sorted((before.ahead, behind.ahead))
            rows = yield from self.points.all_rows(Window(early + least, late + most))
            if rows is None or any(early <= row.at < late for row in rows):
                early = late = quarter if first < quarter else late
        change = Change(before, behind, early, late)
        self.points.shift.changes.append(change)
        return change
