"""Whether an answer was cut at a limit that the portal doesn't tell of.

A limit cuts rows and total alike, so one answer never shows it, however often it is read. It shows
where answers are held against each other:

- A wider window has at least as many rows. If it has more, no limit cut the smaller answer.
- If it has no more, what lies before and behind the middle of the window must hold the very rows
  that the window's own answer has there.
- Where only dates are honoured, a day is held against the day with the next one. Between the rows
  of the two lie those in the fractions of a day's last second, which neither has by itself.

An answer without a total says nothing of others, so its halves are read and must add up to it.
Nothing here forgets a contradiction: it is returned in words, with the rows that it brought up.

Pure: generators of asks, like :mod:`archiver.portal.paging`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum

from archiver.portal.paging import (
    SECOND_PAGE,
    Ask,
    Budget,
    Honoured,
    Listed,
    Manners,
    Steps,
    Walk,
    walk,
)
from archiver.portal.wire import Page, Shape
from archiver.recordings import RecordingId, Report
from archiver.windows import DAY, Window

WIDER = timedelta(days=31)
"""A window that is held against an answer begins so much earlier."""
LOOKS = 3
"""Pages that looking for the end of a day's rows may take: arrivals push it on."""


class Says(Enum):
    """What other answers say of one."""

    WHOLE = "whole"
    """One of them is larger, or they hold the very rows that it has: no limit cut it."""
    ALONE = "alone"
    """The portal lists no other row that it could be held against."""
    OTHERWISE = "otherwise"
    """They contradict it."""
    NOTHING = "nothing"
    """There is none that could be asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the walks of a window came to, as it was asked for.

    ``total`` is ``None`` where the portal gives none; ``is_flat`` tells that it has no pages.
    """

    report: Report
    window: Window
    rows: Mapping[RecordingId, Listed]
    total: int | None
    page_size: int
    is_flat: bool

    @classmethod
    def of(
        cls,
        walked: Walk,
        report: Report,
        window: Window,
        rows: Mapping[RecordingId, Listed],
        total: int | None,
    ) -> "Answer":
        """Return the answer that a last walk completed."""
        return cls(report, window, rows, total, walked.page_size, walked.is_flat)

    @property
    def ids(self) -> frozenset[RecordingId]:
        """Its rows by their ids alone."""
        return frozenset(self.rows)

    @property
    def said(self) -> int:
        """How many rows there are by this answer."""
        return len(self.rows) if self.total is None else self.total


@dataclass(frozen=True, slots=True)
class Verdict:
    """What other answers say of one, and why; ``rows`` are those of its window that it lacked."""

    says: Says
    why: str = ""
    rows: Mapping[RecordingId, Listed] = field(default_factory=dict)


WHOLE = Verdict(Says.WHOLE)
NO_TOTAL = Verdict(Says.NOTHING, "this portal gives no totals and ignores times of day")


