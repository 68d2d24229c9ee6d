"""Trying the filter: whether it lists rows that are known, and at the times that it is asked for.

Pure: generators of asks, like :mod:`archiver.portal.proving.walk`.
"""

from collections.abc import Collection
from datetime import timedelta

from archiver.domain.recordings import RecordingId
from archiver.domain.times.window import Window
from archiver.portal.proving.comparing.seconding import lacks_what_is_shown, look_again
from archiver.portal.proving.page_query import FilterForm, PageQuery, QueryPlan
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.walk import RequestBudget, walk
from archiver.portal.proving.witnesses import Witness

FURTHEST_MOVED = timedelta(hours=14)
"""No zone is further from UTC, so by no more is a filter moved that reads times in another zone."""


def listen(
    first: PageQuery, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[bool | None]:
    """Ask for known rows by the form of ``first``; return whether it lists one that vouches.

    ``None``: the form is not honoured, as it does not list what the portal shows without it.
    """
    known = behaviour.witnesses
    if known.are_contradicted:
        return False
    if (yield from lacks_what_is_shown(first, (), behaviour, budget)):
        return None
    for row in known.in_turn:
        is_listed = yield from _lists(row, first, behaviour, budget)
        if is_listed is None or (row == known.surest and not is_listed):
            return None
        if is_listed and known.hear({row.id}):
            behaviour.believed.add(first.form)
            behaviour.tested.add(first.form)
            return True
    known.is_denied = True
    return False


def _lists(
    row: Witness, first: PageQuery, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[bool | None]:
    """Ask for the day or the second of a row; ``None`` if other rows come than were asked for.

    Rows are newest first, so only where all on the first page are newer may it be on a later one.
    """
    is_day = first.form is FilterForm.DAYS
    control = Window.day(row.at.date()) if is_day else Window.around(row.at, 1)
    ask = PageQuery(first.report, control, first.form)
    (page,) = yield from budget.ask(ask)
    if page.outside(control):
        return None
    ids = {each.id for each in page.rows}
    has_more = (page.total or 0) > len(page.rows)
    if row.id not in ids and has_more and all(each.at and each.at >= row.at for each in page.rows):
        ids = (yield from walk(ask, behaviour, RequestBudget())).ids
    return row.id in ids


def is_elsewhere(
    first: PageQuery,
    ids: Collection[RecordingId],
    behaviour: PortalBehaviour,
    budget: RequestBudget,
) -> QueryPlan[bool]:
    """Whether the filter looks at other times than it is asked for; then it counts as not honoured.

    ``ids`` are of the rows that ``first`` and its pages listed. Asked twice, it costs nothing the
    second time.
    """
    lacks = yield from lacks_what_is_shown(first, ids, behaviour, budget)
    if not lacks and not (yield from _is_moved(first, behaviour, budget)):
        return False
    behaviour.distrust(first.form)
    return True


def _is_moved(
    first: PageQuery, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[bool]:
    """Whether a form of filter looks at other times than it is asked for; found out once a run.

    It is asked for a row that is shown, by its very second. Of whole days the edges are what moves.
    """
    known = behaviour.witnesses
    is_days = first.form is FilterForm.DAYS
    while first.form not in behaviour.tested:
        row = known.nearest_to_midnight if is_days else next(iter(known.shown), None)
        if row is None:
            return False
        is_listed = yield from _lists(row, first, behaviour, budget)
        if is_listed:
            behaviour.tested.add(first.form)
            return False
        yield from look_again(first.report, behaviour, budget)
        if is_listed is None:
            return True
        if row in known.shown:
            if not is_days and (yield from _looks_elsewhere(first, behaviour, budget)):
                behaviour.distrust(FilterForm.DAYS)
            return True
    return False


def _looks_elsewhere(
    first: PageQuery, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[bool]:
    """Whether times of day are understood, and moved: then whole days are moved as well.

    Asked for what is just newer than what is shown, or just older, it lists what is not.
    """
    times = [row.at for row in behaviour.witnesses.shown]
    shown = Window(min(times), max(times))
    sides = shown.grown(FURTHEST_MOVED).without(shown)
    asks = tuple(PageQuery(first.report, side, FilterForm.TIMES) for side in sides)
    pages = yield from budget.ask(*asks)
    return any(
        row.at is not None and row.at not in side and row.at <= behaviour.stands_at
        for side, page in zip(sides, pages, strict=True)
        for row in page.rows
    )
