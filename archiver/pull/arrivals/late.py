"""What arrives for days that are settled: the portal's totals tell, held against what was listed.

A branch that was cut off for a week uploads what it recorded, when its days are settled and listed
no more. One question a night, over the weeks in which that may be, finds it. Where the answer is
any other than what was listed, halves of the span are asked until the days stand alone: fewer may
be a limit that the days stay under, or rows that are gone and hide others that came. What is other
is listed again, however many days that is.

Where the filter is ignored, every walk of the run showed all days: that is held against what was
listed, and nothing is asked. Where there is neither a total nor all of the rows on one page,
nothing tells.
"""

from collections import deque
from collections.abc import Mapping
from datetime import date, timedelta

from msgspec import Struct, field

from archiver.domain.recordings import Report
from archiver.domain.times.window import Window
from archiver.errors import TryAgain
from archiver.portal.proving.page_query import PageQuery, QueryPlan
from archiver.portal.proving.portal_behaviour import Honoured, PortalBehaviour
from archiver.portal.proving.walk import Listed
from archiver.portal.wire.answers import AnswerShape, Page
from archiver.pull.budget.backlog import joined

LATE = timedelta(days=28)
"""So long after a day's end what arrives for it is still looked for."""
MOST_UNANSWERED = 4
"""After so many questions in a row without an answer no more are asked: the portal has failed."""


class Late(Struct):
    """The days of which the portal has other rows than were listed, and spans that nothing told.

    ``shown`` are the rows that came with the answers: a total may be as it was though they are not.
    """

    days: set[date] = field(default_factory=set)
    untold: list[Window] = field(default_factory=list)
    shown: list[Listed] = field(default_factory=list)


def late_days(
    report: Report, listed: Mapping[date, int], behaviour: PortalBehaviour
) -> QueryPlan[Late]:
    """Hold what the portal counts of days against how many rows were ``listed`` of each.

    What is not answered is asked in halves: four weeks may be more than a portal can count.
    """
    late, unanswered = Late(), 0
    if behaviour.filter_support is Honoured.NOTHING:
        late.days |= _walked_otherwise(behaviour.everything, listed)
        return late
    waiting = deque(joined(map(Window.day, listed)))
    while waiting:
        span = waiting.popleft()
        if unanswered >= MOST_UNANSWERED:
            late.untold.append(span)
            continue
        ask = PageQuery.first(report, span)
        try:
            (page,) = yield (ask,)
            unanswered, is_answered = 0, True
            late.shown += (Listed(row, ask) for row in page.rows)
        except TryAgain:
            unanswered, is_answered = unanswered + 1, False
        days = [*span.each_day()]
        if is_answered and not _is_other(page, span, sum(map(listed.__getitem__, days)), behaviour):
            continue
        if len(days) > 1:
            waiting += span.cut(2)
        elif is_answered:
            late.days.update(days)
        else:
            late.untold.append(span)
    return late


def _is_other(page: Page, span: Window, count: int, behaviour: PortalBehaviour) -> bool:
    """Whether the first page of a span tells of other rows than so many that were listed."""
    if page.outside(span):
        return True
    if page.total is not None:
        return page.said != count
    has_all = page.shape is AnswerShape.FLAT and behaviour.in_one
    return (has_all or page.is_all) and len(page.rows) != count


def _walked_otherwise(walked: Mapping[date, int], listed: Mapping[date, int]) -> set[date]:
    """Return the days of which a walk of everything showed more than was listed, or less.

    The oldest day that it showed may go on behind a limit, and so may all that are older.
    """
    oldest = min(walked, default=date.max)
    return {
        day
        for day, count in listed.items()
        if (walked.get(day, 0) > count if day <= oldest else walked.get(day, 0) != count)
    }
