"""How far the filter's clock is ahead of the rows', at a portal that dates them by another one.

A framework may write every time in UTC, with a ``Z`` behind it or nothing, while the filter and the
portal's days go by local time, with summer time perhaps: so that in one half of the year, nothing
tells. What is archived goes by the rows' own clock; only what is asked for is moved, each end by
what holds at its moment.

What holds is shown by rows: one that is listed when its very second is asked for, moved by so much,
is a :class:`Point`. It holds between two points that agree and lie near each other, as no clock
changes twice in three weeks. Where they differ, the change is looked for. Where no row is near an
end, nothing is cut by it, whatever holds. An end of which none of this can be said is told by
:meth:`Shift.doubt`, and what was asked with it is not proven.

Pure: generators of asks, like :mod:`archiver.portal.proving.walk`.
"""

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import NamedTuple

from archiver.domain.recordings import Report, Row
from archiver.domain.row.fields import TIME_FIELD, has_offset
from archiver.domain.times.window import DAY, SECOND, Window
from archiver.portal.http_errors import AnswerNotUnderstood
from archiver.portal.proving.page_query import FilterForm, PageQuery, QueryPlan
from archiver.portal.wire.answers import Page

QUARTER = timedelta(minutes=15)
FURTHEST = 56
"""Quarters of an hour: no zone is further from UTC."""
NONE = timedelta()
HOUR = timedelta(hours=1)
MARGIN = 2 * HOUR
"""By no more do clocks change."""
OTHERWISE = (-4, 4, -2, 2, -8, 8)
"""Quarters of an hour by which clocks differ from what holds now, the most usual first."""
NEAR = 21 * DAY
"""No clock changes twice within so long."""
FAR = 10 * DAY
"""So far behind a moment a row is looked for."""
NEWEST = 3
"""So many rows of the first page are asked for, until one is listed."""
MOST_LOST = 3
"""Rows that no shift lists: after so many nothing more is looked for."""
MOST_STEPS = 40
A_ROWS_SECONDS = 2
"""A window that is as long is asked for to find one row that is known."""
Dated = tuple[datetime, Row]


class Point(NamedTuple):
    """A moment of the rows' clock, and how far the filter is ahead then."""

    at: datetime
    ahead: timedelta


class Change(NamedTuple):
    """A change of the filter's clock between two rows, ``early`` at the soonest, else ``late``."""

    before: Point
    behind: Point
    early: datetime
    late: datetime

    def first(self, moment: datetime) -> timedelta:
        """Return how to move the beginning of a window, so that no row behind it is missed.

        An hour that the clock shows twice is asked for as a whole.
        """
        if moment >= self.late:
            return self.behind.ahead
        return min(self.before.ahead, self.late + self.behind.ahead - moment)

    def last(self, moment: datetime) -> timedelta:
        """Return how to move the end of a window, so that no row before it is missed."""
        if moment < self.early:
            return self.before.ahead
        return max(self.behind.ahead, self.early - SECOND + self.before.ahead - moment)


