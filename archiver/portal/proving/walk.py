"""Walking the pages of a window: within which budget, and what a walk has shown. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.domain.recordings import RecordingId, Row
from archiver.domain.row.fingerprint import mark_of
from archiver.domain.times.window import Window
from archiver.portal.proving.page_query import PageQuery, QueryPlan
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.witnesses import Witness
from archiver.portal.wire.answers import AnswerShape, Page

BATCH = 32
BUDGET_PER_PAGE = 4
SECOND_PAGE = 2
MOST_PAGES = 40_000
ROOM = 200_000_000
"""For the rows of one walk: 130,000 as most portals serve them, or any answer without pages."""
ROW_BYTES, STRAY_BYTES = 1_000, 600
"""What a row takes beside its text; and one that is not wanted, which is kept by its key alone."""
NEW_ON_A_PAGE = 5
"""A page with at most a fifth of new rows is the first one again."""


class Listed(Struct, frozen=True):
    """A row and where it was last seen, so that it can be found again."""

    row: Row
    ask: PageQuery


_Time = tuple[RecordingId, datetime | None]
RowKey = tuple[RecordingId, datetime | None, str | None]
"""What tells a row from others that are listed with it."""


def keyed(listed: Iterable[Listed]) -> dict[RowKey, Listed]:
    """Return rows by their id and time: some portals give one id to several recordings.

    Where several of one id and one second give different audio, that is told apart as well.
    """
    by_time: defaultdict[_Time, list[Listed]] = defaultdict(list)
    for each in listed:
        by_time[each.row.id, each.row.at].append(each)
    return {
        (id_, at, name): each
        for (id_, at), some in by_time.items()
        for name, each in _told_apart(some)
    }


def _told_apart(some: Sequence[Listed]) -> Iterator[tuple[str | None, Listed]]:
    """Yield rows of one id and second with the object that tells each from the first."""
    if len(some) == 1:
        yield None, some[0]
        return
    of_object = {mark_of(each.row).object: each for each in some}
    names = sorted(name for name in of_object if name is not None)
    yield None, of_object[names[0] if names else None]
    yield from ((name, of_object[name]) for name in names[1:])


class RequestBudget(Struct):
    """Requests that one listing may cost: ``least``, and 4 for each page of its longest walk.

    Pages are earned by being walked, so a total that is wrong earns nothing. Only where pages can't
    be turned must the total be believed. However much is earned, a walk ends where its rows would
    take more than ``room`` bytes of memory, or :data:`MOST_PAGES`: a portal may have one more page
    for ever.
    """

    least: int = 64
    spent: int = 0
    pages: int = 0
    room: int = ROOM
    taken: int = 0
    largest: int = 1

    @property
    def left(self) -> int:
        """How many more requests may be made."""
        by_pages = self.least + BUDGET_PER_PAGE * self.pages - self.spent
        return min(by_pages, max(0, -((self.taken - self.room) // self.largest)))

    @property
    def is_full(self) -> bool:
        """Whether a walk was ended by what it brought."""
        return self.taken >= self.room or self.pages >= MOST_PAGES

    def ask(self, *asks: PageQuery) -> QueryPlan[tuple[Page, ...]]:
        """Ask, at the cost of a request for each; return the pages."""
        pages = (yield asks) if asks else ()
        self.spent += len(asks)
        return pages

    def earn(self, pages: int) -> None:
        """Note a walk of so many pages that brought rows."""
        self.pages = min(MOST_PAGES, max(self.pages, pages))

    def take(self, page: int, walk: int) -> None:
        """Note the bytes that a page takes, and all of its walk."""
        self.taken, self.largest = max(self.taken, walk), max(self.largest, page)


class PageTotals(Struct):
    """What the pages of a walk say of the whole: totals, and how many ``pages`` that makes."""

    totals: list[int] = field(default_factory=list)
    pages: int = 1
    page_size: int = 1

    def take(self, ask: PageQuery, page: Page) -> None:
        """Note what one page says."""
        if page.total is None:
            self.pages = max(page.last or 1, ask.page)
        else:
            self.totals.append(page.total)
            self.pages = -(-page.total // self.page_size)


class PageWalk(Struct):
    """What one pass over the pages of a window showed.

    Of rows outside the ``wanted`` window, if there is one, only key and time are kept. ``bytes`` is
    about what all of them take.

    ``ended`` tells that nothing lies behind the last page: it was not full, or the next one brought
    nothing new. ``strays`` tells of rows outside the window; one without a readable time can't be
    judged. ``contradicts_itself`` tells of a first page with fewer rows, or more, than its total,
    ``doubt`` of a page that may be the answer to something else.
    """

    window: Window | None
    wanted: Window | None = None
    first: set[_Time] = field(default_factory=set)
    listed: dict[RowKey, Listed] = field(default_factory=dict)
    said: PageTotals = field(default_factory=PageTotals)
    filled: int = 0
    bytes: int = 0
    served: int = 0
    ended: bool = False
    repeats: bool = False
    strays: bool = False
    is_flat: bool = False
    contradicts_itself: bool = False
    doubt: str = ""

    def open(self, page: Page) -> None:
        """Take from the first page what it says of all."""
        self.first = {(row.id, row.at) for row in page.rows}
        self.is_flat = page.shape is AnswerShape.FLAT
        if page.total is not None:
            rows, self.said.page_size = len(page.rows), page.size
            self.contradicts_itself = not min(page.total, page.per_page) <= rows <= page.total

    def take(self, ask: PageQuery, page: Page) -> bool:
        """Add one page; return whether it brought a row that was not seen before."""
        before = len(self.listed)
        self.doubt = self.doubt or page.doubt
        self.said.take(ask, page)
        self.listed |= keyed(Listed(self._kept(row), ask) for row in page.rows)
        self.strays |= self.window is not None and page.outside(self.window)
        is_new = len(self.listed) > before
        self.filled += is_new
        self.served += len(page.rows) if is_new else 0
        self.ended = len(page.rows) < page.per_page or not is_new
        return is_new

    def weigh(self, page: Page) -> int:
        """Add what a page takes to all of the walk, and return it."""
        wanted = sum(self._is_wanted(row) for row in page.rows)
        text = page.bytes * wanted // max(1, len(page.rows))
        weight = text + wanted * ROW_BYTES + (len(page.rows) - wanted) * STRAY_BYTES
        self.bytes += weight
        return weight

    def _kept(self, row: Row) -> Row:
        return row if self._is_wanted(row) else replace(row, fields={}, link=None, unread={})

    def _is_wanted(self, row: Row) -> bool:
        return self.wanted is None or row.at is None or row.at in self.wanted

    def is_repeated_by(self, page: Page) -> bool:
        """Whether another page is the first again, but for the few rows that came meanwhile."""
        missing = self.first - {(row.id, row.at) for row in page.rows}
        return not self.is_flat and len(missing) * NEW_ON_A_PAGE <= len(self.first)

    @property
    def outside(self) -> tuple[Witness, ...]:
        """The rows that can be read and lie outside the window."""
        rows = (listed.row for listed in self.listed.values() if listed.row.odd is None)
        dated = (Witness(row.id, row.at) for row in rows if row.at is not None)
        return tuple(each for each in dated if self.window and each.at not in self.window)

    @property
    def by_day(self) -> Counter[date]:
        """How many of its rows are of each day."""
        times = (listed.row.at for listed in self.listed.values())
        return Counter(at.date() for at in times if at is not None)

    @property
    def ids(self) -> set[RecordingId]:
        """The ids of its rows; some portals have one id on several."""
        return {listed.row.id for listed in self.listed.values()}

    @property
    def counts(self) -> bool:
        """Whether it can be held against its total: walked to the end, so many rows were served.

        Of rows that share a second one may come twice and another not at all; the number of rows
        served tells that from a total that is wrong.
        """
        return self.ended and self.total == self.served

    @property
    def doubled(self) -> int:
        """How many rows pages that brought new ones showed once more."""
        return self.served - len(self.listed)

    @property
    def total(self) -> int | None:
        """The one total that every page gave, or ``None`` if they differ or gave none."""
        totals = self.said.totals
        return totals[0] if totals and len(set(totals)) == 1 else None


def walk(
    first: PageQuery,
    behaviour: PortalBehaviour,
    budget: RequestBudget,
    *,
    in_order: bool = False,
    wanted: Window | None = None,
) -> QueryPlan[PageWalk]:
    """Walk the pages of ``first`` once, as far as the budget reaches.

    Page 2 is asked alone until pages are known to work: a paginator that repeats its first page is
    noticed within two requests, and so is an answer without pages, which has all rows at once.
    After that pages come in batches, or one by one ``in_order`` where rows may arrive meanwhile. A
    full last page is looked behind, whatever the total says; a page without a new row ends the
    walk, and so does a row outside the window.
    """
    seen = PageWalk(first.window, wanted)
    (page,) = yield (first,)
    _begin(seen, first, page, budget)
    seen.ended = seen.ended or (seen.is_flat and behaviour.in_one)
    if behaviour.pages_work is False and not seen.is_flat and not seen.ended:
        _repeated(seen, behaviour, budget)
        return seen
    number, goes_on = SECOND_PAGE, bool(seen.first)
    while goes_on and not seen.strays and budget.left > 0:
        left = seen.said.pages - number + 1
        if left + (not seen.ended) < 1:
            break
        size = 1 if in_order or behaviour.pages_work is None else _batch(left, budget)
        asks = tuple(first.at(number + step) for step in range(size))
        pages = yield asks
        goes_on = _go_on(seen, asks, pages, behaviour, budget)
        number += size
    return seen


def _begin(seen: PageWalk, first: PageQuery, page: Page, budget: RequestBudget) -> None:
    """Take in the first page."""
    budget.spent += 1
    seen.open(page)
    seen.take(first, page)
    budget.take(seen.weigh(page), seen.bytes)
    budget.earn(seen.filled)


def _go_on(
    seen: PageWalk,
    asks: Sequence[PageQuery],
    pages: Sequence[Page],
    behaviour: PortalBehaviour,
    budget: RequestBudget,
) -> bool:
    """Take in pages behind the first; return whether there may be more of them."""
    budget.spent += len(asks)
    if any(seen.is_repeated_by(page) for page in pages):
        _repeated(seen, behaviour, budget)
        return False
    are_new = [seen.take(ask, page) for ask, page in zip(asks, pages, strict=True)]
    budget.earn(seen.filled)
    for page in pages:
        budget.take(seen.weigh(page), seen.bytes)
    if all(are_new):
        behaviour.pages_work = True
        return True
    seen.ended = True
    has_no_pages = seen.is_flat and asks[0].page == SECOND_PAGE and bool(pages[0].rows)
    behaviour.in_one = behaviour.in_one or has_no_pages
    return False


def _batch(left: int, budget: RequestBudget) -> int:
    """Return how many of the pages that are ``left`` to ask for at once; one at least."""
    return max(1, min(BATCH, left, budget.left))


def _repeated(seen: PageWalk, behaviour: PortalBehaviour, budget: RequestBudget) -> None:
    """Note a page that repeats the first. Whether more lies behind it cannot be seen."""
    seen.repeats = True
    seen.ended = False
    if any(total > len(seen.first) for total in seen.said.totals):
        behaviour.pages_work = False
        budget.earn(seen.said.pages)
