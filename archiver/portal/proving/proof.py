"""Proven listings: when the rows of a window can be believed to be all of them.

A listing is proven when walks of its pages give as many distinct ids as the portal's one total,
every row lies in the window, and other answers show that no limit cut it (see
:mod:`archiver.portal.proving.comparing`). What will not settle in three walks is cut in parts whose
rows must add up. Where the filter is not honoured, what there is is walked in order until two walks
agree, and proves only days that older rows come behind. An empty answer is proven only by a filter
of the same form that listed a row known to be there. A contradiction is never forgotten: the parts
are listed, and nothing is proven. Every listing has a budget of requests; what can't be proven
within it is said, with all that was seen.

Pure: generators of asks, like :mod:`archiver.portal.proving.walk`.
"""

from msgspec.structs import replace

from archiver.domain.quantities import counted
from archiver.domain.recordings import Report
from archiver.domain.times.window import Window
from archiver.portal.proving.comparing.answer import WHOLE, Answer, AnswerVerdict, Says
from archiver.portal.proving.comparing.edges import edge_rows
from archiver.portal.proving.comparing.judging import judge
from archiver.portal.proving.comparing.seconding import second
from archiver.portal.proving.filter_trial import is_elsewhere, listen
from archiver.portal.proving.page_query import FilterForm, PageQuery, QueryPlan
from archiver.portal.proving.portal_behaviour import Honoured, PortalBehaviour
from archiver.portal.proving.walk import Listed, PageWalk, RequestBudget, RowKey, keyed, walk
from archiver.portal.proving.window_listing import Listing, WantedWindow, WindowWalks

WALKS = 3
MAX_PARTS = 16
PER_PAGE = 15


def prove(
    report: Report,
    window: Window,
    behaviour: PortalBehaviour,
    asked: Window | None = None,
    counted: int | None = None,
) -> QueryPlan[Listing]:
    """List a window, proven if this portal lets it be.

    ``asked`` is what to ask for, where it is known that nothing of the window lies behind it, and
    ``counted`` what the portal has said of that before.
    """
    budget = RequestBudget()
    wanted = WantedWindow(report, window, asked, counted)
    listing = yield from _prove(wanted, behaviour, budget)
    if listing.proven or not budget.is_full:
        return listing
    return replace(listing, note=f"{listing.note}; it has more rows than one listing can hold")


def _prove(
    wanted: WantedWindow, behaviour: PortalBehaviour, budget: RequestBudget
) -> QueryPlan[Listing]:
    """List by the best means the portal honours; start again when it turns out to honour less."""
    asked, counted = wanted.asked, wanted.counted
    while True:
        if asked is None or not behaviour.can_ask(asked):
            asked, counted = behaviour.askable(wanted.window), None
        by_means = _by_filter if behaviour.can_ask(wanted.window) else _by_selection
        found = WindowWalks(
            wanted.report, wanted.window, asked, behaviour, budget, counted, wanted.of_more
        )
        listing = yield from by_means(found)
        if listing is not None:
            return listing


def _by_filter(found: WindowWalks) -> QueryPlan[Listing | None]:
    """List a window that stands still by its own filter; ``None`` if that is not honoured."""
    first, behaviour, budget = found.first, found.behaviour, found.budget
    while found.walks < WALKS:
        walked = yield from walk(first, behaviour, budget)
        if walked.strays:
            behaviour.distrust(first.form, walked.outside)
            return None
        found.join(walked)
        if not found.seen and (found.walks == WALKS or not found.total):
            was_doubted = bool(found.doubts)
            listing = yield from _nothing(found, walked)
            if listing is None or was_doubted or not found.doubts:
                return listing
            continue
        behaviour.believe(first.form, walked.ids)
        answer = found.answer(walked)
        if answer is not None:
            if answer.keys in found.doubts:
                break
            verdict = yield from _weighed(found, answer, walked)
            if verdict is None or verdict.says is not Says.OTHERWISE:
                note = "its halves add up" if answer.total is None else "as many rows as the total"
                return (yield from _judged(found, verdict, note=note))
            found.seen |= verdict.rows
            found.doubts[answer.keys] = verdict.why
        if walked.repeats or budget.left <= 0:
            break
    if walked.contradicts_itself and not found.doubts:
        return found.settled("one page that contradicts its own total", proven=False)
    apart = f"its pages did not add up in {counted(found.walks, 'reading')}"
    why = "every page repeats the first" if behaviour.pages_work is False else apart
    why = next(reversed(found.doubts.values()), why)
    return (yield from _by_parts(found, found.count, why=why))


