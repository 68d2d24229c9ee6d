"""Cutting a window into slices by the portal's own totals, oldest first.

A slice is small enough to be listed and begun well within a link's life. The cut is believed only
if the parts' totals add up to the whole's. If they are less, the whole is one listing, proven by
itself. If they are more, the whole was cut at a limit: its parts are listed, and none is proven.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from archiver.domain.recordings import Report
from archiver.domain.times.window import Window
from archiver.errors import TryAgain
from archiver.portal.proving.page_query import PageQuery, QueryPlan
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.proof import MAX_PARTS, prove
from archiver.portal.proving.walk import Listed
from archiver.portal.proving.window_listing import Listing
from archiver.portal.wire.answers import Page

ATTEMPTS = 2
T = TypeVar("T")
Fetch = Callable[[tuple[PageQuery, ...]], tuple[Page, ...]]


def drive(steps: QueryPlan[T], fetch: Fetch) -> T:
    """Run a generator of asks to its end, fetching what it asks for.

    It is told of what is not answered, and may go on.
    """
    try:
        asks = next(steps)
        while True:
            try:
                pages = fetch(asks)
            except TryAgain as error:
                asks = steps.throw(error)
            else:
                asks = steps.send(pages)
    except StopIteration as done:
        result: T = done.value
        return result


def slices(  # noqa: PLR0913 - what a listing needs to know, each by name
    report: Report,
    window: Window,
    behaviour: PortalBehaviour,
    *,
    fetch: Fetch,
    most_rows: Callable[[tuple[Listed, ...]], int],
    is_young: Callable[[Page], bool] = bool,
) -> Iterator[Listing]:
    """Yield proven listings that cover ``window``, each of at most ``most_rows`` where possible.

    ``most_rows`` is given the first page, whose links tell how long a slice's links will live.
    While the links of a page that the cut showed are still ``is_young``, its slice begins with it.
    """
    waiting = [_Part(window, behaviour.askable(window) or window)]
    limit: int | None = None
    while waiting:
        part = waiting.pop()
        if part.total == 0 and behaviour.can_ask(part.asked):
            note = part.doubt or "the parts of its whole add up"
            yield Listing(report, part.window, (), 0, 1, proven=not part.doubt, note=note)
            continue
        ask, ask_for = PageQuery.first(report, part.asked), fetch
        if part.first is not None and part.may_begin and is_young(part.first):
            ask_for = _knowing(ask, part.first, fetch)
        if behaviour.can_cut(part.asked) and part.may_exceed(limit):
            (page,) = ask_for((ask,))
            if limit is None and page.rows:
                limit = most_rows(tuple(Listed(row, ask) for row in page.rows))
            if page.total is not None and limit is not None:
                parts = _cut(report, part, page, behaviour, fetch, _finest(limit, page, behaviour))
                if parts:
                    waiting.extend(reversed(parts))
                    continue
            ask_for = _knowing(ask, page, fetch)
        listing = drive(prove(report, part.window, behaviour, part.asked, part.total), ask_for)
        yield (
            listing
            if not part.doubt
            else replace(listing, proven=False, note=f"{part.doubt}; {listing.note}")
        )


class _Part(Struct, frozen=True):
    """A part of the window, and what is asked for it.

    ``first`` is its first page, as the cut showed it, ``doubt`` what contradicts that.
    """

    window: Window
    asked: Window
    first: Page | None = None
    doubt: str = ""

    @property
    def total(self) -> int | None:
        """What the portal said of it, if anything."""
        return None if self.first is None else self.first.said

    @property
    def may_begin(self) -> bool:
        """Whether its first page needs no second answer: others that follow give its total too."""
        return self.first is not None and not (self.first.is_all or self.doubt)

    def may_exceed(self, limit: int | None) -> bool:
        """Whether it may have more rows than ``limit``, and is to be cut if it has."""
        is_small = limit is not None and self.total is not None and self.total <= limit
        return not is_small and not self.doubt


def _knowing(ask: PageQuery, page: Page, fetch: Fetch) -> Fetch:
    """Return ``fetch`` as it is after ``ask`` was answered: the first time it need not go out."""
    known: dict[tuple[PageQuery, ...], tuple[Page, ...]] = {(ask,): (page,)}
    return lambda asks: known.pop(asks) if asks in known else fetch(asks)


def _finest(limit: int, page: Page, behaviour: PortalBehaviour) -> int:
    return page.per_page if behaviour.pages_work is False else limit


def _cut(  # noqa: PLR0913, PLR0917 - the state of one cut
    report: Report, whole: _Part, page: Page, behaviour: PortalBehaviour, fetch: Fetch, limit: int
) -> list[_Part]:
    """Cut a window that lists more than ``limit``; no parts if it lists less or can't be cut."""
    total = page.said
    if total <= limit or page.outside(whole.asked):
        return []
    parts = whole.asked.cut(min(MAX_PARTS, max(2, -(-total // limit))))
    asks = tuple(PageQuery.first(report, part) for part in parts)
    is_exceeded = True
    for _attempt in range(ATTEMPTS):
        pages = fetch(asks)
        if _are_elsewhere(parts, pages, behaviour, fetch, report):
            behaviour.distrust(asks[0].form)
            return []
        totals = [page.said for page in pages]
        if unsure := next((each.doubt for each in pages if each.doubt), ""):
            return _divided(whole, parts, pages, unsure)
        if sum(totals) == total:
            for ask, part in zip(asks, pages, strict=True):
                behaviour.believe(ask.form, {row.id for row in part.rows})
            behaviour.note_sure(PageQuery.first(report, whole.asked).form, total)
            return _divided(whole, parts, pages)
        before = total
        (again,) = fetch((PageQuery.first(report, whole.asked),))
        total = again.said
        is_exceeded = is_exceeded and sum(totals) > max(before, total)
    if is_exceeded:
        doubt = f"the portal lists {total} rows for {whole.asked}, but {sum(totals)} for its parts"
        return _divided(whole, parts, pages, doubt)
    if total and not any(totals):
        behaviour.distrust(asks[0].form)
    return []


def _are_elsewhere(
    parts: tuple[Window, ...],
    pages: tuple[Page, ...],
    behaviour: PortalBehaviour,
    fetch: Fetch,
    report: Report,
) -> bool:
    """Whether answers are of other rows than those of the parts that were asked for.

    One without rows is, if the portal shows one without a filter, and still does.
    """
    both = [*zip(parts, pages, strict=True)]
    if any(page.outside(part) for part, page in both):
        return True
    known, silent = behaviour.witnesses, [part for part, page in both if page.said == 0]
    if any(known.lacking(part, ()) for part in silent):
        (page,) = fetch((PageQuery.first(report, None),))
        known.show(page.rows, are_all=page.is_all)
    return any(known.lacking(part, ()) for part in silent)


def _divided(
    whole: _Part, parts: tuple[Window, ...], pages: tuple[Page, ...], doubt: str = ""
) -> list[_Part]:
    """Return the parts of a window, as far as they are wanted."""
    first, last = whole.window.first, whole.window.last
    return [
        _Part(Window(max(part.first, first), min(part.last, last)), part, page, doubt)
        for part, page in zip(parts, pages, strict=True)
        if part.first <= last and part.last >= first
    ]
