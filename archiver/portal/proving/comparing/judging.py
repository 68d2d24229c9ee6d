"""Judging an answer by what else the portal says of its window and of those around it.

It is held against a wider window first (:mod:`~archiver.portal.proving.comparing.limits`); if that
has no more rows, against what lies before and behind its middle. One without a total says nothing
of others, so its halves are read and must add up to it. Where only dates are honoured, a day is
held against the days beside it (:mod:`~archiver.portal.proving.comparing.edges`).

Pure: generators of asks, like :mod:`archiver.portal.proving.walk`.
"""

from datetime import datetime

from msgspec.structs import replace

from archiver.domain.times.window import SECOND, Window
from archiver.portal.proving.comparing.answer import NO_TOTAL, WHOLE, Answer, AnswerVerdict, Says
from archiver.portal.proving.comparing.edges import edge_rows
from archiver.portal.proving.comparing.limits import against_others, against_parts, against_wider
from archiver.portal.proving.page_query import QueryPlan
from archiver.portal.proving.portal_behaviour import Honoured, PortalBehaviour
from archiver.portal.proving.walk import RequestBudget


def judge(
    answer: Answer, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[AnswerVerdict | None]:
    """Hold an answer against others; ``None`` if the form of filter turns out not honoured."""
    if behaviour.filter_support is Honoured.DAYS:
        return (yield from _judge_days(answer, behaviour, budget))
    if answer.total is not None:
        verdict = yield from against_wider(answer, behaviour, budget)
        if verdict is None or verdict.says is not Says.ALONE:
            return verdict
    times = sorted(listed.row.at for listed in answer.rows.values() if listed.row.at is not None)
    if not times:
        return WHOLE
    middle = times[len(times) // 2]
    if answer.total is None:
        parts = _halves(answer.window, times[0], middle, times[-1])
        return (yield from against_parts(answer, parts, behaviour, budget))
    sides = answer.window.without(Window.around(middle))
    return (yield from against_parts(answer, sides, behaviour, budget))


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
    verdict = yield from against_others(answer, behaviour, budget)
    return replace(verdict, rows={**edges.rows, **verdict.rows}) if verdict else None
