"""What is asked by the rows' own clock, asked by the filter's, where a portal has two."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from archiver.domain.recordings import Report
from archiver.portal.proving.page_query import FilterForm, PageQuery
from archiver.portal.proving.shift import Shift
from archiver.portal.proving.slicing import drive
from archiver.portal.wire.answers import Page

Fetch = Callable[[tuple[PageQuery, ...]], tuple[Page, ...]]


@dataclass(slots=True)
class RowClock:
    """Says by ``shifts``, of each report, how far the filter's clock is ahead of the rows' own.

    Of a report without one, and of a question without a window, nothing is changed.
    """

    shifts: dict[Report, Shift] = field(default_factory=dict)

    def learn(self, asks: Iterable[PageQuery], fetch: Fetch) -> None:
        """Find out what holds at the ends of windows; ``fetch`` asks by the filter's clock."""
        for ask in asks:
            shift = self.shifts.get(ask.report)
            if shift is not None and ask.window is not None:
                drive(shift.learn(ask.window), fetch)

    def moved(self, ask: PageQuery) -> PageQuery:
        """Return what is to be asked, so that the filter looks at the rows that are meant."""
        shift = self.shifts.get(ask.report)
        if shift is None or ask.window is None:
            return ask
        moved = shift.moved(ask.window)
        return ask if moved == ask.window else replace(ask, window=moved, form=FilterForm.TIMES)

    def doubted(self, ask: PageQuery, page: Page) -> Page:
        """Return a page with what keeps it from being the whole truth of what was asked for."""
        shift = self.shifts.get(ask.report)
        if shift is None or ask.window is None:
            return page
        return replace(page, doubt=shift.doubt(ask.window))
