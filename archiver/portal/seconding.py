"""Whether an answer that came on one page stands alone: one may be wrong in rows and total alike.

A server that is overloaded says that there is nothing, a copy that lags behind lacks some rows, and
the very next request is answered rightly. So what one page says is held against a second answer:
the first page without a filter, where it reaches so far back, which costs nothing; else the window
with a month before it, whose first page begins with the very rows. That one must have rows, newest
first. Where it has none, or comes in another order, the window itself is asked for once more.

Pure: generators of asks, like :mod:`archiver.portal.paging`.
"""

from collections.abc import Collection

from archiver.portal.limits import WHOLE, WIDER, Answer, Says, Verdict, says_less
from archiver.portal.paging import Ask, Budget, Listed, Manners, Steps, keyed
from archiver.portal.wire import Page
from archiver.recordings import RecordingId, Report


def second(answer: Answer, manners: Manners, budget: Budget) -> Steps[Verdict | None]:
    """Hold an answer against a second one; ``None`` if its form of filter is not honoured."""
    first = Ask.first(answer.report, answer.window)
    if manners.witnesses.show_all_of(answer.window):
        ids = {listed.row.id for listed in answer.rows.values()}
        if not (yield from lacks_what_is_shown(first, ids, manners, budget)):
            return WHOLE
    back = Ask.first(answer.report, answer.window.reaching_back(WIDER))
    for ask in (back, first):
        (page,) = yield (ask,)
        budget.spent += 1
        if ask.window is not None and page.outside(ask.window):
            manners.distrust(ask.form)
            return None
        verdict = _compared(answer, ask, page)
        if verdict.says is Says.OTHERWISE:
            return verdict
        manners.note_said(ask.form, page.said)
        if ask is back and _shows(page, answer):
            return WHOLE
    return WHOLE


def _compared(answer: Answer, ask: Ask, page: Page) -> Verdict:
    """Say whether a page of the window, or of more, contradicts an answer."""
    listed = keyed(Listed(row, ask) for row in page.rows)
    lacking = {
        key: each
        for key, each in listed.items()
        if each.row.at in answer.window and key not in answer.rows
    }
    if lacking:
        why = f"{len(lacking)} rows of {answer.window} are in one answer and not in another"
        return Verdict(Says.OTHERWISE, why, lacking)
    why = says_less(answer, ask.window or answer.window, page)
    return Verdict(Says.OTHERWISE, why) if why else WHOLE


def _shows(page: Page, answer: Answer) -> bool:
    """Whether a page of more than the window shows all of the window's rows, if it has any."""
    oldest = page.oldest_in_order
    return oldest is not None and (page.is_all or oldest < answer.window.first)


def lacks_what_is_shown(
    first: Ask, ids: Collection[RecordingId], manners: Manners, budget: Budget
) -> Steps[bool]:
    """Whether the portal shows a row of a window without a filter, and does not list it by one.

    What the run's first look showed may be deleted by now, so it looks again.
    """
    known = manners.witnesses
    if first.window is None or not known.lacking(first.window, ids):
        return False
    yield from look_again(first.report, manners, budget)
    return bool(known.lacking(first.window, ids))


def look_again(report: Report, manners: Manners, budget: Budget) -> Steps[None]:
    """See what the portal shows without a filter by now."""
    (page,) = yield (Ask.first(report, None),)
    budget.spent += 1
    manners.witnesses.show(page.rows, are_all=page.is_all)
