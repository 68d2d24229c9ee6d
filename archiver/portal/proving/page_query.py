"""What is asked of a portal: a page of a window, and plans that ask for several. Pure.

A plan is a generator that yields batches of :class:`PageQuery` and is sent the pages in the same
order, so that whoever drives it decides how they are fetched.
"""

from collections.abc import Generator
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct

from archiver.domain.recordings import Report
from archiver.domain.times.window import Window
from archiver.portal.wire.answers import Page

CLOCKS_CHANGE_BY = timedelta(hours=2)
"""By no more do clocks change."""


class FilterForm(StrEnum):
    """How a request names its window."""

    DAYS = "days"
    TIMES = "times"
    EVERYTHING = "everything"


class PageQuery(Struct, frozen=True):
    """One page to ask for; without a window there is no filter, which means everything.

    One that ``begins_roughly`` is only held against the answer for its end: nothing is taken from
    its beginning, so that may be off by a change of clocks.
    """

    report: Report
    window: Window | None
    form: FilterForm
    page: int = 1
    begins_roughly: bool = False

    @classmethod
    def first(
        cls, report: Report, window: Window | None, *, begins_roughly: bool = False
    ) -> "PageQuery":
        """Ask for page 1 of a window in the plainest form that says it exactly."""
        if window is None:
            return cls(report, None, FilterForm.EVERYTHING)
        form = FilterForm.DAYS if window.is_whole_days else FilterForm.TIMES
        return cls(report, window, form, begins_roughly=begins_roughly)

    def at(self, page: int) -> "PageQuery":
        """Ask for another page of the same."""
        return PageQuery(self.report, self.window, self.form, page, self.begins_roughly)

    def is_strayed_from(self, page: Page) -> bool:
        """Whether a page has rows of other times than it was asked for."""
        if self.window is None:
            return False
        leeway = CLOCKS_CHANGE_BY if self.begins_roughly else timedelta()
        return page.outside(self.window.reaching_back(leeway))


T = TypeVar("T")
QueryPlan = Generator[tuple[PageQuery, ...], tuple[Page, ...], T]
