"""Asking for rows by their own seconds, each of which shows how far the filter is ahead. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from archiver.domain.times.window import Window
from archiver.portal.filter_clock.clock_change import Point, later
from archiver.portal.filter_clock.outermost import outermost
from archiver.portal.filter_clock.own_second import (
    QUARTER,
    asked_for,
    dated,
    first_page,
    lists,
    shows_others,
)
from archiver.portal.filter_clock.shift import NONE, Shift
from archiver.portal.proving.page_query import QueryPlan
from archiver.portal.proving.witnesses import Witness
from archiver.portal.wire.answers import Page

OTHERWISE = (-4, 4, -2, 2, -8, 8)
"""Quarters of an hour by which clocks differ from what holds now, the most usual first."""
MOST_LOST = 3
"""Rows that no shift lists: after so many nothing more is looked for."""
ANSWERS = 2
"""So many must say that there is no row: one may be wrong."""
LIKELIEST = 2
"""Shifts that are tried of a row which may save questions: what its neighbour shows, and now."""


class RowPoints(Struct):
    """Makes points of rows, and adds them to a ``shift``; so many rows were ``lost``."""

    shift: Shift
    lost: int = 0

    @property
    def are_lost(self) -> bool:
        """Whether so many rows were lost that nothing more is looked for."""
        return self.lost >= MOST_LOST

    def tell(self, row: Witness, most: int | None = None) -> QueryPlan[Point | None]:
        """Return what holds at a row, by asking for its very second; ``None`` if nothing lists it.

        It becomes a point. Of shifts ``most`` are tried, if that is given, and then it is not lost.
        """
        known = [point for point in self.shift.points if point.at == row.at]
        if known:
            return known[0]
        for ahead in [*dict.fromkeys(self._likely(row.at))][:most]:
            page = yield from asked_for(self.shift.report, row, ahead, ahead)
            if lists(page, row):
                if shows_others(page, row):
                    self.shift.is_deaf, self.shift.now = True, NONE
                    return None
                point = Point(row.at, ahead)
                self.shift.see(point)
                return point
        self.lost += most is None
        return None

    def _likely(self, moment: datetime) -> Iterator[timedelta]:
        """Yield by how much the filter may be ahead at a moment, the likeliest first."""
        now = self.shift.now
        beside = sorted(self.shift.points, key=lambda point: abs(point.at - moment))
        yield from (point.ahead for point in beside[:1])
        yield now
        yield from (now + quarters * QUARTER for quarters in OTHERWISE)

    def page(self, window: Window) -> QueryPlan[Page]:
        """Return the first page of a window of the filter's own clock."""
        (page,) = yield (first_page(self.shift.report, window),)
        return page

    def page_or_quiet(self, window: Window) -> QueryPlan[Page]:
        """Return the first page of a window, and note it, as it was asked for, if it has no row.

        One answer without any may be wrong, and nothing else shows what holds there: two must be.
        """
        asked = window.moved(self.shift.now)
        page = yield from self.page(asked)
        if page.said == 0:
            page = yield from self.page(asked)
        if page.said == 0:
            self.shift.quiet.append(asked)
        return page

    def is_whole(self, page: Page, window: Window) -> QueryPlan[bool]:
        """Whether a first page shows all of a window of the filter's own clock.

        Where no answer ever had more rows, each may be cut by a limit: then what lies before the
        newest, behind it and around its second shows others, unless all are of that second. They
        show the very same where times of day are ignored.
        """
        if not page.is_all or page.said < self.shift.most:
            return page.is_all
        newest = outermost(dated(page.rows), is_newest=True)
        point = None if newest is None else (yield from self.tell(newest, LIKELIEST))
        if point is not None:
            moment = later(point.at, point.ahead)
            sides = yield from self._pages(window.without(Window.around(moment)))
            if all(each.said < page.said for each in sides):
                own = yield from self.page(Window.around(moment, 1))
                return own.said <= page.said and _shows_all_of((*sides, own), page)
        return (yield from self._is_whole_by_halves(page, window))

    def _pages(self, windows: tuple[Window, ...]) -> QueryPlan[list[Page]]:
        """Return the first pages of windows; that one has no row is believed of two answers."""
        pages = []
        for window in windows:
            page = yield from self.page(window)
            if page.said == 0:
                page = yield from self.page(window)
            pages.append(page)
        return pages

    def _is_whole_by_halves(self, page: Page, window: Window) -> QueryPlan[bool]:
        """Whether halves of a window, and of the half that has its rows, show no others."""
        while window.seconds > 1:
            halves = window.cut(2)
            older = yield from self.page(halves[0])
            newer = yield from self.page(halves[1])
            is_more = max(older.said, newer.said) > page.said
            if is_more or not _shows_all_of((older, newer), page):
                return False
            if older.said and newer.said:
                break
            window = halves[0] if older.said else halves[1]
        return True

    def all_rows(self, window: Window) -> QueryPlan[set[Witness] | None]:
        """Return the rows of two answers for a window, or ``None`` if a page can't have them all.

        One answer may lack some, with its total, and nothing else shows that.
        """
        rows: set[Witness] = set()
        for _answer in range(ANSWERS):
            page = yield from self.page(window)
            if not (yield from self.is_whole(page, window)):
                return None
            rows.update(dated(page.rows))
        return rows


def _shows_all_of(others: Iterable[Page], page: Page) -> bool:
    """Whether a page has every row with a time that others have."""
    return {*dated(page.rows)}.issuperset(row for each in others for row in dated(each.rows))
