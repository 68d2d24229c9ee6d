"""Finding out how far the filter's clock is ahead at the ends of what is asked for.

Each end is shown by a row before it and one behind it. The archive knows rows to ask for; where it
has none near, the portal is asked for some. Pure: generators of asks, like
:mod:`archiver.portal.proving.walk`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from archiver.domain.times.window import DAY, SECOND, Window
from archiver.portal.filter_clock.clock_change import Change, Point, later
from archiver.portal.filter_clock.own_days import OwnDays
from archiver.portal.filter_clock.own_second import (
    QUARTER,
    asked_for,
    dated,
    lists,
    of_time,
    shows_others,
)
from archiver.portal.filter_clock.shift import NEAR, NONE, Shift
from archiver.portal.http_errors import AnswerNotUnderstood
from archiver.portal.proving.page_query import CLOCKS_CHANGE_BY, FilterForm, PageQuery, QueryPlan
from archiver.portal.proving.witnesses import Witness
from archiver.portal.wire.answers import Page

OTHERWISE = (-4, 4, -2, 2, -8, 8)
"""Quarters of an hour by which clocks differ from what holds now, the most usual first."""
FAR = 10 * DAY
"""So far behind a moment a row is looked for."""
FEW = 3
"""Shifts by which a row of the archive is asked for: the portal may have it no more."""
MOST_LOST = 3
"""Rows that no shift lists: after so many nothing more is looked for."""
MOST_STEPS = 40
ANSWERS = 2
"""So many must say that there is no row: one may be wrong."""


@dataclass(slots=True)
class Learning:
    """Learns what holds at the ends of windows, and adds it to a ``shift``.

    ``held`` are rows that the archive has, oldest first.
    """

    shift: Shift
    held: tuple[Witness, ...] = ()
    lost: int = 0
    _days: OwnDays = field(init=False)

    def __post_init__(self) -> None:
        self._days = OwnDays(self.shift.report)

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
        newest = _outermost(dated(page.rows), is_newest=True)
        if newest is None or not (page.is_all or page.oldest_in_order):
            return
        last = self.shift.points[-1]
        point = last if newest.at <= last.at else (yield from self._tell(newest))
        if point is not None:
            self.shift.see_newest(point)

    def _by_rows(self, moment: datetime) -> QueryPlan[timedelta | Change | None]:
        """Return what holds at a moment by rows near it."""
        if self.lost < MOST_LOST:
            yield from self._look_beside(moment)
        known = self.shift.known(moment)
        if known is not None or self.shift.is_deaf or self.lost >= MOST_LOST:
            return known
        before, behind = self.shift.beside(moment)
        if before is None or behind is None or behind.at - before.at > NEAR:
            return (yield from self._near(moment))
        return (yield from self._change(before, behind))

    def _look_beside(self, moment: datetime) -> QueryPlan[None]:
        """Look for a row behind a moment, and for one before it that is near that one.

        They are as far from it as can be: so they may do for what is asked next.
        """
        _, behind = self.shift.beside(moment)
        if behind is None or behind.at - moment > FAR:
            first, last = later(moment, CLOCKS_CHANGE_BY), later(moment, FAR)
            yield from self._look(Window(first, last), is_newest=True)
        before, behind = self.shift.beside(moment)
        if behind is None or behind.at - moment > FAR:
            return
        first, last = later(behind.at, -NEAR), later(moment, -CLOCKS_CHANGE_BY)
        if first < last and (before is None or before.at < first):
            around = Window(first, later(moment, CLOCKS_CHANGE_BY))
            yield from self._look(Window(first, last), around, is_newest=False)

    def _look(
        self, wanted: Window, around: Window | None = None, *, is_newest: bool
    ) -> QueryPlan[None]:
        """Learn of the newest row of a window, or the oldest; else note that there is none.

        It is asked for with what lies ``around`` it first, which may have none either.
        """
        held = _outermost((row for row in self.held if row.at in wanted), is_newest=is_newest)
        if held is not None and (yield from self._tells(held)):
            return
        for asked in (around or wanted, wanted):
            if self.shift.is_quiet(asked):
                return
            page = yield from self._page_or_quiet(asked)
            rows = (row for row in dated(page.rows) if row.at in wanted)
            found = _outermost(rows, is_newest=is_newest)
            if found is not None:
                yield from self._tell(found)
            if found is not None or page.is_all or asked == wanted:
                return

    def _tells(self, held: Witness) -> QueryPlan[bool]:
        """Whether a row of the archive shows what holds, or that times of day are ignored."""
        return (yield from self._tell(held, FEW)) is not None or self.shift.is_deaf

    def _page_or_quiet(self, window: Window) -> QueryPlan[Page]:
        """Return the first page of a window, and note it, as it was asked for, if it has no row.

        One answer without any may be wrong, and nothing else shows what holds there: two must be.
        """
        asked = window.moved(self.shift.now)
        page = yield from self._page(asked)
        if page.said == 0:
            page = yield from self._page(asked)
        if page.said == 0:
            self.shift.quiet.append(asked)
        return page

    def _near(self, moment: datetime) -> QueryPlan[timedelta | Change | None]:
        """Return what holds for all rows near a moment, or on its side of a change among them.

        Where there is none, any shift cuts the others alike.
        """
        around = Window(moment, moment).grown(CLOCKS_CHANGE_BY)
        page = yield from self._page_or_quiet(around)
        if page.said == 0:
            return self.shift.now
        ends: list[Point] = []
        moved = around.moved(self.shift.now)
        again = yield from self._page(moved)
        for is_newest in (False, True):
            one = yield from self._found_outermost(moved, page, is_newest=is_newest)
            two = yield from self._found_outermost(moved, again, is_newest=is_newest)
            row = _outermost(filter(None, (one, two)), is_newest=is_newest)
            point = None if row is None else (yield from self._tell(row))
            ends += [] if point is None else [point]
        if len(ends) < 2:  # noqa: PLR2004 - both
            return None
        if ends[0].ahead == ends[1].ahead:
            return ends[0].ahead
        return (yield from self._change(*ends))

    def _found_outermost(
        self, window: Window, page: Page, *, is_newest: bool
    ) -> QueryPlan[Witness | None]:
        """Return the oldest row of a window, or the newest, with its first page; halves tell."""
        while not page.is_all and window.seconds > 1:
            older, newer = window.cut(2)
            wanted, other = (newer, older) if is_newest else (older, newer)
            page = yield from self._page(wanted)
            window = wanted
            if page.said == 0:
                page, window = (yield from self._page(other)), other
        return _outermost(dated(page.rows), is_newest=is_newest)

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
            point = None if row is None else (yield from self._tell(row))
            if point is not None and point.ahead == ahead:
                return point
            newest = point or newest
        return newest

    def _newest_in(self, window: Window, ahead: timedelta) -> QueryPlan[Witness | None]:
        """Return the newest row of a window that lies in it when it is asked for moved."""
        page = yield from self._page(window.overlapping.moved(ahead))
        if page.rows and not page.is_all and page.oldest_in_order is None:
            row = yield from self._found_outermost(window.moved(ahead), page, is_newest=True)
            return row if row is not None and row.at in window else None
        rows = [row for row in dated(page.rows) if row.at in window]
        return max(rows, default=None, key=of_time)

    def _oldest_by(self, behind: Point, first: datetime) -> QueryPlan[Point | None]:
        """Return the oldest row after a moment that goes by the shift of one behind it.

        Those of a quarter of an hour may come before what its halves show. ``None`` if they are
        more than a page has.
        """
        if behind.at - first <= SECOND:
            return behind
        window = Window(first + SECOND, behind.at - SECOND)
        rows = yield from self._all_rows(window.overlapping.moved(behind.ahead))
        if rows is None:
            return None
        oldest = _outermost((row for row in rows if row.at in window), is_newest=False)
        return behind if oldest is None else (yield from self._tell(oldest))

    def _closed_in(self, before: Point, behind: Point, first: datetime) -> QueryPlan[Change]:
        """Return a change of which it is known that it lies in a quarter of an hour, or in a gap.

        Clocks change when a quarter of an hour begins.
        """
        early, late = before.at + SECOND, behind.at
        quarter = late - timedelta(minutes=late.minute % 15, seconds=late.second)
        if early < late:
            least, most = sorted((before.ahead, behind.ahead))
            rows = yield from self._all_rows(Window(early + least, late + most))
            if rows is None or any(early <= row.at < late for row in rows):
                early = late = quarter if first < quarter else late
        change = Change(before, behind, early, late)
        self.shift.changes.append(change)
        return change

    def _tell(self, row: Witness, most: int | None = None) -> QueryPlan[Point | None]:
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

    def _all_rows(self, window: Window) -> QueryPlan[set[Witness] | None]:
        """Return the rows of two answers for a window, or ``None`` if a page can't have them all.

        One answer may lack some, with its total, and nothing else shows that.
        """
        rows: set[Witness] = set()
        for _answer in range(ANSWERS):
            page = yield from self._page(window)
            if not page.is_all:
                return None
            rows.update(dated(page.rows))
        return rows

    def _page(self, window: Window) -> QueryPlan[Page]:
        """Return the first page of a window of the filter's own clock."""
        (page,) = yield (PageQuery(self.shift.report, window, FilterForm.TIMES),)
        return page


def _outermost(rows: Iterable[Witness], *, is_newest: bool) -> Witness | None:
    """Return the newest of some rows, or the oldest, ``None`` of none."""
    return (max if is_newest else min)(rows, default=None, key=of_time)
