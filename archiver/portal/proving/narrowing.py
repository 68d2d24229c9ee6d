"""Listing around answers that can't be read at all: the rest of the window is listed all the same.

Nothing of that is proven. What can be read is found by cutting the window in ever smaller parts,
and where it can't be cut, by turning its pages one by one.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct, field

from archiver.domain.recordings import Report
from archiver.domain.times.window import DAY, SECOND, Window
from archiver.portal.http_errors import AnswerNotUnderstood
from archiver.portal.proving.page_query import FilterForm, PageQuery
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.proof import MAX_PARTS
from archiver.portal.proving.slicing import Fetch, drive
from archiver.portal.proving.walk import Listed, RequestBudget, RowKey, keyed, walk
from archiver.portal.proving.window_listing import Listing
from archiver.portal.wire.answers import Page

MOST_IN_A_ROW = 6
"""Answers that can't be read, one after another: then nothing can be read there."""
MOST_UNREAD = 24
"""Of one window: each is asked for several times, with ever longer waits."""
NAMED = 3
FIRST_BACK, DOUBLED = 4 * DAY, 12
"""So long is the first window that is looked at where the newest page can't be read, and how often
one is twice as long as the one behind it: 45 years in all."""


class _Found(Struct):
    """What could be read of a window, and in words, what could not be."""

    rows: dict[RowKey, Listed] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    failures: int = 0
    in_a_row: int = 0

    def take(self, rows: dict[RowKey, Listed]) -> None:
        self.rows |= rows
        self.in_a_row = 0

    def fail(self, error: AnswerNotUnderstood) -> None:
        """Count an answer that can't be read; raises the error where there are too many."""
        self.failures += 1
        self.in_a_row += 1
        if self.in_a_row >= MOST_IN_A_ROW or self.failures >= MOST_UNREAD:
            raise error


def narrowed(
    report: Report,
    window: Window,
    behaviour: PortalBehaviour,
    fetch: Fetch,
    why: AnswerNotUnderstood,
) -> Listing:
    """Return what can be read of a window, without proof; ``why`` is what ended its listing.

    Raises :class:`AnswerNotUnderstood` where nothing, or next to nothing, can be read.
    """
    found, waiting = _Found(), deque([window])
    while waiting:
        part = waiting.popleft()
        ask = PageQuery.first(report, behaviour.askable(part))
        try:
            found.take(drive(walk(ask, behaviour, RequestBudget(), wanted=part), fetch).listed)
        except AnswerNotUnderstood as error:
            found.fail(error)
            parts = behaviour.parts(part, MAX_PARTS)
            waiting.extend(parts)
            if not parts:
                _turn_pages(ask, fetch, found)
    if not found.rows:
        raise why
    rows = tuple(
        each for each in found.rows.values() if each.row.at is None or each.row.at in window
    )
    return Listing(report, window, rows, None, 1, proven=False, note=_note(found, why))


def newest_readable(
    report: Report, last: datetime, fetch: Fetch, why: AnswerNotUnderstood
) -> tuple[Page, PageQuery]:
    """Return a page of rows that are among the newest before a moment, and what it answers.

    Windows are asked for, ever further back; one whose answer can't be read is cut in parts.
    Raises :class:`AnswerNotUnderstood`, ``why``, where nothing that can be read is found.
    """
    found = _Found()
    waiting = deque(_ever_longer(last.replace(microsecond=0)))
    while waiting:
        part = waiting.popleft()
        ask = PageQuery(report, part, FilterForm.TIMES)
        try:
            (page,) = fetch((ask,))
        except AnswerNotUnderstood as error:
            found.fail(error)
            if part.seconds > 1:
                waiting.extendleft(part.cut(MAX_PARTS))
            continue
        found.take({})
        if page.rows:
            return page, ask
    raise why


def _ever_longer(last: datetime) -> Iterator[Window]:
    """Yield windows that lie one before the other, the newest first, each twice as long."""
    for doublings in range(DOUBLED):
        first = last - FIRST_BACK * (1 << doublings)
        yield Window(first + SECOND, last)
        last = first


def _turn_pages(ask: PageQuery, fetch: Fetch, found: _Found) -> None:
    """Take the pages of an ask one by one, without those that can't be read."""
    number, last = 1, 2
    while number <= last:
        try:
            (page,) = fetch((ask.at(number),))
        except AnswerNotUnderstood as error:
            found.fail(error)
            found.unread.append(f"page {number} of {ask.window or 'all'}")
        else:
            rows = keyed(Listed(row, ask.at(number)) for row in page.rows)
            if not rows.keys() - found.rows.keys():
                break
            found.take(rows)
            last = max(last, page.last or -(-(page.total or 0) // page.size))
        number += 1


def _note(found: _Found, why: AnswerNotUnderstood) -> str:
    """Say what could not be read, and why."""
    named = "; ".join(found.unread[:NAMED]) or "an answer"
    more = f" and {len(found.unread) - NAMED} more" if len(found.unread) > NAMED else ""
    return f"{named}{more} can't be read ({why.why}); the rest is listed around it"
