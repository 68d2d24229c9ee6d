"""What days tell of the filter's clock, where times of day are ignored. Pure."""

from datetime import date, datetime, time, timedelta

from msgspec import Struct, field

from archiver.domain.recordings import Report
from archiver.domain.times.window import DAY, SECOND, Window
from archiver.portal.filter_clock.shift import NONE
from archiver.portal.proving.page_query import FilterForm, PageQuery, QueryPlan


class OwnDays(Struct):
    """Finds out, once for each day, whether it lists rows of its own alone."""

    report: Report
    _known: dict[date, bool] = field(default_factory=dict)

    def beside(self, moment: datetime) -> QueryPlan[timedelta | None]:
        """Return no shift if the days beside a midnight list their own rows alone, or ``None``."""
        day = (moment if moment.time() == time() else moment + SECOND).date()
        for each in (Window.day(day).moved(-DAY), Window.day(day)):
            if each.first.date() not in self._known:
                self._known[each.first.date()] = yield from self._has_its_own(each)
            if not self._known[each.first.date()]:
                return None
        return NONE

    def _has_its_own(self, day: Window) -> QueryPlan[bool]:
        """Whether the first page of a day, and its last one, have no row of another day."""
        ask = PageQuery(self.report, day, FilterForm.DAYS)
        (page,) = yield (ask,)
        pages = [page]
        if page.total is not None and not page.is_all:
            pages += yield (ask.at(-(-page.total // page.size)),)
        return not any(one.outside(day) for one in pages)
