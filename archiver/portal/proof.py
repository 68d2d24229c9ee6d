"""Proven listings: when the rows of a window can be believed to be all of them.

A listing is proven when walks of its pages give as many distinct ids as the portal's one total, and
every row lies in the window. What will not settle in three walks is cut in halves whose rows must
add up. Where the filter is not honoured, what there is is walked in order until two walks agree.
An empty answer is proven only by a filter of the same form that listed a row known to be there.
Every listing has a budget of requests; what can't be proven within it is said, with all that was
seen.

Pure: generators of asks, like :mod:`archiver.portal.paging`.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from archiver.portal.paging import (
    Ask,
    Budget,
    Form,
    Honoured,
    Listed,
    Manners,
    RowKey,
    Steps,
    Walk,
    keyed,
    walk,
)
from archiver.portal.witnesses import Witness
from archiver.recordings import Report
from archiver.windows import Window

WALKS = 3
MAX_PARTS = 16
PER_PAGE = 15


@dataclass(frozen=True, slots=True)
class Listing:
    """What the portal lists for a window, and whether that is proven.

    ``total`` is what the portal said, ``None`` if it never said one thing; ``note`` says how it was
    proven, or why it could not be.
    """

    report: Report
    window: Window
    listed: tuple[Listed, ...]
    total: int | None
    walks: int
    proven: bool
    note: str


@dataclass(slots=True)
class _Findings:
    """What the walks of one window have shown so far."""

    report: Report
    window: Window
    seen: dict[RowKey, Listed] = field(default_factory=dict)
    by_total: defaultdict[int, dict[RowKey, Listed]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    total: int | None = None
    walks: int = 0

    def join(self, walked: Walk) -> None:
        self.walks += 1
        self.seen |= walked.listed
        if walked.total is not None:
            self.total = walked.total
        if walked.total is not None and walked.counts:
            self.by_total[walked.total] |= walked.listed

    @property
    def agree(self) -> bool:
        """Whether the walks that gave one same total hold that many rows together."""
        return any(len(rows) == total for total, rows in self.by_total.items())

    @property
    def chosen(self) -> tuple[Listed, ...]:
        """The rows that may lie in the window."""
        return tuple(
            listed
            for listed in self.seen.values()
            if listed.row.at is None or listed.row.at in self.window
        )

    def settled(self, note: str, *, proven: bool) -> Listing:
        """Return the listing; what no row's time can show to lie in the window is not proven."""
        if proven and self.seen and all(listed.row.at is None for listed in self.seen.values()):
            note, proven = f"{note}; but no row has a time that can be read", False
        return Listing(self.report, self.window, self.chosen, self.total, self.walks, proven, note)


def prove(report: Report, window: Window, manners: Manners) -> Steps[Listing]:
    """List a window, proven if this portal lets it be."""
    return (yield from _prove(report, window, manners, Budget()))


def _prove(report: Report, window: Window, manners: Manners, budget: Budget) -> Steps[Listing]:
    """List by the best means the portal honours; start again when it turns out to honour less."""
    while True:
        by_means = _by_filter if manners.can_ask(window) else _by_selection
        listing = yield from by_means(_Findings(report, window), manners, budget)
        if listing is not None:
            return listing


def _by_filter(found: _Findings, manners: Manners, budget: Budget) -> Steps[Listing | None]:
    """List a window that stands still by its own filter; ``None`` if that is not honoured."""
    first = Ask.first(found.report, found.window)
    while found.walks < WALKS:
        walked = yield from walk(first, manners, budget)
        if walked.strays:
            manners.distrust(first.form)
            return None
        is_second_read = found.walks > 0 and set(found.seen) == set(walked.listed)
        found.join(walked)
        if not found.seen and (found.walks == WALKS or not found.total):
            return (yield from _empty(found, first, manners, budget))
        manners.believe(first.form, walked.ids)
        if found.agree:
            return found.settled("as many rows as the total", proven=True)
        if walked.is_flat and walked.ended and is_second_read:
            return found.settled("two reads without pages agree", proven=True)
        if walked.repeats or budget.left <= 0:
            break
    if walked.contradicts_itself:
        return found.settled("one page that contradicts its own total", proven=False)
    return (yield from _by_parts(found, manners, budget))


def _by_parts(found: _Findings, manners: Manners, budget: Budget) -> Steps[Listing]:
    """Cut what would not settle; its parts must each be proven and add up to the whole."""
    why = "every page repeats the first" if manners.pages_work is False else "walks did not settle"
    if not manners.can_cut(found.window):
        return found.settled(f"{why}; it cannot be cut further", proven=False)
    in_parts: set[RowKey] = set()
    all_proven = True
    for part in found.window.cut(_parts(found, manners)):
        if budget.left <= 0:
            return found.settled(f"{why}; the budget of requests is spent", proven=False)
        listing = yield from _prove(found.report, part, manners, budget)
        rows = keyed(listing.listed)
        found.seen |= rows
        in_parts |= rows.keys()
        all_proven = all_proven and listing.proven
    if not all_proven or len(in_parts) != found.total:
        note = f"{why}; its parts hold {len(in_parts)} of {found.total}"
        return found.settled(note, proven=False)
    return found.settled(f"{why}; its parts add up", proven=True)


