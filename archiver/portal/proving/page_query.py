"""What is asked of a portal: a page of a window, and plans that ask for several. Pure.

A plan is a generator that yields batches of :class:`PageQuery` and is sent the pages in the same
order, so that whoever drives it decides how they are fetched.
"""

from collections.abc import Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from archiver.domain.recordings import Report
from archiver.domain.times.window import Window
from archiver.portal.wire.answers import Page


class FilterForm(StrEnum):
    """How a request names its window."""

    DAYS = "days"
    TIMES = "times"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class PageQuery:
    """One page to ask for; without a window there is no filter, which means everything."""

    report: Report
    window: Window | None
    form: FilterForm
    page: int = 1

    @classmethod
    def first(cls, report: Report, window: Window | None) -> "PageQuery":
        """Ask for page 1 of a window in the plainest form that says it exactly."""
        if window is None:
            return cls(report, None, FilterForm.EVERYTHING)
        return cls(report, window, FilterForm.DAYS if window.is_whole_days else FilterForm.TIMES)

    def at(self, page: int) -> "PageQuery":
        """Ask for another page of the same."""
        return PageQuery(self.report, self.window, self.form, page)


T = TypeVar("T")
QueryPlan = Generator[tuple[PageQuery, ...], tuple[Page, ...], T]
