"""How far the filter's clock is ahead when a run begins, by the newest rows. Pure."""

from datetime import timedelta

from archiver.domain.recordings import Report
from archiver.domain.row.fields import TIME_FIELD, has_offset
from archiver.domain.times.window import Window
from archiver.portal.filter_clock.clock_change import Point
from archiver.portal.filter_clock.own_second import (
    QUARTER,
    asked_for,
    dated,
    lists,
    of_time,
    shows_others,
)
from archiver.portal.filter_clock.shift import NONE, Shift
from archiver.portal.proving.page_query import QueryPlan
from archiver.portal.proving.witnesses import Witness
from archiver.portal.wire.answers import Page

FURTHEST = 56
"""Quarters of an hour: no zone is further from UTC."""
NEWEST = 3
"""So many rows of the first page are asked for, until one is listed."""


def opening_shift(
    report: Report, page: Page, *, only_zoned: bool = False
) -> QueryPlan[Shift | None]:
    """Return how far the filter is ahead, by the newest rows of the unfiltered ``page``.

    With ``only_zoned``, rows that are dated without an offset tell nothing.

    In whatever window the newest lies, it is on its first page. ``None`` where no row has a date.
    In one request where the filter goes by the clock of the rows.
    """
    name = TIME_FIELD[report]
    zoned = {row.id for row in page.rows if has_offset(row.fields.get(name))}
    rows = [row for row in dated(page.rows) if not only_zoned or row.id in zoned]
    newest_first = sorted(rows, key=of_time, reverse=True)
    is_newest = page.is_all or page.oldest_in_order is not None
    for newest in newest_first[:NEWEST]:
        found = yield from _found(report, newest)
        if found is None:
            continue
        ahead, shown = found
        return Shift(
            report,
            ahead,
            [Point(newest.at, ahead)],
            is_newest,
            is_deaf=shows_others(shown, newest),
            plain=newest.id not in zoned,
            most=page.said,
            opened_by=None if shown.outside(Window.around(newest.at).overlapping) else newest,
        )
    points = [Point(row.at, NONE) for row in newest_first[:1]]
    return Shift(report, NONE, points, is_newest, is_deaf=True) if points else None


def _found(report: Report, newest: Witness) -> QueryPlan[tuple[timedelta, Page] | None]:
    """Return how far the filter is ahead at a row, and the page that shows it.

    ``None`` if it lists the row nowhere.
    """
    page = yield from asked_for(report, newest, NONE, NONE)
    if lists(page, newest):
        return NONE, page
    least, most = -FURTHEST, FURTHEST
    while least < most:
        middle = (least + most) // 2
        page = yield from asked_for(report, newest, least * QUARTER, middle * QUARTER)
        least, most = (least, middle) if lists(page, newest) else (middle + 1, most)
    ahead = least * QUARTER
    page = yield from asked_for(report, newest, ahead, ahead)
    return (ahead, page) if lists(page, newest) else None
