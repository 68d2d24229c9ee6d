"""Whether an answer was cut at a limit that the portal doesn't tell of.

A limit cuts rows and total alike, so one answer never shows it, however often it is read. It shows
where answers are held against each other:

- A wider window has at least as many rows. If it has more, no limit cut the smaller answer. As one
  answer may be wrong, two must have more.
- Parts of the window, by answers of their own, must hold the very rows that the window's own answer
  has there.

Nothing here forgets a contradiction: it is returned in words, with the rows that it brought up.

Pure: generators of asks, like :mod:`archiver.portal.proving.walk`.
"""

from collections.abc import Mapping
from datetime import timedelta

from msgspec import Struct

from archiver.domain.times.window import Window
from archiver.portal.proving.comparing.answer import WHOLE, Answer, AnswerVerdict, Says
from archiver.portal.proving.page_query import PageQuery, QueryPlan
from archiver.portal.proving.portal_behaviour import Honoured, PortalBehaviour
from archiver.portal.proving.walk import Listed, RequestBudget, RowKey, keyed, walk
from archiver.portal.wire.answers import AnswerShape, Page

WIDER = timedelta(days=31)
"""A window that is held against an answer begins so much earlier."""
SAID_TWICE = 2


def against_others(
    answer: Answer, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[AnswerVerdict | None]:
    """Hold days against the month before and what came since."""
    verdict = yield from against_wider(answer, behaviour, budget)
    if verdict is None or verdict.says is not Says.ALONE:
        return verdict
    sides = _wider(answer, behaviour).without(answer.window)
    verdict = yield from against_parts(answer, sides, behaviour, budget)
    is_alone = verdict is not None and verdict.says is Says.WHOLE
    return AnswerVerdict(Says.ALONE) if is_alone else verdict


def _wider(answer: Answer, behaviour: PortalBehaviour) -> Window:
    """Return the window from a month before the answer's to the end of what stands still."""
    start = answer.window.reaching_back(WIDER).first
    wider = Window(start, max(answer.window.last, behaviour.stands_at))
    return wider if behaviour.filter_support is Honoured.TIMES else wider.widened


def against_wider(
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


def against_parts(
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