def _weighed(
    found: WindowWalks, answer: Answer, walked: PageWalk
) -> QueryPlan[AnswerVerdict | None]:
    """Hold an answer against a second one, if it stands alone, and against others for limits.

    What the first page without a filter shows in full needs neither.
    """
    behaviour, budget = found.behaviour, found.budget
    if (yield from is_elsewhere(found.first, found.ids, behaviour, budget)):
        return None
    if behaviour.filter_support is Honoured.TIMES and behaviour.witnesses.show_all_of(
        answer.window
    ):
        return WHOLE
    if found.stands_alone(walked):
        verdict = yield from second(answer, behaviour, budget)
        if verdict is None or verdict.says is not Says.WHOLE:
            return verdict
    return (yield from judge(answer, behaviour, budget))


def _judged(
    found: WindowWalks, verdict: AnswerVerdict | None, *, note: str
) -> QueryPlan[Listing | None]:
    """Return the listing of an answer that was judged; ``note`` says what proves it."""
    if verdict is None:
        return None
    found.seen |= verdict.rows
    if verdict.says in {Says.NOTHING, Says.OTHERWISE}:
        return found.settled(verdict.why, proven=False)
    if (yield from is_elsewhere(found.first, found.ids, found.behaviour, found.budget)):
        return None
    if verdict.says is Says.ALONE and found.behaviour.parts(found.window, 2):
        why, count = "nothing else is listed to hold it against", len(found.chosen)
        return (yield from _by_parts(found, count, why=why))
    return found.settled(note, proven=True)


