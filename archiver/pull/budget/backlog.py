"""What a run's budget leaves to the next one, and whether that ever becomes less.

What is left is counted in recordings: those that were listed and not begun, and those that the
portal has on days that were not listed to their end, but for those that are known. What failed
once, or had no audio yet, is as much left as what was never seen. Its totals tell how many it has;
where it gives none, the pages of up to :data:`MOST_ROWS` are turned. That takes a few requests,
and only after a budget was spent. Where even that does not tell, days are counted that were never
listed to their end, or of which something waits.

A run that leaves more than the last one did falls behind, and so does one of several that never
leave less while the oldest day that is left stays the same: sooner or later the provider deletes
what it holds, and then it is lost. A window that moves on from run to run is never caught up with:
whatever is left of it may be left for good.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.catalog import Catalog
from archiver.domain.recordings import Report
from archiver.domain.times.window import DAY, SECOND, Window
from archiver.errors import TryAgain
from archiver.manifest.records.listings import Backlog
from archiver.overview.due_days import LAST_CHANCE
from archiver.portal.client import Client
from archiver.portal.proving.page_query import FilterForm, PageQuery, QueryPlan
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.slicing import drive
from archiver.portal.proving.walk import ROW_BYTES, RequestBudget, walk
from archiver.pull.pull_scope import PullScope, ScopeKind

STALLED = 3
"""So many runs in a row must leave no less than before, of the same oldest day."""
MOST_SPANS = 12
"""Days that lie apart in more spans than this are not asked for: each is a request."""
MOST_ROWS = 3_000
"""About so many rows are counted one by one, where the portal gives no total."""


class BacklogParts(Struct, frozen=True):
    """What a run did not begin: windows that were not listed to their end, and rows, by their day.

    The rows are those that the archive lacks in whole or in part, and nobody has accepted. For
    ``late`` days, of the windows', more has come since they were listed.
    """

    windows: tuple[Window, ...] = ()
    rows: Mapping[date | None, int] = field(default_factory=dict)
    late: frozenset[date] = frozenset()

    @property
    def days(self) -> frozenset[date]:
        """The days of the windows."""
        return frozenset(day for window in self.windows for day in window.each_day())


class Lag(Struct, frozen=True):
    """What a run has left, and what the one ``before`` it had, if the two can be compared.

    ``expiring`` is the first day of which something is left and that is deleted before long;
    ``moves`` says that the next run over the same window does not reach it, and ``is_idle`` that
    nothing became less in this run, nor will in the next one, over the same window.
    """

    now: Backlog
    before: Backlog | None = None
    expiring: date | None = None
    moves: bool = False
    is_idle: bool = False

    @property
    def is_comparable(self) -> bool:
        """Whether the next run over all that is due can be held against it."""
        return not (self.moves or self.is_idle)

    @property
    def is_growing(self) -> bool:
        """Whether more is left than the last run left."""
        return self.before is not None and _compared(self.now, self.before) > 0

    @property
    def is_stalled(self) -> bool:
        """Whether it has not become less for several runs."""
        return self.now.stalled >= STALLED

    @property
    def is_behind(self) -> bool:
        """Whether something may be lost unless somebody gives the runs more time or bytes."""
        is_lost = self.expiring is not None or self.is_dropped
        return self.is_growing or self.is_stalled or self.is_idle or is_lost

    @property
    def is_dropped(self) -> bool:
        """Whether something is left that no run need ever look at again."""
        return self.moves and self.now.oldest is not None


def compared(now: Backlog, last: Backlog | None, expiring: date | None = None) -> Lag:
    """Hold what is left ``now`` against what the ``last`` run left, if that tells anything of it.

    That run must have been to look at all of it: one over the last days only, or over fewer than
    the archive is to answer for by now, tells nothing.
    """
    before = last if last and now.oldest and last.first <= now.oldest else None
    return Lag(replace(now, stalled=_stalled(now, before)), before, expiring)


def _stalled(now: Backlog, before: Backlog | None) -> int:
    """Return for how many runs in a row what is left has not become less."""
    if before is None or now.oldest is None:
        return 0
    more = _compared(now, before)
    has_moved_on = before.oldest is None or now.oldest > before.oldest
    return before.stalled + 1 if more > 0 or (more == 0 and not has_moved_on) else 0


def _compared(now: Backlog, before: Backlog) -> int:
    """Return 1 where more is left now, -1 where less is, else 0.

    As many recordings on more days are more: the days have a call log as well. Where recordings are
    not told, days alone count; told of one of the two, only fewer days are surely less.
    """
    if now.recordings is None and before.recordings is None:
        return (now.days > before.days) - (now.days < before.days)
    if now.recordings is None or before.recordings is None:
        return 1 if now.days >= before.days else -1
    one, other = (now.recordings, now.days), (before.recordings, before.days)
    return (one > other) - (one < other)


def expiring(days: Iterable[date], kept_from: date | None) -> date | None:
    """Return the first of these days that the provider is about to delete.

    ``kept_from`` is the first day that it still has, ``None`` if nobody told how long it keeps.
    """
    if kept_from is None:
        return None
    return min((day for day in days if kept_from <= day < kept_from + LAST_CHANCE), default=None)


def joined(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Return the spans of windows that follow each other without a gap, oldest first."""
    spans: list[Window] = []
    for window in sorted(windows):
        if spans and window.first <= spans[-1].last + SECOND:
            spans[-1] = Window(spans[-1].first, max(spans[-1].last, window.last))
        else:
            spans.append(window)
    return tuple(spans)


