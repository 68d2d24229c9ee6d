"""How far the filter's clock is ahead of the rows', at a portal that dates rows with offsets.

A framework may write every time in UTC, as ``2026-11-25T00:30:00Z``, while the filter and the
portal's days go by local time. What is archived goes by the rows' own clock; only what is asked for
is moved. Pure: a generator of asks, like :mod:`archiver.portal.proving.walk`.
"""

from datetime import datetime, timedelta

from archiver.domain.recordings import Report, Row
from archiver.domain.row_fields import TIME_FIELD, has_offset
from archiver.domain.window import SECOND, Window
from archiver.portal.proving.walk import FilterForm, PageQuery, QueryPlan
from archiver.portal.wire.answers import Page

QUARTER = timedelta(minutes=15)
FURTHEST = 56
"""Quarters of an hour: no zone is further from UTC."""
NONE = timedelta()


def shift(report: Report, page: Page) -> QueryPlan[timedelta]:
    """Return how far to move what is asked for, so that the filter lists the unfiltered ``page``.

    None, in one request, where the filter goes by the clock of the rows. The newest row is asked
    for: in whatever window it lies, it is on the first page.
    """
    dated = [
        (row.at, row)
        for row in page.rows
        if row.at is not None and has_offset(row.fields.get(TIME_FIELD[report]))
    ]
    newest = max(dated, key=lambda pair: pair[0], default=None)
    if newest is None or (yield from _is_listed(report, newest, 0, 0)):
        return NONE
    least, most = -FURTHEST, FURTHEST
    while least < most:
        middle = (least + most) // 2
        is_before = yield from _is_listed(report, newest, least, middle)
        least, most = (least, middle) if is_before else (middle + 1, most)
    is_there = yield from _is_listed(report, newest, least, least)
    return least * QUARTER if is_there else NONE


def _is_listed(
    report: Report, dated: tuple[datetime, Row], least: int, most: int
) -> QueryPlan[bool]:
    """Whether a row is listed between so many quarters of an hour from its time."""
    at, row = dated
    window = Window(at + least * QUARTER, at + most * QUARTER + SECOND)
    (page,) = yield (PageQuery(report, window, FilterForm.TIMES),)
    return row.id in {each.id for each in page.rows}
