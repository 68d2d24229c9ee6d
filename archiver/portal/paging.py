"""Walking the pages of a window: what to ask, and what a walk has shown.

Everything here is pure: a walk is a generator that yields batches of :class:`Ask` and is sent the
pages in the same order, so that whoever drives it decides how they are fetched.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TypeVar

from archiver.portal.wire import Page
from archiver.recordings import RecordingId, Report, Row
from archiver.windows import Window

BATCH = 32


class Form(StrEnum):
    """How a request names its window."""

    DAYS = "days"
    TIMES = "times"
    EVERYTHING = "everything"


class Honoured(IntEnum):
    """What of the filter this portal has been seen to honour, from nothing to times of day."""

    NOTHING = 0
    DAYS = 1
    TIMES = 2


@dataclass(frozen=True, slots=True)
class Ask:
    """One page to ask for; without a window there is no filter, which means everything."""

    report: Report
    window: Window | None
    form: Form
    page: int = 1

    @classmethod
    def first(cls, report: Report, window: Window | None) -> "Ask":
        """Ask for page 1 of a window in the plainest form that says it exactly."""
        if window is None:
            return cls(report, None, Form.EVERYTHING)
        return cls(report, window, Form.DAYS if window.is_whole_days else Form.TIMES)

    def at(self, page: int) -> "Ask":
        """Ask for another page of the same."""
        return Ask(self.report, self.window, self.form, page)


T = TypeVar("T")
Steps = Generator[tuple[Ask, ...], tuple[Page, ...], T]


@dataclass(frozen=True, slots=True)
class Listed:
    """A row and where it was last seen, so that it can be found again."""

    row: Row
    ask: Ask


@dataclass(slots=True)
class Manners:
    """What a run has learned of its portal; it only ever gets worse.

    ``pages_work`` is ``False`` once a second page repeated the first. ``believed`` holds the forms
    of filter that returned rows for a past window: only their empty answers mean anything.
    ``known_row_at`` is the time of a row that the portal is known to have, ``stands_at`` the last
    second before the run began: rows up to it cannot multiply.
    """

    stands_at: datetime
    honoured: Honoured = Honoured.TIMES
    pages_work: bool | None = None
    believed: set[Form] = field(default_factory=set)
    known_row_at: datetime | None = None

    def distrust(self, form: Form) -> None:
        """Note that this form of filter is not honoured."""
        self.honoured = Honoured.DAYS if form is Form.TIMES else Honoured.NOTHING

    def can_ask(self, window: Window) -> bool:
        """Whether the portal honours the filter that this very window needs."""
        needed = Honoured.DAYS if window.is_whole_days else Honoured.TIMES
        return self.honoured >= needed

    def can_cut(self, window: Window) -> bool:
        """Whether the window can be cut into smaller ones that the portal honours."""
        finest = 1 if self.honoured is Honoured.TIMES else 86_400
        return self.can_ask(window) and window.seconds > finest

    def askable(self, window: Window) -> Window | None:
        """Return the smallest window around this one that the portal honours."""
        if self.can_ask(window):
            return window
        return window.widened if self.honoured >= Honoured.DAYS else None


@dataclass(slots=True)
class Walk:
    """What one pass over the pages of a window showed."""

    listed: dict[RecordingId, Listed] = field(default_factory=dict)
    totals: list[int] = field(default_factory=list)
    pages: int = 0
    pages_said: int = 1
    repeats: bool = False
    is_flat: bool = False

    def take(self, ask: Ask, page: Page) -> None:
        """Add one page."""
        self.pages += 1
        self.is_flat = page.total is None
        if page.total is not None:
            self.totals.append(page.total)
            per_page = max(1, page.per_page)
            self.pages_said = max(page.last or 1, -(-page.total // per_page), 1)
        for row in page.rows:
            self.listed[row.id] = Listed(row, ask)

    @property
    def total(self) -> int | None:
        """The one total that every page gave, or ``None`` if they differ or gave none."""
        return self.totals[0] if self.totals and len(set(self.totals)) == 1 else None

    @property
    def adds_up(self) -> bool:
        """Whether it gave one total and exactly that many rows."""
        return self.total is not None and self.total == len(self.listed)

    @property
    def contradicts_itself(self) -> bool:
        """Whether a single page holds fewer or more rows than the total it states."""
        return self.pages_said == 1 and self.total is not None and not self.adds_up

    def outside(self, window: Window) -> bool:
        """Whether a row lies outside the window (one without a readable time can't be judged)."""
        return any(
            listed.row.at is not None and listed.row.at not in window
            for listed in self.listed.values()
        )


def walk(first: Ask, manners: Manners, *, in_order: bool = False, most: int) -> Steps[Walk]:
    """Walk the pages of ``first`` once, ``most`` requests at the most.

    Page 2 is asked alone until pages are known to work: a paginator that repeats its first page is
    noticed within two requests. After that pages come in batches, or one by one ``in_order`` where
    rows may arrive meanwhile; an empty page ends the walk whatever was said of more.
    """
    seen = Walk()
    (page,) = yield (first,)
    seen.take(first, page)
    if first.window is not None and seen.outside(first.window):
        return seen
    ids = _ids(page)
    number = 2
    while number <= seen.pages_said and seen.pages < most and not seen.is_flat:
        alone = in_order or manners.pages_work is None
        size = 1 if alone else min(BATCH, seen.pages_said - number + 1, most - seen.pages)
        asks = tuple(first.at(number + k) for k in range(size))
        pages = yield asks
        for ask, page in zip(asks, pages, strict=True):
            seen.take(ask, page)
        if ids and any(_ids(page) == ids for page in pages):
            seen.repeats = True
            manners.pages_work = False
            return seen
        if not all(page.rows for page in pages):
            break
        manners.pages_work = True
        number += size
    return seen


def _ids(page: Page) -> Iterable[RecordingId]:
    return [row.id for row in page.rows]