@dataclass(slots=True)
class Shift:
    """How far the filter is ahead of the rows: ``now``, and at other moments as it is learned.

    ``points`` are oldest first; ``is_newest`` tells that no row is newer than the last of them.
    ``quiet`` are windows as they were asked for that have no row at all. ``ends`` is what was found
    out for a moment, ``None`` where nothing shows it. A filter that ``is_deaf`` to times of day can
    only be seen to go by the very days of the rows. Where rows are ``plain``, without an offset, no
    question is spent on one row's own second.
    """

    report: Report
    now: timedelta
    points: list[Point]
    is_newest: bool = True
    is_deaf: bool = False
    plain: bool = False
    changes: list[Change] = field(default_factory=list)
    quiet: list[Window] = field(default_factory=list)
    ends: dict[datetime, timedelta | Change | None] = field(default_factory=dict)
    lost: int = 0

    def moved(self, window: Window) -> Window:
        """Return what to ask for, so that the filter looks at the rows of a window."""
        began, ended = self._known(window.first), self._known(window.last)
        first = began.first(window.first) if isinstance(began, Change) else began
        last = ended.last(window.last) if isinstance(ended, Change) else ended
        start = _later(window.first, self.now if first is None else first)
        return Window(start, max(start, _later(window.last, self.now if last is None else last)))

    def doubt(self, window: Window) -> str:
        """Say in words what keeps a window's answer from being believed, if anything does."""
        ends = () if self._is_of_a_row(window) else (window.first, window.last)
        unsure = [each for each in ends if self._known(each) is None]
        return f"nothing shows by which clock the filter goes at {unsure[0]}" if unsure else ""

    def learn(self, window: Window) -> QueryPlan[None]:
        """Find out what holds at both ends of a window; the asks are not to be moved."""
        for moment in () if self._is_of_a_row(window) else (window.first, window.last):
            if moment not in self.ends and self._known(moment) is None:
                try:
                    self.ends[moment] = yield from self._found(moment)
                except AnswerNotUnderstood:
                    self.ends[moment] = None

    def _is_of_a_row(self, window: Window) -> bool:
        """Whether a plain row is looked for by its own second, where it is seen to be or not."""
        return self.plain and window.seconds <= A_ROWS_SECONDS

    def _known(self, moment: datetime) -> timedelta | Change | None:
        """Return what holds at a moment by all that was learned: one shift, or a change."""
        if moment in self.ends:
            return self.ends[moment]
        if self.is_newest and moment > _later(self.points[-1].at, MARGIN):
            return self.now
        before, behind = self._beside(moment)
        if before is not None and behind is not None and behind.at - before.at <= NEAR:
            if before.ahead == behind.ahead:
                return before.ahead
            for change in self.changes:
                if before.at <= change.before.at and change.behind.at <= behind.at:
                    return change
        around = Window(moment, moment).grown(MARGIN).moved(self.now)
        if any(each.first <= around.first and around.last <= each.last for each in self.quiet):
            return self.now
        return None

    def _beside(self, moment: datetime) -> tuple[Point | None, Point | None]:
        """Return the points before and behind all that a change of clocks may mix with a moment."""
        first, last = _later(moment, -MARGIN), _later(moment, MARGIN)
        before = next((each for each in reversed(self.points) if each.at <= first), None)
        behind = next((each for each in self.points if each.at >= last), None)
        return before, behind or (self.points[-1] if self.is_newest else None)

    def _found(self, moment: datetime) -> QueryPlan[timedelta | Change | None]:
        """Look for what holds at a moment; rows may show meanwhile that only days are honoured."""
        found = None if self.is_deaf else (yield from self._by_rows(moment))
        return (yield from self._of_days(moment)) if self.is_deaf else found

    def _by_rows(self, moment: datetime) -> QueryPlan[timedelta | Change | None]:
        """Return what holds at a moment by rows near it."""
        if self.lost < MOST_LOST:
            yield from self._look_beside(moment)
        known = self._known(moment)
        if known is not None or self.is_deaf or self.lost >= MOST_LOST:
            return known
        before, behind = self._beside(moment)
        if before is None or behind is None or behind.at - before.at > NEAR:
            return (yield from self._near(moment))
        return (yield from self._change(before, behind))

    def _look_beside(self, moment: datetime) -> QueryPlan[None]:
        """Look for a row behind a moment, and for one before it that is near that one."""
        _, behind = self._beside(moment)
        if behind is None or behind.at - moment > FAR:
            yield from self._look(_later(moment, MARGIN), _later(moment, FAR))
        _, behind = self._beside(moment)
        if behind is None or behind.at - moment > FAR:
            return
        first = _later(behind.at, -NEAR)
        for last in (_later(behind.at, -NEAR / 2), _later(moment, -MARGIN)):
            before, _ = self._beside(moment)
            if first < last < moment and (before is None or before.at < first):
                yield from self._look(first, last)

    def _look(self, first: datetime, last: datetime) -> QueryPlan[None]:
        """Learn of a row between two moments, if there is one; else note that there is none."""
        window = Window(first, last).moved(self.now)
        page = yield from self._page(window)
        if page.said == 0:
            self.quiet.append(window)
        dated = max(_dated(page), default=None, key=_time)
        if dated is not None:
            yield from self._tell(dated)

    def _near(self, moment: datetime) -> QueryPlan[timedelta | Change | None]:
        """Return what holds for all rows near a moment, or on its side of a change among them.

        Where there is none, any shift cuts the others alike.
        """
        around = Window(moment, moment).grown(MARGIN).moved(self.now)
        page = yield from self._page(around)
        if page.said == 0:
            self.quiet.append(around)
            return self.now
        ends: list[Point] = []
        for is_newest in (False, True):
            dated = yield from self._outermost(around, page, is_newest=is_newest)
            point = None if dated is None else (yield from self._tell(dated))
            ends += [] if point is None else [point]
        if len(ends) < 2:  # noqa: PLR2004 - both
            return None
        if ends[0].ahead == ends[1].ahead:
            return ends[0].ahead
        return (yield from self._change(*ends))

    def _outermost(self, window: Window, page: Page, *, is_newest: bool) -> QueryPlan[Dated | None]:
        """Return the oldest row of a window, or the newest, with its first page; halves tell."""
        while not page.is_all and window.seconds > 1:
            older, newer = window.cut(2)
            wanted, other = (newer, older) if is_newest else (older, newer)
            page = yield from self._page(wanted)
            window = wanted
            if page.said == 0:
                page, window = (yield from self._page(other)), other
        return (max if is_newest else min)(_dated(page), default=None, key=_time)

    def _change(self, before: Point, behind: Point) -> QueryPlan[Change | None]:
        """Find the moment of a change between two rows; ``None`` if it can't be.

        Halves are asked for their newest row, up to a quarter of an hour. Asked for by the shift of
        what is behind it, the rows after the change are listed exactly.
        """
        first = before.at
        for _step in range(MOST_STEPS):
            if behind.at - first <= QUARTER:
                return (yield from self._closed_in(before, behind, first))
            middle = (first + (behind.at - first) / 2).replace(microsecond=0)
            dated = yield from self._newest_in(Window(first + SECOND, middle), behind.ahead)
            point = None if dated is None else (yield from self._tell(dated))
            if point is not None and point.ahead == behind.ahead:
                behind = point
            else:
                before, first = point or before, middle
        return None

    def _newest_in(self, window: Window, ahead: timedelta) -> QueryPlan[Dated | None]:
        """Return the newest row of a window that lies in it when it is asked for moved."""
        asked = window.moved(ahead)
        page = yield from self._page(asked)
        if page.rows and not page.is_all and page.oldest_in_order is None:
            dated = yield from self._outermost(asked, page, is_newest=True)
            return dated if dated is not None and dated[0] in window else None
        rows = [pair for pair in _dated(page) if pair[0] in window]
        return max(rows, default=None, key=_time)

    def _closed_in(self, before: Point, behind: Point, first: datetime) -> QueryPlan[Change]:
        """Return a change of which it is known that it lies in a quarter of an hour, or in a gap.

        Clocks change when a quarter of an hour begins.
        """
        early, late = before.at + SECOND, behind.at
        quarter = late - timedelta(minutes=late.minute % 15, seconds=late.second)
        if early < late:
            least, most = sorted((before.ahead, behind.ahead))
            page = yield from self._page(Window(early + least, late - SECOND + most))
            if any(early <= at < late for at, _ in _dated(page)) or not page.is_all:
                early = late = quarter if first < quarter else late
        change = Change(before, behind, early, late)
        self.changes.append(change)
        return change

    def _tell(self, dated: Dated) -> QueryPlan[Point | None]:
        """Return what holds at a row, by asking for its very second; ``None`` if nothing lists it.

        It becomes a point.
        """
        known = [point for point in self.points if point.at == dated[0]]
        if known:
            return known[0]
        for ahead in dict.fromkeys(self._likely(dated[0])):
            page = yield from _asked(self.report, dated, ahead, ahead)
            if _lists(page, dated):
                if any(_is_beyond(at - dated[0]) for at, _ in _dated(page)):
                    self.is_deaf, self.now = True, NONE
                    return None
                point = Point(dated[0], ahead)
                insort(self.points, point)
                return point
        self.lost += 1
        return None

    def _likely(self, moment: datetime) -> Iterator[timedelta]:
        """Yield by how much the filter may be ahead at a moment, the likeliest first."""
        beside = sorted(self.points, key=lambda point: abs(point.at - moment))
        yield from (point.ahead for point in beside[:1])
        yield self.now
        yield from (self.now + quarters * QUARTER for quarters in OTHERWISE)

    def _of_days(self, moment: datetime) -> QueryPlan[timedelta | None]:
        """Return what holds at a midnight where times of day are ignored.

        The first and last pages of the days beside it tell: none has a row of another day.
        """
        day = (moment if moment.time() == time() else moment + SECOND).date()
        for each in (Window.day(day).moved(-DAY), Window.day(day)):
            ask = PageQuery(self.report, each, FilterForm.DAYS)
            (page,) = yield (ask,)
            pages = [page]
            if page.total is not None and not page.is_all:
                pages += yield (ask.at(-(-page.total // page.size)),)
            if any(one.outside(each) for one in pages):
                return None
        return NONE

    def _page(self, window: Window) -> QueryPlan[Page]:
        """Return the first page of a window of the filter's own clock."""
        (page,) = yield (PageQuery(self.report, window, FilterForm.TIMES),)
        return page


def shift(report: Report, page: Page, *, only_zoned: bool = False) -> QueryPlan[Shift | None]:
    """Return how far the filter is ahead, by the newest rows of the unfiltered ``page``.

    With ``only_zoned``, rows that are dated without an offset tell nothing.

    In whatever window the newest lies, it is on its first page. ``None`` where no row has a date.
    In one request where the filter goes by the clock of the rows.
    """
    name = TIME_FIELD[report]
    dated = [
        each for each in _dated(page) if not only_zoned or has_offset(each[1].fields.get(name))
    ]
    newest_first = sorted(dated, key=_time, reverse=True)
    is_newest = page.is_all or page.oldest_in_order is not None
    for newest in newest_first[:NEWEST]:
        now = yield from _ahead(report, newest)
        if now is not None:
            plain = not has_offset(newest[1].fields.get(name))
            return Shift(report, now, [Point(newest[0], now)], is_newest, plain=plain)
    points = [Point(at, NONE) for at, _ in newest_first[:1]]
    return Shift(report, NONE, points, is_newest, is_deaf=True) if points else None


def _ahead(report: Report, newest: Dated) -> QueryPlan[timedelta | None]:
    """Return how far the filter is ahead at a row, ``None`` if it lists it nowhere."""
    if _lists((yield from _asked(report, newest, NONE, NONE)), newest):
        return NONE
    least, most = -FURTHEST, FURTHEST
    while least < most:
        middle = (least + most) // 2
        page = yield from _asked(report, newest, least * QUARTER, middle * QUARTER)
        least, most = (least, middle) if _lists(page, newest) else (middle + 1, most)
    ahead = least * QUARTER
    return ahead if _lists((yield from _asked(report, newest, ahead, ahead)), newest) else None


def _asked(report: Report, dated: Dated, least: timedelta, most: timedelta) -> QueryPlan[Page]:
    """Ask for the time of a row, moved by so much at least and at most."""
    window = Window(_later(dated[0], least), _later(dated[0], most + SECOND))
    (page,) = yield (PageQuery(report, window, FilterForm.TIMES),)
    return page


def _lists(page: Page, dated: Dated) -> bool:
    return dated[1].id in {each.id for each in page.rows}


def _is_beyond(difference: timedelta) -> bool:
    """Whether no clock can show two moments as one that are so far from each other."""
    return abs(difference) > MARGIN + SECOND or difference % QUARTER > SECOND


def _dated(page: Page) -> list[Dated]:
    """Return the rows of a page that have a time, each with it."""
    return [(row.at, row) for row in page.rows if row.at is not None]


def _time(dated: Dated) -> datetime:
    return dated[0]


def _later(moment: datetime, by: timedelta) -> datetime:
    """Return a moment so much later, or earlier, as far as there are dates."""
    return Window(moment, moment).moved(by).first