def judge(answer: Answer, manners: Manners, budget: Budget) -> Steps[Verdict | None]:
    """Hold an answer against others; ``None`` if the form of filter turns out not honoured."""
    if manners.honoured is Honoured.DAYS:
        return (yield from _judge_days(answer, manners, budget))
    if answer.total is not None:
        verdict = yield from _against_wider(answer, manners, budget)
        if verdict is None or verdict.says is not Says.ALONE:
            return verdict
    times = sorted(listed.row.at for listed in answer.rows.values() if listed.row.at is not None)
    if not times:
        return WHOLE
    middle = Window.around(times[len(times) // 2])
    return (yield from _against_sides(answer, answer.window.without(middle), manners, budget))


def _judge_days(answer: Answer, manners: Manners, budget: Budget) -> Steps[Verdict | None]:
    """Judge whole days at a portal that honours dates only."""
    if answer.total is None and not answer.is_flat:
        return NO_TOTAL
    late = yield from late_rows(answer, manners, budget)
    if late is None or late.says is not Says.WHOLE:
        return late
    verdict = yield from _against_others(answer, manners, budget)
    return replace(verdict, rows={**late.rows, **verdict.rows}) if verdict else None


def _against_others(answer: Answer, manners: Manners, budget: Budget) -> Steps[Verdict | None]:
    """Hold days against the month before and what came since."""
    verdict = yield from _against_wider(answer, manners, budget)
    if verdict is None or verdict.says is not Says.ALONE:
        return verdict
    sides = _wider(answer, manners).without(answer.window)
    verdict = yield from _against_sides(answer, sides, manners, budget)
    is_alone = verdict is not None and verdict.says is Says.WHOLE
    return Verdict(Says.ALONE) if is_alone else verdict


def _wider(answer: Answer, manners: Manners) -> Window:
    """Return the window from a month before the answer's to the end of what stands still."""
    start = answer.window.reaching_back(WIDER).first
    wider = Window(start, max(answer.window.last, manners.stands_at))
    return wider if manners.honoured is Honoured.TIMES else wider.widened


def _against_wider(answer: Answer, manners: Manners, budget: Budget) -> Steps[Verdict | None]:
    """Hold an answer against what the portal says of a wider window, if it hasn't said more yet."""
    wider = _wider(answer, manners)
    ask = Ask.first(answer.report, wider)
    if answer.said < manners.most.get(ask.form, 0):
        return WHOLE
    (page,) = yield (ask,)
    budget.spent += 1
    if page.outside(wider):
        manners.distrust(ask.form)
        return None
    if contradiction := _says_less(answer, wider, page):
        return Verdict(Says.OTHERWISE, contradiction)
    manners.note_said(ask.form, page.said)
    return Verdict(Says.ALONE) if page.said == answer.said else WHOLE


def _says_less(answer: Answer, wider: Window, page: Page) -> str:
    """Say in words how the first page of a wider window contradicts an answer, if it does."""
    others = sum(row.at is not None and row.at not in answer.window for row in page.rows)
    if page.said < answer.said + others:
        return (
            f"the portal lists {answer.said} for {answer.window}, and {page.said} with {others} "
            f"others among them for {wider}"
        )
    if page.shape is Shape.FLAT and not answer.rows.keys() <= {row.id for row in page.rows}:
        return f"rows of {answer.window} are missing from the answer for {wider}"
    return ""


@dataclass(frozen=True, slots=True)
class _Side:
    """What lies before or behind the middle of an answer, by an answer of its own."""

    window: Window
    said: int
    rows: Mapping[RecordingId, Listed]

    def contradiction(self, answer: Answer) -> str:
        """Say in words how the two answers differ, if they do.

        A row dated in the last second may lie behind the moment at which the side ends, and one
        without a date on any side.
        """
        listed = [each.row.at for each in answer.rows.values()]
        known = [at for at in listed if at is not None and at in self.window]
        least = sum(at != self.window.last for at in known)
        most = len(known) + listed.count(None)
        if least <= self.said <= most and self.rows.keys() <= answer.rows.keys():
            return ""
        return (
            f"the portal lists {self.said} for {self.window}, and {len(known)} of that time for "
            f"{answer.window}"
        )


def _against_sides(
    answer: Answer, windows: tuple[Window, ...], manners: Manners, budget: Budget
) -> Steps[Verdict | None]:
    """Hold an answer against what lies before and behind its middle."""
    is_counted = answer.total is not None or manners.honoured is Honoured.DAYS
    looked_at = _count_sides if is_counted else _read_sides
    sides = yield from looked_at(answer, windows, manners, budget)
    if sides is None:
        return None
    wrong = [text for side in sides if (text := side.contradiction(answer))]
    found = {id_: listed for side in sides for id_, listed in side.rows.items()}
    rows = {id_: each for id_, each in found.items() if each.row.at in answer.window}
    return Verdict(Says.OTHERWISE, wrong[0], rows) if wrong else WHOLE


def _count_sides(
    answer: Answer, windows: tuple[Window, ...], manners: Manners, budget: Budget
) -> Steps[tuple[_Side, ...] | None]:
    """Ask for the first page of each side, which says how many rows there are."""
    asks = tuple(Ask.first(answer.report, window) for window in windows)
    pages = (yield asks) if asks else ()
    budget.spent += len(asks)
    sides = []
    for ask, window, page in zip(asks, windows, pages, strict=True):
        if page.outside(window):
            manners.distrust(ask.form)
            return None
        rows = {row.id: Listed(row, ask) for row in page.rows}
        sides.append(_Side(window, page.said, rows))
    return tuple(sides)


def _read_sides(
    answer: Answer, windows: tuple[Window, ...], manners: Manners, budget: Budget
) -> Steps[tuple[_Side, ...] | None]:
    """Read each side to its end."""
    sides = []
    for window in windows:
        ask = Ask.first(answer.report, window)
        walked = yield from walk(ask, manners, budget)
        if walked.strays:
            manners.distrust(ask.form)
            return None
        sides.append(_Side(window, len(walked.listed), walked.listed))
    return tuple(sides)


def late_rows(answer: Answer, manners: Manners, budget: Budget) -> Steps[Verdict | None]:
    """Look for rows in the fractions of a last second, where times of day can't be asked for.

    The portal's days end at 23:59:59. Asked for together with the next day, such rows come between
    the next day's and this one's.
    """
    if answer.window.last >= manners.stands_at:
        return WHOLE
    both = Window(answer.window.first, answer.window.last + DAY)
    ask = Ask.first(answer.report, both)
    (page,) = yield (ask,)
    budget.spent += 1
    if page.outside(both):
        manners.distrust(ask.form)
        return None
    if contradiction := _says_less(answer, both, page):
        return Verdict(Says.OTHERWISE, contradiction)
    if not answer.rows:
        # No row of its own can show that the answer for both days was not cut.
        joint = replace(answer, window=both, total=page.said)
        verdict = yield from _against_others(joint, manners, budget)
        if verdict is None or verdict.says is Says.OTHERWISE:
            return verdict
    manners.note_said(ask.form, page.said)
    return (yield from _late_of(answer, ask, page, budget))


def _late_of(answer: Answer, ask: Ask, page: Page, budget: Budget) -> Steps[Verdict]:
    """Look between the next day's rows and the answer's; ``page`` is the first one of both."""
    if page.total is None and page.shape is not Shape.FLAT:
        return NO_TOTAL
    found = yield from _between(answer, ask, page, budget)
    if found is None:
        why = f"the rows of {answer.window} do not come behind the next day's"
        return Verdict(Says.OTHERWISE, why)
    if any(each.row.at != answer.window.last for each in found.values()):
        why = f"rows of {answer.window} are listed together with the next day's only"
        return Verdict(Says.OTHERWISE, why, found)
    return Verdict(Says.WHOLE, rows=found)


def _between(
    answer: Answer, ask: Ask, page: Page, budget: Budget
) -> Steps[dict[RecordingId, Listed] | None]:
    """Return the rows of an answer's window that it lacks, ``None`` if they can't be found.

    ``ask`` is for a window with the next day, ``page`` the first one of it. Totals tell on which
    page the next day's rows end.
    """
    found: dict[RecordingId, Listed] = {}
    if _take_lacking(found, answer, ask, page):
        return found
    start = max(SECOND_PAGE, -(-(page.said - answer.said) // answer.page_size))
    for number in range(start, start + LOOKS):
        (page,) = yield (ask.at(number),)
        budget.spent += 1
        is_reached = _take_lacking(found, answer, ask.at(number), page)
        if number == start > SECOND_PAGE and _begins_in(answer.window, page):
            (page,) = yield (ask.at(start - 1),)
            budget.spent += 1
            _take_lacking(found, answer, ask.at(start - 1), page)
            if _begins_in(answer.window, page):
                return None
        if is_reached:
            return found
    return None


def _take_lacking(found: dict[RecordingId, Listed], answer: Answer, ask: Ask, page: Page) -> bool:
    """Take rows of the answer's window that it lacks; return whether its own rows have begun."""
    for row in page.rows:
        if row.id not in answer.rows and row.at in answer.window:
            found[row.id] = Listed(row, ask)
    is_last = len(page.rows) < page.per_page or page.shape is Shape.FLAT
    return is_last or any(row.id in answer.rows for row in page.rows)


def _begins_in(window: Window, page: Page) -> bool:
    return bool(page.rows) and page.rows[0].at in window
