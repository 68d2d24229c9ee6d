"""Whether an answer that came on one page stands alone: one may be wrong in rows and total alike.

A server that is overloaded says that there is nothing, a copy that lags behind lacks some rows, and
the very next request is answered rightly. So what one page says is held against a second answer:
the first page without a filter, where it reaches so far back, which costs nothing; else the window
with a month before it, whose first page begins with the very rows. That one must have rows, newest
first. Where it has none, or comes in another order, the window itself is asked for once more.

Pure: generators of asks, like :mod:`archiver.portal.proving.walk`.
"""

from collections.abc import Collection

from archiver.domain.recordings import RecordingId, Report
from archiver.portal.proving.comparing.answer import WHOLE, Answer, AnswerVerdict, Says
from archiver.portal.proving.comparing.limits import WIDER, says_less
from archiver.portal.proving.page_query import PageQuery, QueryPlan
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.walk import Listed, RequestBudget, keyed
from archiver.portal.wire.answers import Page


def second(
    answer: Answer, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[AnswerVerdict | None]:
    """Hold an answer against a second one; ``None`` if its form of filter is not honoured."""
    first = PageQuery.first(answer.report, answer.window)
    if behaviour.witnesses.show_all_of(answer.window):
        ids = {listed.row.id for listed in answer.rows.values()}
        if not (yield from lacks_what_is_shown(first, ids, behaviour, budget)):
            return WHOLE
    month = answer.window.reaching_back(WIDER)
    back = PageQuery.first(answer.report, month, begins_roughly=True)
    for ask in (back, first):
        (page,) = yield from budget.ask(ask)
        if ask.is_strayed_from(page):
            behaviour.distrust(ask.form)
            return None
        verdict = _compared(answer, ask, page)
        if verdict.says is Says.OTHERWISE:
            return verdict
        behaviour.note_said(ask.form, page.said)
        if ask is back and _shows(page, answer):
            return WHOLE
    return WHOLE


def _compared(answer: Answer, ask: PageQuery, page: Page) -> AnswerVerdict:
    """Say whether a page of the window, or of more, contradicts an answer."""
    listed = keyed(Listed(row, ask) for row in page.rows)
    lacking = {
        key: each
        for key, each in listed.items()
        if each.row.at in answer.window and key not in answer.rows
    }
    if lacking:
        why = f"{len(lacking)} rows of {answer.window} are in one answer and not in another"
        return AnswerVerdict(Says.OTHERWISE, why, lacking)
    why = says_less(answer, ask.window or answer.window, page)
    return AnswerVerdict(Says.OTHERWISE, why) if why else WHOLE


def _shows(page: Page, answer: Answer) -> bool:
    """Whether a page of more than the window shows all of the window's rows, if it has any."""
    oldest = page.oldest_in_order
    return oldest is not None and (page.is_all or oldest < answer.window.first)


def lacks_what_is_shown(
    first: PageQuery,
    ids: Collection[RecordingId],
    behaviour: PortalBehaviour,
    budget: RequestBudget,
) -> QueryPlan[bool]:
    """Whether the portal shows a row of a window without a filter, and does not list it by one.

    What the run's first look showed may be deleted by now, so it looks again.
    """
    known = behaviour.witnesses
    if first.window is None or not known.lacking(first.window, ids):
        return False
    yield from look_again(first.report, behaviour, budget)
    return bool(known.lacking(first.window, ids))


def look_again(
    report: Report, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[None]:
    """See what the portal shows without a filter by now."""
    (page,) = yield from budget.ask(PageQuery.first(report, None))
    behaviour.witnesses.show(page.rows, are_all=page.is_all)