class Counting(Struct, frozen=True):
    """Counts what a run has left, when all that it did is entered; of calls too, if it is told."""

    client: Client
    catalog: Catalog
    behaviour: PortalBehaviour
    with_calls: bool = False

    def lag(self, scope: PullScope, first: date, left: BacklogParts) -> Lag:
        """Return how far a run that was to begin at the ``first`` day lags behind.

        One over a window of the past is asked about only where nothing came of it.
        """
        unseen = {d for d in left.days if self.catalog.days.has_left(Report.RECORDINGS, d)}
        if scope.kind is ScopeKind.MOVING:
            unseen |= {day for day in left.days if self._may_owe_calls(day)}
            unseen |= left.days & self._left_before(scope)
        undone = unseen.union(left.late, (day for day in left.rows if day is not None))
        counted = self._counted(left.windows)
        if counted is not None:
            counted += sum(count for day, count in left.rows.items() if day not in left.days)
        if counted and not undone:
            undone = {*left.days} or {first}
        now = Backlog(first, counted, len(unseen), min(undone, default=None), stalled=0)
        soon = expiring(undone, scope.kept_from)
        if scope.kind is ScopeKind.MOVING:
            return Lag(now, expiring=soon, moves=True)
        if scope.is_fixed:
            return Lag(now, expiring=soon, is_idle=True)
        return compared(now, self.catalog.runs.backlog(), soon)

    def _left_before(self, scope: PullScope) -> frozenset[date]:
        """Return the days that runs over a named window left, but for those of this one."""
        reports = Report.those_of(with_calls=self.with_calls)
        unfinished = {each.day for each in self.catalog.days.unfinished(reports)}
        return frozenset(unfinished.difference(BacklogParts(scope.windows).days))

    def _may_owe_calls(self, day: date) -> bool:
        """Whether a call of a day has audio of its own that was not due when it was listed."""
        if not self.with_calls or self.catalog.days.is_whole(Report.CALLS, day):
            return False
        return self.catalog.rows.has_owed(Window.day(day))

    def _counted(self, windows: tuple[Window, ...]) -> int | None:
        """Return how many recordings of these windows are still to be had, if the portal tells.

        Of a day that has begun it may know nothing yet.
        """
        days = (window for window in windows if window.is_whole_days)
        spans = (*joined(days), *(window for window in windows if not window.is_whole_days))
        areas = tuple(area for span in spans if (area := self.behaviour.askable(span)))
        if not spans:
            return 0
        if len(spans) > MOST_SPANS:
            return None
        try:
            if len(areas) == len(spans):
                return self._counted_by_filter(areas)
            counts = drive(count_all(spans, self.behaviour), self.client.fetch)
        except TryAgain:
            return None
        return (
            None if counts is None else sum(max(0, more) for more in map(self._more, spans, counts))
        )

    def _counted_by_filter(self, areas: tuple[Window, ...]) -> int | None:
        """Return the same for areas that can be asked for.

        Of one of several days that has fewer than are known its halves are asked: a limit may have
        cut the total.
        """
        found, waiting = 0, areas
        while waiting:
            counts = drive(count_rows(waiting, self.behaviour), self.client.fetch)
            if counts is None:
                return None
            more = [*map(self._more, waiting, counts)]
            found += sum(each for each in more if each > 0)
            fewer = (area for area, each in zip(waiting, more, strict=True) if each < 0)
            wide = (area for area in fewer if area.first.date() + DAY < area.last.date())
            waiting = tuple(part for area in wide for part in self.behaviour.parts(area, 2))
        return found

    def _more(self, area: Window, count: int) -> int:
        """Return how many more rows are there than nothing is waited for of."""
        return count - self.catalog.recordings.count_in(area)


def count_rows(
    areas: tuple[Window, ...], behaviour: PortalBehaviour
) -> QueryPlan[list[int] | None]:
    """Return how many recordings the portal has in each area, ``None`` if it doesn't tell."""
    asks = tuple(PageQuery.first(Report.RECORDINGS, area) for area in areas)
    pages = yield asks
    budget = RequestBudget(room=MOST_ROWS * ROW_BYTES)
    counts: list[int] = []
    for ask, area, page in zip(asks, areas, pages, strict=True):
        count = page.total
        if count is None:
            walked = yield from walk(ask, behaviour, budget)
            count = len(walked.listed) if walked.ended else None
        is_deaf = ask.form is FilterForm.DAYS and ask.form not in behaviour.believed
        if count is None or (is_deaf and not count) or page.outside(area):
            return None
        counts.append(count)
    return counts


def count_all(spans: tuple[Window, ...], behaviour: PortalBehaviour) -> QueryPlan[list[int] | None]:
    """Return the same where the filter is ignored: everything is walked, back to the first span."""
    ask = PageQuery.first(Report.RECORDINGS, None)
    budget = RequestBudget(room=MOST_ROWS * ROW_BYTES)
    walked = yield from walk(ask, behaviour, budget, in_order=True)
    times = [each.row.at for each in walked.listed.values() if each.row.at is not None]
    reaches_back = bool(times) and (walked.ended or min(times) < min(spans).first)
    return [sum(at in span for at in times) for span in spans] if reaches_back else None
