"""Rows at the edges of days that a day's own answer lacks, where only dates can be asked for.

A filter may end a day at 23:59:59, and begin it behind its first moment. Asked for together with
the day next to it, what lies in the fractions of a last second comes between the rows of the two,
and so does what the next day begins with.

Pure: generators of asks, like :mod:`archiver.portal.proving.walk`.
"""

from msgspec.structs import replace

from archiver.domain.times.window import DAY, SECOND, Window
from archiver.portal.proving.comparing.answer import NO_TOTAL, WHOLE, Answer, AnswerVerdict, Says
from archiver.portal.proving.comparing.limits import against_others, says_less
from archiver.portal.proving.page_query import PageQuery, QueryPlan
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.walk import SECOND_PAGE, Listed, RequestBudget, RowKey, keyed
from archiver.portal.proving.witnesses import Witness
from archiver.portal.wire.answers import AnswerShape, Page

LOOKS = 4
"""Pages that looking for the end of a day's rows may take: arrivals push it on."""


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
        verdict = yield from against_others(joint, behaviour, budget)
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