def _parts(found: _Findings, manners: Manners) -> int:
    """Return into how many parts to cut: halves, or a page each where pages can't be turned."""
    if manners.pages_work is not False:
        return 2
    return max(2, min(MAX_PARTS, -(-2 * (found.total or 0) // PER_PAGE)))


def _by_selection(found: _Findings, manners: Manners, budget: Budget) -> Steps[Listing | None]:
    """Walk, in order, more than was asked for, and select: proven when two walks agree.

    They agree when they show the same rows up to the run's start, totals only grew, and no walk
    showed fewer rows than its first page promised. ``None`` if less is honoured than was thought.
    """
    area = manners.askable(found.window)
    first = Ask.first(found.report, area)
    means = (
        "this portal ignores the filter; everything was walked and selected here"
        if area is None
        else "this portal ignores times of day; whole days were walked and selected here"
    )
    before: Walk | None = None
    while found.walks < WALKS and (before is None or budget.left > 0):
        walked = yield from walk(first, manners, budget, in_order=True)
        if walked.strays:
            manners.distrust(first.form)
            return None
        found.join(walked)
        manners.believe(first.form, walked.ids)
        if area is not None and not walked.listed:
            return (yield from _empty(found, first, manners, budget))
        if walked.repeats:
            return found.settled(f"{means}; every page repeats the first", proven=False)
        if before is not None and _agree(before, walked, manners):
            if area is None and not found.chosen and first.form not in manners.believed:
                manners.witnesses.is_denied = True
                return found.settled(manners.witnesses.silence, proven=False)
            return found.settled(f"{means}; two walks agree", proven=True)
        before = walked
    return found.settled(f"{means}; walks did not agree", proven=False)


def _agree(one: Walk, two: Walk, manners: Manners) -> bool:
    totals = one.totals + two.totals
    return (
        one.ended
        and two.ended
        and _standing(one, manners) == _standing(two, manners)
        and totals == sorted(totals)
        and all(len(w.listed) >= w.totals[0] for w in (one, two) if w.totals)
    )


def _standing(walked: Walk, manners: Manners) -> set[RowKey]:
    """Rows that were there when the run began: later ones may differ between two walks."""
    return {
        key
        for key, listed in walked.listed.items()
        if listed.row.at is None or listed.row.at <= manners.stands_at
    }


def _empty(found: _Findings, first: Ask, manners: Manners, budget: Budget) -> Steps[Listing | None]:
    """Decide whether an empty answer means anything: the portal must list a row that is known.

    ``None``: this form of filter is not honoured.
    """
    if first.form not in manners.believed:
        is_heard = yield from _listen(first, manners, budget)
        if is_heard is None:
            manners.distrust(first.form)
            return None
        if not is_heard:
            return found.settled(manners.witnesses.silence, proven=False)
    if found.total:
        return found.settled(f"empty pages that claim {found.total} rows", proven=False)
    return found.settled("empty, by a filter seen to work", proven=True)


def _listen(first: Ask, manners: Manners, budget: Budget) -> Steps[bool | None]:
    """Ask for known rows by the form of ``first``; return whether it lists one that vouches.

    ``None``: the form is not honoured, as it does not list what the portal shows without it.
    """
    known = manners.witnesses
    if known.are_contradicted:
        return False
    if first.window is not None and any(each.at in first.window for each in known.shown):
        return None
    for row in known.in_turn:
        is_listed = yield from _lists(row, first, manners, budget)
        if is_listed is None or (row == known.surest and not is_listed):
            return None
        if is_listed and known.hear({row.id}):
            manners.believed.add(first.form)
            return True
    known.is_denied = True
    return False


def _lists(row: Witness, first: Ask, manners: Manners, budget: Budget) -> Steps[bool | None]:
    """Ask for the day or the second of a row; ``None`` if other rows come than were asked for.

    Rows are newest first, so only where all on the first page are newer may it be on a later one.
    """
    is_day = first.form is Form.DAYS
    control = Window.day(row.at.date()) if is_day else Window.around(row.at)
    ask = Ask(first.report, control, first.form)
    (page,) = yield (ask,)
    budget.spent += 1
    if page.outside(control):
        return None
    ids = {each.id for each in page.rows}
    has_more = (page.total or 0) > len(page.rows)
    if row.id not in ids and has_more and all(each.at and each.at >= row.at for each in page.rows):
        ids = (yield from walk(ask, manners, Budget())).ids
    return row.id in ids


def honours(manners: Manners) -> str:
    """Say in words what of the filter the portal honours."""
    return {
        Honoured.TIMES: "dates and times of day",
        Honoured.DAYS: "dates only",
        Honoured.NOTHING: "nothing: it ignores the filter",
    }[manners.honoured]
