"""Finding the oldest row of a window, or the newest, in few asks. Pure."""

from collections.abc import Iterable

from archiver.domain.recordings import Report
from archiver.domain.times.window import Window
from archiver.portal.filter_clock.own_second import dated, first_page, of_time
from archiver.portal.proving.page_query import QueryPlan
from archiver.portal.proving.witnesses import Witness
from archiver.portal.wire.answers import Page

DEEPEST = 40
"""No page behind this one is asked for: the deeper it is, the longer a portal looks for it."""


def outermost(rows: Iterable[Witness], *, is_newest: bool) -> Witness | None:
    """Return the newest of some rows, or the oldest, ``None`` of none."""
    return (max if is_newest else min)(rows, default=None, key=of_time)


def outermost_by_halves(
    report: Report, window: Window, page: Page, *, is_newest: bool
) -> QueryPlan[Witness | None]:
    """Return the newest row of a window of the filter's clock, or the oldest, with its first page.

    It is the outermost by the filter's clock, and no limit on answers hides it.
    """
    while not page.is_all and window.seconds > 1:
        older, newer = window.cut(2)
        window, other = (newer, older) if is_newest else (older, newer)
        (page,) = yield (first_page(report, window),)
        if page.said == 0:
            window = other
            (page,) = yield (first_page(report, window),)
    return outermost(dated(page.rows), is_newest=is_newest)


def outermost_by_pages(
    report: Report, window: Window, page: Page, *, is_newest: bool
) -> QueryPlan[Witness | None]:
    """Return the newest row of a window of the filter's clock, or the oldest, with its first page.

    It is the outermost by the rows' clock. The first page begins with the one, and the last ends
    with the other, of which both pages' totals tell that nothing is left out, but for what a limit
    cuts from both. ``None`` where rows don't come newest first, or pages can't be turned so far.
    """
    reaches_to, number = page.oldest_in_order, _last(page)
    if page.is_all or (is_newest and reaches_to is not None):
        return outermost(dated(page.rows), is_newest=is_newest)
    if reaches_to is None or number > DEEPEST:
        return None
    (last,) = yield (first_page(report, window).at(number),)
    is_whole = (last.total, len(last.rows)) == (page.total, page.said - (number - 1) * page.size)
    goes_on = last.oldest_in_order is not None and all(
        row.at is not None and row.at <= reaches_to for row in last.rows
    )
    return outermost(dated(last.rows), is_newest=False) if is_whole and goes_on else None


def _last(page: Page) -> int:
    """Return the number of the last page by what the first one says; without a total, none is."""
    return DEEPEST + 1 if page.total is None else -(-page.total // page.size)
