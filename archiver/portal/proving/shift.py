"""How far the filter's clock is ahead of the rows', at a portal that dates rows with offsets.

A framework may write every time in UTC, as ``2026-11-25T00:30:00Z``, while the filter and the
portal's days go by local time, with summer time perhaps. What is archived goes by the rows' own
clock; only what is asked for is moved, each end by what holds at its moment. Pure: a generator of
asks, like :mod:`archiver.portal.proving.walk`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from archiver.domain.recordings import Report, Row
from archiver.domain.row.fields import TIME_FIELD, has_offset
from archiver.domain.times.window import DAY, EARLIEST, SECOND, Window
from archiver.portal.proving.walk import FilterForm, PageQuery, QueryPlan
from archiver.portal.wire.answers import Page

QUARTER = timedelta(minutes=15)
FURTHEST = 56
"""Quarters of an hour: no zone is further from UTC."""
NONE = timedelta()
HOUR = timedelta(hours=1)
"""By so much clocks change."""
BACK = 35 * DAY
"""All that a run holds against what is settled is newer than this."""
AGES = (21, 14, 9, 5, 3, 2, 1)
"""Days before the newest row: the first row that is as old tells whether clocks have changed."""
Dated = tuple[datetime, Row]


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the filter is ahead of the rows ``since`` a moment of their clock, and ``before``."""

    now: timedelta = NONE
    before: timedelta = NONE
    since: datetime = EARLIEST

    def moved(self, window: Window) -> Window:
        """Return what to ask for, so that the filter looks at the rows of a window."""
        first = window.moved(self._at(window.first)).first
        return Window(first, max(first, window.moved(self._at(window.last)).last))

    def _at(self, moment: datetime) -> timedelta:
        return self.now if moment >= self.since else self.before


UNMOVED = Shift()


def shift(report: Report, page: Page) -> QueryPlan[Shift]:
    """Return how to move what is asked for, so that the filter lists the unfiltered ``page``.

    The newest row is asked for: in whatever window it lies, it is on the first page. One of a month
    ago tells whether clocks have changed since. In three requests, where the filter goes by the
    clock of the rows and there are rows as old; none where rows are dated without offsets.
    """
    dated = [
        (row.at, row)
        for row in page.rows
        if row.at is not None and has_offset(row.fields.get(TIME_FIELD[report]))
    ]
    newest = max(dated, key=lambda pair: pair[0], default=None)
    now = None if newest is None else (yield from _ahead(report, newest))
    if newest is None or now is None:
        return UNMOVED
    old = yield from _old(report, newest[0], now)
    if old is None or (yield from _is_listed(report, old, now, now)):
        return Shift(now, now)
    for before in (now - HOUR, now + HOUR):
        if (yield from _is_listed(report, old, before, before)):
            return (yield from _change(report, old[0], newest[0], Shift(now, before)))
    return Shift(now, now)


def _old(report: Report, newest: datetime, now: timedelta) -> QueryPlan[Dated | None]:
    """Return a row of weeks before the newest one, or of as long ago as there are rows."""
    first = Window(newest, newest).reaching_back(BACK).first
    for age in AGES:
        old = yield from _newest_in(report, first, newest - age * DAY, now)
        if old is not None:
            return old
    return None


def _ahead(report: Report, newest: Dated) -> QueryPlan[timedelta | None]:
    """Return how far the filter is ahead at a row, ``None`` if it lists it nowhere."""
    if (yield from _is_listed(report, newest, NONE, NONE)):
        return NONE
    least, most = -FURTHEST, FURTHEST
    while least < most:
        middle = (least + most) // 2
        is_before = yield from _is_listed(report, newest, least * QUARTER, middle * QUARTER)
        least, most = (least, middle) if is_before else (middle + 1, most)
    ahead = least * QUARTER
    return ahead if (yield from _is_listed(report, newest, ahead, ahead)) else None


def _change(report: Report, before: datetime, after: datetime, both: Shift) -> QueryPlan[Shift]:
    """Find the moment of a change between two rows: halves are asked for a row, up to an hour.

    Asked for by the shift of now, the rows after the change are listed exactly. Clocks change at a
    full hour.
    """
    while after - before > HOUR:
        middle = before + (after - before) / 2
        row = yield from _newest_in(report, before + SECOND, middle, both.now)
        if row is not None and (yield from _is_listed(report, row, both.now, both.now)):
            after = row[0]
        else:
            before = middle
    full = after.replace(minute=0, second=0, microsecond=0)
    return Shift(both.now, both.before, full if full > before else after)


def _newest_in(
    report: Report, first: datetime, last: datetime, moved: timedelta
) -> QueryPlan[Dated | None]:
    """Return the newest row that the first page of a window shows in it, if any does."""
    window = Window(first.replace(microsecond=0), max(first, last).replace(microsecond=0))
    (page,) = yield (PageQuery(report, window.moved(moved), FilterForm.TIMES),)
    rows = [(row.at, row) for row in page.rows if row.at is not None and row.at in window]
    return max(rows, key=lambda pair: pair[0], default=None)


def _is_listed(report: Report, dated: Dated, least: timedelta, most: timedelta) -> QueryPlan[bool]:
    """Whether a row is listed when its time is asked for, moved by so much at least and at most."""
    at, row = dated
    window = Window(at + least, at + most + SECOND)
    (page,) = yield (PageQuery(report, window, FilterForm.TIMES),)
    return row.id in {each.id for each in page.rows}
