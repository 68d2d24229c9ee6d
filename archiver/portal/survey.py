"""Cutting a window into slices by the portal's own totals, oldest first.

A slice is small enough to be listed and begun well within a link's life. The cut is believed only
if the parts' totals add up to the whole's; otherwise the whole is one listing, proven by itself.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from archiver.portal.paging import Ask, Listed, Manners, Steps
from archiver.portal.proof import MAX_PARTS, Listing, prove
from archiver.portal.wire import Page
from archiver.recordings import Report
from archiver.windows import Window

ATTEMPTS = 2
T = TypeVar("T")
Fetch = Callable[[tuple[Ask, ...]], tuple[Page, ...]]


def drive(steps: Steps[T], fetch: Fetch) -> T:
    """Run a generator of asks to its end, fetching what it asks for."""
    try:
        asks = next(steps)
        while True:
            asks = steps.send(fetch(asks))
    except StopIteration as done:
        result: T = done.value
        return result


def slices(
    report: Report,
    window: Window,
    manners: Manners,
    *,
    fetch: Fetch,
    most_rows: Callable[[tuple[Listed, ...]], int],
) -> Iterator[Listing]:
    """Yield proven listings that cover ``window``, each of at most ``most_rows`` where possible.

    ``most_rows`` is given the first page, whose links tell how long a slice's links will live.
    """
    waiting: list[tuple[Window, int | None]] = [(window, None)]
    limit: int | None = None
    while waiting:
        part, total = waiting.pop()
        ask_for = fetch
        if total == 0:
            yield Listing(report, part, (), 0, 1, proven=True, note="the parts of its whole add up")
            continue
        if manners.can_cut(part) and (limit is None or total is None or total > limit):
            ask = Ask.first(report, part)
            (page,) = fetch((ask,))
            if limit is None and page.rows:
                limit = most_rows(tuple(Listed(row, ask) for row in page.rows))
            if page.total is not None and limit is not None:
                parts = _cut(report, part, page, manners, fetch, _finest(limit, page, manners))
                if parts:
                    waiting.extend(reversed(parts))
                    continue
            ask_for = _knowing(ask, page, fetch)
        yield drive(prove(report, part, manners), ask_for)


def _knowing(ask: Ask, page: Page, fetch: Fetch) -> Fetch:
    """Return ``fetch`` as it is after ``ask`` was answered: the first time it need not go out."""
    known: dict[tuple[Ask, ...], tuple[Page, ...]] = {(ask,): (page,)}
    return lambda asks: known.pop(asks) if asks in known else fetch(asks)


def _finest(limit: int, page: Page, manners: Manners) -> int:
    return page.per_page if manners.pages_work is False else limit


def _cut(  # noqa: PLR0913, PLR0917 - the state of one cut
    report: Report, window: Window, page: Page, manners: Manners, fetch: Fetch, limit: int
) -> list[tuple[Window, int | None]]:
    """Cut a window that lists more than ``limit``; no parts if it lists less or can't be cut."""
    total = _said(page)
    if total <= limit or page.outside(window):
        return []
    parts = window.cut(min(MAX_PARTS, max(2, -(-total // limit))))
    for _attempt in range(ATTEMPTS):
        asks = tuple(Ask.first(report, part) for part in parts)
        pages = fetch(asks)
        if any(page.outside(part) for part, page in zip(parts, pages, strict=True)):
            manners.distrust(asks[0].form)
            return []
        totals = [_said(page) for page in pages]
        if sum(totals) == total:
            for ask, part in zip(asks, pages, strict=True):
                manners.believe(ask.form, {row.id for row in part.rows})
            return list(zip(parts, totals, strict=True))
        (again,) = fetch((Ask.first(report, window),))
        total = _said(again)
    if total and not any(totals):
        manners.distrust(asks[0].form)
    return []


def _said(page: Page) -> int:
    """Return how many rows a first page claims, or shows against its own claim."""
    return max(page.total or 0, len(page.rows))
