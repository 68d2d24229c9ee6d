"""Whether an answer was cut at a limit that the portal doesn't tell of.

A limit cuts rows and total alike, so one answer never shows it, however often it is read. It shows
where answers are held against each other:

- A wider window has at least as many rows. If it has more, no limit cut the smaller answer. As one
  answer may be wrong, two must have more.
- If it has no more, what lies before and behind the middle of the window must hold the very rows
  that the window's own answer has there.
- Where only dates are honoured, a day is held against the day with the next one. Between the rows
  of the two lie those in the fractions of a day's last second, which neither has by itself, and
  those of the next day's first moment, where the filter begins behind it.

An answer without a total says nothing of others, so its halves are read and must add up to it.
Nothing here forgets a contradiction: it is returned in words, with the rows that it brought up.

Pure: generators of asks, like :mod:`archiver.portal.proving.walk`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.domain.recordings import Report
from archiver.domain.times.window import DAY, SECOND, Window
from archiver.portal.proving.page_query import PageQuery, QueryPlan
from archiver.portal.proving.portal_behaviour import Honoured, PortalBehaviour
from archiver.portal.proving.walk import SECOND_PAGE, Listed, RequestBudget, RowKey, keyed, walk
from archiver.portal.proving.witnesses import Witness
from archiver.portal.wire.answers import AnswerShape, Page

WIDER = timedelta(days=31)
"""A window that is held against an answer begins so much earlier."""
SAID_TWICE = 2
LOOKS = 4
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


class Answer(Struct, frozen=True):
    """What the walks of a window came to, as it was asked for.

    ``total`` is ``None`` where the portal gives none; ``is_flat`` tells that it has no pages.
    """

    report: Report
    window: Window
    rows: Mapping[RowKey, Listed]
    total: int | None
    is_flat: bool

    @property
    def keys(self) -> frozenset[RowKey]:
        """Its rows by what tells them apart alone."""
        return frozenset(self.rows)

    @property
    def said(self) -> int:
        """How many rows there are by this answer."""
        return len(self.rows) if self.total is None else self.total


class AnswerVerdict(Struct, frozen=True):
    """What other answers say of one, and why; ``rows`` are those of its window that it lacked."""

    says: Says
    why: str = ""
    rows: Mapping[RowKey, Listed] = field(default_factory=dict)


WHOLE = AnswerVerdict(Says.WHOLE)
NO_TOTAL = AnswerVerdict(Says.NOTHING, "this portal gives no totals and ignores times of day")


def judge(
    answer: Answer, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[AnswerVerdict | None]:
    """Hold an answer against others; ``None`` if the form of filter turns out not honoured."""
    if behaviour.filter_support is Honoured.DAYS:
        return (yield from _judge_days(answer, behaviour, budget))
    if answer.total is not None:
        verdict = yield from _against_wider(answer, behaviour, budget)
        if verdict is None or verdict.says is not Says.ALONE:
            return verdict
    times = sorted(listed.row.at for listed in answer.rows.values() if listed.row.at is not None)
    if not times:
        return WHOLE
    middle = times[len(times) // 2]
    if answer.total is None:
        parts = _halves(answer.window, times[0], middle, times[-1])
        return (yield from _against_parts(answer, parts, behaviour, budget))
    sides = answer.window.without(Window.around(middle))
    return (yield from _against_parts(answer, sides, behaviour, budget))


def _halves(whole: Window, first: datetime, middle: datetime, last: datetime) -> tuple[Window, ...]:
    """Cut a window at the second of its middle row, so that either half has some of its rows.

    Where all are of one second, it is read with what lies before and behind it.
    """
    if first == last:
        second = Window.around(middle)
        read = Window(second.first, min(second.overlapping.last, whole.last))
        return (*whole.without(second), read)
    end = middle - SECOND if first < middle else middle
    return Window(whole.first, end), Window(end + SECOND, whole.last)


def _judge_days(
    answer: Answer, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[AnswerVerdict | None]:
    """Judge whole days at a portal that honours dates only."""
    if answer.total is None and not answer.is_flat:
        return NO_TOTAL
    edges = yield from edge_rows(answer, behaviour, budget)
    if edges is None or edges.says is not Says.WHOLE:
        return edges
    verdict = yield from _against_others(answer, behaviour, budget)
    return replace(verdict, rows={**edges.rows, **verdict.rows}) if verdict else None


def _against_others(
    answer: Answer, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[AnswerVerdict | None]:
    """Hold days against the month before and what came since."""
    verdict = yield from _against_wider(answer, behaviour, budget)
    if verdict is None or verdict.says is not Says.ALONE:
        return verdict
    sides = _wider(answer, behaviour).without(answer.window)
    verdict = yield from _against_parts(answer, sides, behaviour, budget)
    is_alone = verdict is not None and verdict.says is Says.WHOLE
    return AnswerVerdict(Says.ALONE) if is_alone else verdict


def _wider(answer: Answer, behaviour: PortalBehaviour) -> Window:
    """Return the window from a month before the answer's to the end of what stands still."""
    start = answer.window.reaching_back(WIDER).first
    wider = Window(start, max(answer.window.last, behaviour.stands_at))
    return wider if behaviour.filter_support is Honoured.TIMES else wider.widened


