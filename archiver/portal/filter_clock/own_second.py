"""Asking for a row by its very second, and what the answer shows. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from archiver.domain.recordings import Report, Row
from archiver.domain.times.window import SECOND, Window
from archiver.portal.filter_clock.clock_change import later
from archiver.portal.proving.page_query import CLOCKS_CHANGE_BY, FilterForm, PageQuery, QueryPlan
from archiver.portal.proving.witnesses import Witness
from archiver.portal.wire.answers import Page

QUARTER = timedelta(minutes=15)


def first_page(report: Report, window: Window) -> PageQuery:
    """Return what asks for the first page of a window of the filter's own clock."""
    return PageQuery(report, window, FilterForm.TIMES)


def asked_for(report: Report, row: Witness, least: timedelta, most: timedelta) -> QueryPlan[Page]:
    """Ask for the time of a row, moved by so much at least and at most."""
    window = Window(later(row.at, least), later(row.at, most + SECOND))
    (page,) = yield (first_page(report, window),)
    return page


def lists(page: Page, row: Witness) -> bool:
    """Whether a page has a row."""
    return row in dated(page.rows)


def shows_others(page: Page, row: Witness) -> bool:
    """Whether a page of a row's second has rows of times that no clock shows as one with it."""
    return any(_is_beyond(each.at - row.at) for each in dated(page.rows))


def dated(rows: Iterable[Row]) -> list[Witness]:
    """Return the rows that have a time."""
    return [Witness(row.id, row.at) for row in rows if row.at is not None]


def of_time(row: Witness) -> datetime:
    """Return what rows are ordered by."""
    return row.at


def _is_beyond(difference: timedelta) -> bool:
    return abs(difference) > CLOCKS_CHANGE_BY + SECOND or difference % QUARTER > SECOND