def _by_parts(found: WindowWalks, count: int | None, *, why: str) -> QueryPlan[Listing]:
    """List a window's parts, which must each be proven and add up to ``count``, if that is known.

    After a contradiction they are listed for their rows, and prove nothing any more.
    """
    behaviour, budget = found.behaviour, found.budget
    parts = behaviour.parts(found.window, _parts(found))
    if not parts:
        return found.settled(f"{why}; it cannot be cut further", proven=False)
    in_parts: set[RowKey] = set()
    all_proven = not found.doubts
    if count is not None and found.asked is not None and len(found.seen) < (found.total or 0):
        for beside in found.asked.without(Window(found.window.first, found.asked.last)):
            listing = yield from _prove(WantedWindow(found.report, beside), behaviour, budget)
            found.seen |= keyed(listing.listed)
            all_proven = all_proven and listing.proven
        count = found.count
    for part in parts:
        if budget.left <= 0:
            return found.settled(f"{why}; the budget of requests is spent", proven=False)
        wanted = WantedWindow(found.report, part, of_more=count is not None)
        listing = yield from _prove(wanted, behaviour, budget)
        rows = keyed(listing.listed)
        found.seen |= rows
        in_parts |= rows.keys()
        budget.earn(-(-len(in_parts) // PER_PAGE))
        all_proven = all_proven and listing.proven
    if all_proven and in_parts == found.chosen.keys() and count in {None, len(in_parts)}:
        return found.settled(f"{why}; its parts add up", proven=True)
    of = "" if count is None else f" of {count}"
    return found.settled(f"{why}; its parts show {len(in_parts)}{of} rows", proven=False)


def _parts(found: WindowWalks) -> int:
    """Return into how many parts to cut: halves, or a page each where pages can't be turned."""
    if found.behaviour.pages_work is not False:
        return 2
    return max(2, min(MAX_PARTS, -(-2 * (found.total or 0) // PER_PAGE)))


def _by_selection(found: WindowWalks) -> QueryPlan[Listing | None]:
    """Walk, in order, more than was asked for, and select: proven when two walks agree.

    They agree when they show the same rows up to the run's start, totals only grew, and no walk
    showed fewer rows than its first page promised. ``None`` if less is honoured than was thought.
    """
    first, behaviour, budget = found.first, found.behaviour, found.budget
    means = (
        "this portal ignores the filter; everything was walked and selected here"
        if found.asked is None
        else "this portal ignores times of day; whole days were walked and selected here"
    )
    before: PageWalk | None = None
    while found.walks < WALKS and (before is None or budget.left > 0):
        walked = yield from walk(first, behaviour, budget, in_order=True, wanted=found.window)
        if walked.strays:
            behaviour.distrust(first.form, walked.outside)
            return None
        found.join(walked)
        behaviour.believe(first.form, walked.ids)
        if found.asked is not None and not found.seen:
            was_doubted = bool(found.doubts)
            listing = yield from _nothing(found, walked)
            if listing is None or was_doubted or not found.doubts:
                return listing
        if walked.repeats:
            return found.settled(f"{means}; every page repeats the first", proven=False)
        is_nothing = bool(found.seen) and not walked.listed
        is_agreed = before is not None and not is_nothing and _agree(before, walked, behaviour)
        if is_agreed and not (yield from _may_miss(before, walked, first, budget)):
            return (yield from _selected(found, walked, means=means))
        before = walked
    return found.settled(f"{means}; walks did not agree", proven=False)


def _selected(found: WindowWalks, walked: PageWalk, *, means: str) -> QueryPlan[Listing | None]:
    """Return the listing of two walks that agree, if nothing can have been cut off from them."""
    behaviour = found.behaviour
    if found.asked is None:
        behaviour.everything = walked.by_day
        if not found.chosen and FilterForm.EVERYTHING not in behaviour.believed:
            behaviour.witnesses.is_denied = True
            return found.settled(behaviour.witnesses.silence, proven=False)
        if _reaches_back(walked, found.window):
            return found.settled(f"{means}; two walks agree", proven=True)
        why = "no older row is listed, so the end can't be told from a limit"
        return found.settled(f"{means}; {why}", proven=False)
    total = walked.said.totals[-1] if walked.said.totals else None
    answer = Answer(found.report, found.asked, walked.listed, total, walked.is_flat)
    verdict = yield from judge(answer, behaviour, found.budget)
    return (yield from _judged(found, verdict, note=f"{means}; two walks agree"))


def _reaches_back(walked: PageWalk, window: Window) -> bool:
    """Whether rows came newest first, and at last one from before the window.

    A list that ends at a limit ends with its oldest row, and tells nothing of what is older.
    """
    times = [listed.row.at for listed in walked.listed.values() if listed.row.at is not None]
    return times == sorted(times, reverse=True) and min(times, default=window.first) < window.first


def _agree(one: PageWalk, two: PageWalk, behaviour: PortalBehaviour) -> bool:
    totals = one.said.totals + two.said.totals
    return (
        one.ended
        and two.ended
        and not (one.contradicts_itself or two.contradicts_itself)
        and one.listed.keys() <= two.listed.keys()
        and _standing(one, behaviour) == _standing(two, behaviour)
        and totals == sorted(totals)
        and all(len(w.listed) >= w.said.totals[0] for w in (one, two) if w.said.totals)
    )


def _may_miss(
    one: PageWalk | None, two: PageWalk, first: PageQuery, budget: RequestBudget
) -> QueryPlan[bool]:
    """Whether a walk without totals showed more rows twice than came while it was walked.

    Each that comes pushes one over a page's edge, and it is shown again. Of rows of one second, one
    that is shown again may stand in the place of another.
    """
    if one is None or two.said.totals or not (one.doubled or two.doubled):
        return False
    (page,) = yield from budget.ask(first)
    since = keyed(Listed(row, first) for row in page.rows).keys() - two.listed.keys()
    came = two.listed.keys() - one.listed.keys()
    return one.doubled > len(came) or two.doubled > len(since)


def _standing(walked: PageWalk, behaviour: PortalBehaviour) -> set[RowKey]:
    """Rows that were there when the run began: later ones may differ between two walks."""
    return {
        key
        for key, listed in walked.listed.items()
        if listed.row.at is None or listed.row.at <= behaviour.stands_at
    }


def _nothing(found: WindowWalks, walked: PageWalk) -> QueryPlan[Listing | None]:
    """Decide whether a window is empty, also at its edges.

    What contradicts that is a doubt, beside the rows that it brought up.
    """
    behaviour, budget = found.behaviour, found.budget
    listing = yield from _empty(found)
    if listing is None or not listing.proven or found.asked is None:
        return listing
    nothing = Answer(found.report, found.asked, {}, 0, is_flat=False)
    verdict: AnswerVerdict | None = WHOLE
    if found.stands_alone(walked):
        verdict = yield from second(nothing, behaviour, budget)
    if verdict == WHOLE and behaviour.filter_support is Honoured.DAYS:
        verdict = yield from edge_rows(nothing, behaviour, budget)
    if verdict is None:
        return None
    found.seen |= verdict.rows
    if verdict.says is Says.OTHERWISE:
        found.doubts[nothing.keys] = verdict.why
    is_whole = verdict.says is Says.WHOLE
    return found.settled(listing.note if is_whole else verdict.why, proven=is_whole)


def _empty(found: WindowWalks) -> QueryPlan[Listing | None]:
    """Decide whether an empty answer means anything: the portal must list a row that is known.

    ``None``: this form of filter is not honoured.
    """
    first, behaviour = found.first, found.behaviour
    if first.form not in behaviour.believed:
        is_heard = yield from listen(first, behaviour, found.budget)
        if is_heard is None:
            behaviour.distrust(first.form)
            return None
        if not is_heard:
            return found.settled(behaviour.witnesses.silence, proven=False)
    if found.total:
        return found.settled(f"empty pages that claim {found.total} rows", proven=False)
    behaviour.is_silent = True
    return found.settled("empty, by a filter seen to work", proven=True)
