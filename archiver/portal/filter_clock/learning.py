"""Finding out how far the filter's clock is ahead at the ends of what is asked for.

Each end is shown by a row before it and one behind it. The archive knows rows to ask for; where it
has none near, the portal is asked for some. Pure: generators of asks, like
:mod:`archiver.portal.proving.walk`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from archiver.domain.times.window import DAY, SECOND, Window
from archiver.portal.filter_clock.change_search import ChangeSearch
from archiver.portal.filter_clock.clock_change import Change, Point, later
from archiver.portal.filter_clock.outermost import (
    outermost,
    outermost_by_halves,
    outermost_by_pages,
)
from archiver.portal.filter_clock.own_days import OwnDays
from archiver.portal.filter_clock.own_second import dated
from archiver.portal.filter_clock.row_points import RowPoints
from archiver.portal.filter_clock.shift import NEAR, Shift
from archiver.portal.http_errors import AnswerNotUnderstood
from archiver.portal.proving.page_query import CLOCKS_CHANGE_BY, PageQuery, QueryPlan
from archiver.portal.proving.witnesses import Witness
from archiver.portal.wire.answers import Page

FAR = 10 * DAY
"""So far behind a moment a row is looked for."""
FEW = 3
"""Shifts by which a row of the archive is asked for: the portal may have it no more."""


@dataclass(slots=True)
class Learning:
    """Learns what holds at the ends of windows, and adds it to a ``shift``.

    ``held`` are rows that the archive has, oldest first.
    """

    shift: Shift
    held: tuple[Witness, ...] = ()
    _days: OwnDays = field(init=False)
    _points: RowPoints = field(init=False)
    _changes: ChangeSearch = field(init=False)

    def __post_init__(self) -> None:
        self._days = OwnDays(self.shift.report)
        self._points = RowPoints(self.shift)
        self._changes = ChangeSearch(self._points)

    def learn(self, ask: PageQuery) -> QueryPlan[None]:
        """Find out what holds at both ends of a window; the asks are not to be moved."""
        for moment in self.shift.unknown_ends(ask):
            if moment not in self.shift.ends and self.shift.known(moment) is None:
                try:
                    self.shift.ends[moment] = yield from self._found(moment)
                except AnswerNotUnderstood:
                    self.shift.ends[moment] = None

    def _found(self, moment: datetime) -> QueryPlan[timedelta | Change | None]:
        """Look for what holds at a moment; rows may show meanwhile that only days are honoured."""
        if self.shift.seems_newest and self.shift.is_at_the_end(moment):
            yield from self._look_for_newer()
        found = self.shift.known(moment)
        if found is not None:
            return found
        found = None if self.shift.is_deaf else (yield from self._by_rows(moment))
        return (yield from self._days.beside(moment)) if self.shift.is_deaf else found

    def _look_for_newer(self) -> QueryPlan[None]:
        """See by a second answer whether any row is newer than those that the first page showed.

        A copy that lags behind may have given that, and the clocks may have changed since.
        """
        self.shift.seems_newest = False
        (page,) = yield (PageQuery.first(self.shift.report, None),)
        newest = outermost(dated(page.rows), is_newest=True)
        if newest is None or not (page.is_all or page.oldest_in_order):
            return
        last = self.shift.points[-1]
        point = last if newest.at <= last.at else (yield from self._points.tell(newest))
        if point is not None:
            self.shift.see_newest(point)

    def _by_rows(self, moment: datetime) -> QueryPlan[timedelta | Change | None]:
        """Return what holds at a moment by rows near it."""
        if not self._points.are_lost:
            yield from self._look_beside(moment)
        known = self.shift.known(moment)
        if known is not None or self.shift.is_deaf or self._points.are_lost:
            return known
        before, behind = self.shift.beside(moment)
        if before is None or behind is None or behind.at - before.at > NEAR:
            return (yield from self._near(moment))
        return (yield from self._changes.between(before, behind))

    def _look_beside(self, moment: datetime) -> QueryPlan[None]:
        """Look for a row behind a moment, and for one before it that is near that one.

        They are as far from it as can be: so they may do for what is asked next.
        """
        _, behind = self.shift.beside(moment)
        if behind is None or behind.at - moment > FAR:
            yield from self._look_behind(moment)
        before, behind = self.shift.beside(moment)
        if behind is None or behind.at - moment > FAR:
            return
        first, last = later(behind.at, -NEAR), later(moment, -CLOCKS_CHANGE_BY)
        if first < last and (before is None or before.at < first):
            yield from self._look_before(moment, Window(first, last), behind.ahead)

    def _look_behind(self, moment: datetime) -> QueryPlan[None]:
        """Learn of the newest row behind a moment; else note that there is none."""
        wanted = Window(later(moment, CLOCKS_CHANGE_BY), later(moment, FAR))
        if (yield from self._tells_held(wanted, is_newest=True)) or self.shift.is_quiet(wanted):
            return
        page = yield from self._points.page_or_quiet(wanted)
        found = _outermost_of(wanted, page, is_newest=True)
        if found is not None:
            yield from self._points.tell(found)

    def _look_before(self, moment: datetime, wanted: Window, ahead: timedelta) -> QueryPlan[None]:
        """Learn of an old row of a window before a moment; else of the oldest that is near it.

        Else note that there is none. Such an oldest row shows what holds at the moment, if the
        filter is as far ``ahead`` there as behind it.
        """
        around = Window(wanted.first, later(moment, CLOCKS_CHANGE_BY))
        if (yield from self._tells_held(wanted, is_newest=False)) or self.shift.is_quiet(around):
            return
        page = yield from self._points.page_or_quiet(around)
        found = _outermost_of(wanted, page, is_newest=False)
        if found is None and page.said:
            found = yield from self._oldest(wanted, around, page)
        point = None if found is None else (yield from self._points.tell(found))
        if point is None or point.at <= wanted.last or point.ahead != ahead:
            return
        if (yield from self._is_oldest(point, around, page)):
            self.shift.ends[moment] = ahead

    def _oldest(self, wanted: Window, around: Window, page: Page) -> QueryPlan[Witness | None]:
        """Return an old row of a window, else the oldest ``around`` it, as the pages show it."""
        report, now, found = self.shift.report, self.shift.now, None
        if not page.is_all:
            older = yield from self._points.page(wanted.moved(now))
            found = _outermost_of(wanted, older, is_newest=False)
        if found is None:
            moved = around.moved(now)
            found = yield from outermost_by_pages(report, moved, page, is_newest=False)
        return found

    def _is_oldest(self, point: Point, around: Window, page: Page) -> QueryPlan[bool]:
        """Whether no row of a window is older than a point, by a second answer too.

        Where the last of its pages showed the point, that was the second answer to the first one's
        total. What a limit cut from both lies before it by the filter's clock, and is asked for.
        """
        asked = around.moved(self.shift.now)
        if page.is_all:
            again = yield from self._points.page(asked)
            oldest = outermost(dated(again.rows), is_newest=False)
            is_same = oldest is not None and oldest.at == point.at
            return is_same and (yield from self._points.is_whole(again, asked))
        before = Window(asked.first, max(asked.first, later(point.at, point.ahead - SECOND)))
        return (yield from self._points.page(before)).said == 0

    def _tells_held(self, wanted: Window, *, is_newest: bool) -> QueryPlan[bool]:
        """Whether a row of the archive shows what holds, or that times of day are ignored."""
        held = outermost((row for row in self.held if row.at in wanted), is_newest=is_newest)
        if held is None:
            return False
        return (yield from self._points.tell(held, FEW)) is not None or self.shift.is_deaf

    def _near(self, moment: datetime) -> QueryPlan[timedelta | Change | None]:
        """Return what holds for all rows near a moment, or on its side of a change among them.

        Those at their ends show it, by the rows' clock and by the filter's: where that changed they
        are others. Where there is none, any shift cuts the others alike.
        """
        report, around = self.shift.report, Window(moment, moment).grown(CLOCKS_CHANGE_BY)
        page = yield from self._points.page_or_quiet(around)
        if page.said == 0:
            return self.shift.now
        found: list[Witness | None] = []
        moved = around.moved(self.shift.now)
        if page.is_all and not (yield from self._points.is_whole(page, moved)):
            return None
        again = yield from self._points.page(moved)
        for is_newest in (False, True):
            one = yield from outermost_by_pages(report, moved, page, is_newest=is_newest)
            if one is None:
                one = yield from outermost_by_halves(report, moved, page, is_newest=is_newest)
            two = yield from outermost_by_halves(report, moved, again, is_newest=is_newest)
            found += one, two
        ends: list[Point] = []
        for is_newest in (False, True):
            row = outermost(filter(None, found), is_newest=is_newest)
            point = None if row is None else (yield from self._points.tell(row))
            ends += [] if point is None else [point]
        if len(ends) < 2:  # noqa: PLR2004 - both
            return None
        return (yield from self._changes.between(*ends))


def _outermost_of(window: Window, page: Page, *, is_newest: bool) -> Witness | None:
    """Return the newest row of a window that a page shows, or the oldest."""
    return outermost((row for row in dated(page.rows) if row.at in window), is_newest=is_newest)