def _against_wider(
    answer: Answer, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[AnswerVerdict | None]:
    """Hold an answer against what the portal says of a wider window, if it hasn't said more yet."""
    wider = _wider(answer, behaviour)
    ask = PageQuery.first(answer.report, wider, begins_roughly=True)
    for _time in range(SAID_TWICE):
        if answer.said < behaviour.most.get(ask.form, 0):
            break
        (page,) = yield from budget.ask(ask)
        if ask.is_strayed_from(page):
            behaviour.distrust(ask.form)
            return None
        if contradiction := says_less(answer, wider, page):
            return AnswerVerdict(Says.OTHERWISE, contradiction)
        behaviour.note_said(ask.form, page.said)
        if page.said == answer.said:
            return AnswerVerdict(Says.ALONE)
    return WHOLE


def says_less(answer: Answer, wider: Window, page: Page) -> str:
    """Say in words how the first page of a wider window contradicts an answer, if it does."""
    if page.total is not None and len(page.rows) > page.total:
        return f"the portal lists {len(page.rows)} rows for {wider}, and counts {page.total}"
    others = sum(row.at is not None and row.at not in answer.window for row in page.rows)
    if page.said < answer.said + others:
        return (
            f"the portal lists {answer.said} rows for {answer.window}, but {page.said} for "
            f"{wider}, and {others} of these are others"
        )
    listed = keyed(Listed(row, PageQuery.first(answer.report, wider)) for row in page.rows)
    if page.shape is AnswerShape.FLAT and not answer.rows.keys() <= listed.keys():
        return f"rows of {answer.window} are missing from the answer for {wider}"
    return ""


class _LimitedPart(Struct, frozen=True):
    """A part of an answer's window, or of one around it, by an answer of its own."""

    window: Window
    said: int
    rows: Mapping[RowKey, Listed]

    def contradiction(self, answer: Answer) -> str:
        """Say in words how the two answers differ, if they do.

        A row dated in the last second may lie behind the moment at which the part ends, and one
        without a date in any part.
        """
        listed = [each.row.at for each in answer.rows.values()]
        known = [at for at in listed if at is not None and at in self.window]
        least = sum(at != self.window.last for at in known)
        most = len(known) + listed.count(None)
        if least <= self.said <= most and self.rows.keys() <= answer.rows.keys():
            return ""
        return (
            f"the portal lists {self.said} rows for {self.window} alone, but {len(known)} of that "
            f"time for {answer.window}"
        )


def _against_parts(
    answer: Answer, windows: tuple[Window, ...], behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[AnswerVerdict | None]:
    """Hold an answer against parts of its window, or against what lies beside it."""
    is_counted = answer.total is not None or behaviour.filter_support is Honoured.DAYS
    looked_at = _count_parts if is_counted else _read_parts
    parts = yield from looked_at(answer, windows, behaviour, budget)
    if parts is None:
        return None
    wrong = [text for part in parts if (text := part.contradiction(answer))]
    found = {key: listed for part in parts for key, listed in part.rows.items()}
    rows = {key: each for key, each in found.items() if each.row.at in answer.window}
    return AnswerVerdict(Says.OTHERWISE, wrong[0], rows) if wrong else WHOLE


def _count_parts(
    answer: Answer, windows: tuple[Window, ...], behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[tuple[_LimitedPart, ...] | None]:
    """Ask for the first page of each part, which says how many rows there are.

    Rows that came since the run began lie on that page, and are not counted.
    """
    asks = tuple(
        PageQuery.first(answer.report, each, begins_roughly=each.first < answer.window.first)
        for each in windows
    )
    pages = yield from budget.ask(*asks)
    parts = []
    for ask, window, page in zip(asks, windows, pages, strict=True):
        if ask.is_strayed_from(page):
            behaviour.distrust(ask.form)
            return None
        old = [row for row in page.rows if row.at is None or row.at <= behaviour.stands_at]
        rows = keyed(Listed(row, ask) for row in old)
        parts.append(_LimitedPart(window, page.said - (len(page.rows) - len(old)), rows))
    return tuple(parts)


def _read_parts(
    answer: Answer, windows: tuple[Window, ...], behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[tuple[_LimitedPart, ...] | None]:
    """Read each part to its end."""
    parts = []
    for window in windows:
        ask = PageQuery.first(answer.report, window)
        walked = yield from walk(ask, behaviour, budget)
        if walked.strays:
            behaviour.distrust(ask.form)
            return None
        parts.append(_LimitedPart(window, len(walked.listed), walked.listed))
    return tuple(parts)


def edge_rows(
    answer: Answer, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[AnswerVerdict | None]:
    """Look for rows at the edges of days that these lack, where only dates can be asked for.

    A filter may end a day at 23:59:59, and begin it behind its first moment.
    """
    late = yield from _late_rows(answer, behaviour, budget)
    if late is None or late.says is not Says.WHOLE:
        return late
    first = yield from _first_rows(answer, behaviour, budget)
    return replace(late, rows={**late.rows, **first})


def _first_rows(
    answer: Answer, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[dict[RowKey, Listed]]:
    """Return rows of the very beginning that an answer lacks.

    Asked for together with the day before, they come behind the answer's own. Where it was looked
    behind that day already, it is known whether there are any.
    """
    both, second = answer.window.reaching_back(DAY), Window.around(answer.window.first)
    had = {(listed.row.id, listed.row.at) for listed in answer.rows.values()}
    lacks = any(each.at in second and (each.id, each.at) not in had for each in behaviour.strays)
    if both == answer.window or (both.first.date() in behaviour.seen_behind and not lacks):
        return {}
    found: dict[RowKey, Listed] = {}
    ask = PageQuery.first(answer.report, both, begins_roughly=True)
    (page,) = yield from budget.ask(ask)
    number = answer.said // page.size + 1
    if number >= SECOND_PAGE and not answer.is_flat:
        ask = ask.at(number)
        (page,) = yield from budget.ask(ask)
    for _look in range(LOOKS):
        listed = keyed(Listed(row, ask) for row in page.rows if row.at in second)
        found |= {key: each for key, each in listed.items() if key not in answer.rows}
        if answer.is_flat or not page.rows or page.rows[-1].at not in second:
            break
        ask = ask.at(ask.page + 1)
        (page,) = yield from budget.ask(ask)
    return found


def _late_rows(
    answer: Answer, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[AnswerVerdict | None]:
    """Look for rows in the fractions of a last second, where times of day can't be asked for.

    The portal's days end at 23:59:59. Asked for together with the next day, such rows come between
    the next day's and this one's.
    """
    if answer.window.last >= behaviour.stands_at:
        return WHOLE
    both = Window(answer.window.first, answer.window.last + DAY)
    ask = PageQuery.first(answer.report, both)
    (page,) = yield from budget.ask(ask)
    if page.outside(both):
        behaviour.distrust(ask.form)
        return None
    if contradiction := says_less(answer, both, page):
        return AnswerVerdict(Says.OTHERWISE, contradiction)
    if not answer.rows:
        # No row of its own can show that the answer for both days was not cut.
        joint = replace(answer, window=both, total=page.said)
        verdict = yield from _against_others(joint, behaviour, budget)
        if verdict is None or verdict.says is Says.OTHERWISE:
            return verdict
    behaviour.note_said(ask.form, page.said)
    return (yield from _late_of(answer, ask, page, behaviour, budget))


def _late_of(
    answer: Answer, ask: PageQuery, page: Page, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[AnswerVerdict]:
    """Look between the next day's rows and the answer's; ``page`` is the first one of both."""
    if page.total is None and page.shape is not AnswerShape.FLAT:
        return NO_TOTAL
    found = yield from _between(answer, ask, page, behaviour, budget)
    if found is None:
        why = f"the rows of {answer.window} do not come behind the next day's"
        return AnswerVerdict(Says.OTHERWISE, why)
    behaviour.seen_behind.add(answer.window.last.date())
    if any(each.row.at != answer.window.last for each in found.values()):
        why = f"rows of {answer.window} are listed together with the next day's only"
        return AnswerVerdict(Says.OTHERWISE, why, found)
    return AnswerVerdict(Says.WHOLE, rows=found)


def _between(
    answer: Answer, ask: PageQuery, page: Page, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[dict[RowKey, Listed] | None]:
    """Return the rows of an answer's window that it lacks, ``None`` if they can't be found.

    ``ask`` is for a window with the next day, ``page`` the first one of it. Totals tell on which
    page the next day's rows end. From one that begins with such a row pages are turned forward, as
    arrivals push rows on. What the next day begins with is noted: it must be listed of that.
    """
    next_second = Window.around(answer.window.last + SECOND)
    behaviour.note_shown(_of(page, next_second))
    found: dict[RowKey, Listed] = {}
    size, first = page.size, page.rows
    if _take_lacking(found, answer, ask, page, size):
        return found
    number = max(SECOND_PAGE, -(-(page.said - answer.said) // size))
    is_before = number == SECOND_PAGE
    for _look in range(LOOKS):
        (page,) = yield from budget.ask(ask.at(number))
        behaviour.note_shown(_of(page, next_second))
        if {row.id for row in page.rows} == {row.id for row in first}:
            return None
        is_reached = _take_lacking(found, answer, ask.at(number), page, size)
        is_before = is_before or not page.rows or page.rows[0].at not in answer.window
        if is_before and is_reached:
            return found
        number += 1 if is_before else -1
    return None


def _of(page: Page, window: Window) -> list[Witness]:
    """Return the rows of a page that can be read and lie in a window."""
    rows = (row for row in page.rows if row.odd is None)
    return [Witness(row.id, row.at) for row in rows if row.at is not None and row.at in window]


def _take_lacking(
    found: dict[RowKey, Listed], answer: Answer, ask: PageQuery, page: Page, size: int
) -> bool:
    """Take rows of the answer's window that it lacks; return whether its own rows have begun.

    Where it has none they begin at the end.
    """
    listed = keyed(Listed(row, ask) for row in page.rows)
    lacking = listed.keys() - answer.rows.keys()
    found |= {key: listed[key] for key in lacking if listed[key].row.at in answer.window}
    if answer.rows:
        return not answer.rows.keys().isdisjoint(listed)
    return (ask.page - 1) * size + len(page.rows) >= page.said
