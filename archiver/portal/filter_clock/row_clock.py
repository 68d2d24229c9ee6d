"""What is asked by the rows' own clock, asked by the filter's, where a portal has two."""

import threading
from collections.abc import Callable
from functools import partial

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.domain.recordings import Report
from archiver.portal.filter_clock.learning import Learning
from archiver.portal.filter_clock.own_second import dated
from archiver.portal.filter_clock.shift import Shift
from archiver.portal.proving.page_query import FilterForm, PageQuery
from archiver.portal.proving.slicing import drive
from archiver.portal.proving.witnesses import Witness
from archiver.portal.wire.answers import Page

Fetch = Callable[[tuple[PageQuery, ...]], tuple[Page, ...]]
SHOWN = 15
"""So many rows at either end of a page are remembered: one without pages may have all there are."""


class RowClock(Struct):
    """Knows, of each report, how far the filter's clock is ahead of the rows' own.

    ``held`` are rows of the archive that show it, oldest first. Of a report of which nothing is
    known, and of a question without a window, nothing is changed. Pages of days that were asked for
    to find out are ``answered``, and need not be asked for again when those days are listed: the
    day that is wanted, and the one behind it, which comes next. A day before may be listed much
    later, and by then have other rows. What answers showed that are no listing's is remembered: it
    must be listed when its own day is.
    """

    held: dict[Report, tuple[Witness, ...]] = field(default_factory=dict)
    _learnings: dict[Report, Learning] = field(default_factory=dict)
    _answered: dict[PageQuery, Page] = field(default_factory=dict)
    _shown: dict[Report, set[Witness]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, shift: Shift) -> None:
        """Begin with what the first page of a report shows."""
        self._learnings[shift.report] = Learning(shift)

    def shift(self, report: Report) -> Shift | None:
        """Return what is known of a report, if anything is."""
        learning = self._learnings.get(report)
        return None if learning is None else learning.shift

    def take_shown(self, report: Report) -> set[Witness]:
        """Return what was shown since this was asked last, some rows of each page."""
        with self._lock:
            return self._shown.pop(report, set())

    def fetch(self, asks: tuple[PageQuery, ...], fetch: Fetch) -> tuple[Page, ...]:
        """Return the pages of what is asked by the rows' clock; ``fetch`` asks by the filter's.

        One row that is not there by what holds now is asked for again by what holds at its moment.
        """
        found = dict(zip(asks, self._fetched(asks, fetch), strict=True))
        missed = tuple(ask for ask, page in found.items() if self._is_missed(ask, page))
        if missed:
            found |= zip(missed, self._fetched(missed, fetch), strict=True)
        return tuple(found[ask] for ask in asks)

    def _is_missed(self, ask: PageQuery, page: Page) -> bool:
        shift = self.shift(ask.report)
        return shift is not None and shift.is_missed(ask, page)

    def _fetched(self, asks: tuple[PageQuery, ...], fetch: Fetch) -> tuple[Page, ...]:
        """Return the pages of what is asked, each by what is known at its ends."""
        with self._lock:
            self._learn(asks, fetch)
            known = {ask: self._answered.pop(ask) for ask in asks if ask in self._answered}
        unknown = tuple(ask for ask in asks if ask not in known)
        pages = fetch(tuple(map(self._moved, unknown))) if unknown else ()
        known |= zip(unknown, pages, strict=True)
        with self._lock:
            for ask in unknown:
                if ask.begins_roughly:
                    self._remember(ask, known[ask])
        return tuple(self._doubted(ask, known[ask]) for ask in asks)

    def _learn(self, asks: tuple[PageQuery, ...], fetch: Fetch) -> None:
        """Find out what holds at the ends of windows."""
        for ask in asks:
            learning = self._learnings.get(ask.report)
            if learning is not None:
                learning.held = self.held.get(ask.report, ())
                drive(learning.learn(ask), partial(self._fetch_noting, ask, fetch))

    def _fetch_noting(
        self, wanted: PageQuery, fetch: Fetch, asks: tuple[PageQuery, ...]
    ) -> tuple[Page, ...]:
        """Fetch pages, and note those of days that are listed now or next."""
        pages = fetch(asks)
        for ask, page in zip(asks, pages, strict=True):
            is_ahead = ask.window and wanted.window and ask.window.first >= wanted.window.first
            if ask.form is FilterForm.DAYS and is_ahead:
                self._answered[ask] = page
            self._remember(ask, page)
        return pages

    def _remember(self, ask: PageQuery, page: Page) -> None:
        """Keep what a page shows, as far as it can be read."""
        rows = dated(row for row in page.rows if row.odd is None)
        self._shown.setdefault(ask.report, set()).update(rows[:SHOWN], rows[-SHOWN:])

    def _moved(self, ask: PageQuery) -> PageQuery:
        """Return what is to be asked, so that the filter looks at the rows that are meant."""
        shift = self.shift(ask.report)
        if shift is None or ask.window is None:
            return ask
        moved = shift.moved(ask.window)
        return ask if moved == ask.window else replace(ask, window=moved, form=FilterForm.TIMES)

    def _doubted(self, ask: PageQuery, page: Page) -> Page:
        """Return a page with what keeps it from being the whole truth of what was asked for."""
        shift = self.shift(ask.report)
        return page if shift is None else replace(page, doubt=shift.doubt(ask))
