"""How far the filter's clock is ahead of the rows', at a portal that dates them by another one.

A framework may write every time in UTC, with a ``Z`` behind it or nothing, while the filter and the
portal's days go by local time, with summer time perhaps: so that in one half of the year, nothing
tells. What is archived goes by the rows' own clock; only what is asked for is moved, each end by
what holds at its moment.

What holds is shown by rows: one that is listed when its very second is asked for, moved by so much,
is a :class:`Point`. It holds between two points that agree and lie near each other, as no clock
changes twice in three weeks. Where they differ, the change is looked for
(:mod:`archiver.portal.filter_clock.learning`). Where no row is near an end, nothing is cut by it,
whatever holds. An end of which none of this can be said is told by :meth:`Shift.doubt`, and what
was asked with it is not proven.
"""

from bisect import insort
from datetime import datetime, timedelta

from msgspec import Struct, field

from archiver.domain.recordings import Report
from archiver.domain.times.window import DAY, Window
from archiver.portal.filter_clock.clock_change import Change, Point, later
from archiver.portal.proving.page_query import CLOCKS_CHANGE_BY, PageQuery
from archiver.portal.proving.witnesses import Witness
from archiver.portal.wire.answers import Page

NONE = timedelta()
NEAR = 21 * DAY
"""No clock changes twice within so long."""
A_ROWS_SECONDS = 2
"""A window that is as long is asked for to find one row that is known."""


class Shift(Struct):
    """How far the filter is ahead of the rows: ``now``, and at other moments as it is learned.

    ``points`` are oldest first; ``seems_newest`` tells that one answer showed no row newer than the
    last of them, ``is_newest`` that two did.
    ``quiet`` are windows as they were asked for that have no row at all. ``ends`` is what was found
    out for a moment, ``None`` where nothing shows it. A filter that ``is_deaf`` to times of day can
    only be seen to go by the very days of the rows. Where rows are ``plain``, without an offset, no
    question is spent on one row's own second, unless it is one of the ``missed``: a row that was
    not there. ``opened_by`` is a row that was listed when just its own second was asked for, and
    nothing else was. ``most`` is how many rows there are by the first page without a filter: an
    answer of as many may be cut by a limit.
    """

    report: Report
    now: timedelta
    points: list[Point]
    seems_newest: bool = True
    is_newest: bool = False
    is_deaf: bool = False
    plain: bool = False
    opened_by: Witness | None = None
    most: int = 0
    changes: list[Change] = field(default_factory=list)
    quiet: list[Window] = field(default_factory=list)
    ends: dict[datetime, timedelta | Change | None] = field(default_factory=dict)
    missed: set[Window] = field(default_factory=set)

    def moved(self, window: Window) -> Window:
        """Return what to ask for, so that the filter looks at the rows of a window."""
        began, ended = self.known(window.first), self.known(window.last)
        first = began.first(window.first) if isinstance(began, Change) else began
        last = ended.last(window.last) if isinstance(ended, Change) else ended
        start = later(window.first, self.now if first is None else first)
        return Window(start, max(start, later(window.last, self.now if last is None else last)))

    def doubt(self, ask: PageQuery) -> str:
        """Say in words what keeps the answer for a window from being believed, if anything does."""
        unsure = self.unknown_ends(ask)
        return f"nothing shows by which clock the filter goes at {unsure[0]}" if unsure else ""

    def unknown_ends(self, ask: PageQuery) -> list[datetime]:
        """Return the ends of a window that matter, and of which nothing is known.

        A plain row that is looked for by its own second is seen to be there or not.
        """
        window = ask.window
        if window is None or (self._is_a_rows_own(window) and window not in self.missed):
            return []
        ends = (window.last,) if ask.begins_roughly else (window.first, window.last)
        return [each for each in ends if self.known(each) is None]

    def is_missed(self, ask: PageQuery, page: Page) -> bool:
        """Whether one row was looked for by what holds now, and not found; it is noted then."""
        window = ask.window
        if window is None or window in self.missed or not self._is_a_rows_own(window):
            return False
        if all(self.known(each) is not None for each in (window.first, window.last)):
            return False
        if any(row.at is not None and row.at in window for row in page.rows):
            return False
        self.missed.add(window)
        return True

    def _is_a_rows_own(self, window: Window) -> bool:
        """Whether a window is the second of one row that is plain."""
        return self.plain and window.seconds <= A_ROWS_SECONDS

    def known(self, moment: datetime) -> timedelta | Change | None:
        """Return what holds at a moment by all that was learned: one shift, or a change."""
        if moment in self.ends:
            return self.ends[moment]
        if self.is_newest and moment > later(self.points[-1].at, CLOCKS_CHANGE_BY):
            return self.now
        before, behind = self.beside(moment)
        if before is not None and behind is not None and behind.at - before.at <= NEAR:
            if before.ahead == behind.ahead:
                return before.ahead
            for change in self.changes:
                if before.at <= change.before.at and change.behind.at <= behind.at:
                    return change
        return self.now if self.is_quiet(Window(moment, moment).grown(CLOCKS_CHANGE_BY)) else None

    def beside(self, moment: datetime) -> tuple[Point | None, Point | None]:
        """Return the points before and behind all that a change of clocks may mix with a moment."""
        first, last = later(moment, -CLOCKS_CHANGE_BY), later(moment, CLOCKS_CHANGE_BY)
        before = next((each for each in reversed(self.points) if each.at <= first), None)
        behind = next((each for each in self.points if each.at >= last), None)
        return before, behind or (self.points[-1] if self.is_newest else None)

    def is_quiet(self, window: Window) -> bool:
        """Whether it was seen that a window has no row, whatever holds in it."""
        asked = window.moved(self.now)
        return any(each.first <= asked.first and asked.last <= each.last for each in self.quiet)

    def is_at_the_end(self, moment: datetime) -> bool:
        """Whether a change of clocks may mix a moment with the newest row, or it lies behind."""
        return moment > later(self.points[-1].at, -CLOCKS_CHANGE_BY)

    def see_newest(self, point: Point) -> None:
        """Take in what holds at the newest row, by two answers, and so since then."""
        self.is_newest = True
        if point.ahead != self.now:
            self.now = point.ahead
            self.quiet.clear()

    def see(self, point: Point) -> None:
        """Take in how far the filter is ahead at a row."""
        insort(self.points, point)
