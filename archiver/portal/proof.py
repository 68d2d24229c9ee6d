"""Proven listings: when the rows of a window can be believed to be all of them.

A listing is proven when walks of its pages give as many distinct ids as the portal's one total, and
every row lies in the window. What will not settle in three walks is cut in halves whose totals must
add up. Where the filter is not honoured, what there is is walked in order until two walks agree.
An empty answer is proven only by a filter of the same form that was seen to return rows. Every
listing has a budget of requests; what can't be proven within it is said, with all that was seen.

Pure: generators of asks, like :mod:`archiver.portal.paging`.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from archiver.portal.paging import Ask, Form, Honoured, Listed, Manners, Steps, Walk, walk
from archiver.recordings import RecordingId, Report
from archiver.windows import Window

WALKS = 3
BUDGET_PER_PAGE = 4
BUDGET_AT_LEAST = 64
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
class Budget:
    """Requests that one window may still cost; set by its first page."""

    left: int = BUDGET_AT_LEAST
    is_set: bool = False

    def spend(self, seen: Walk) -> None:
        """Count a walk; the first one decides how large the budget is."""
        if not self.is_set:
            said = -(-(seen.totals[0] if seen.totals else 0) // PER_PAGE)
            walked = max(seen.pages, min(said, seen.pages_said))
            self.left, self.is_set = BUDGET_AT_LEAST + BUDGET_PER_PAGE * walked, True
        self.left -= seen.pages


@dataclass(slots=True)
class _Findings:
    """What the walks of one window have shown so far."""

    seen: dict[RecordingId, Listed] = field(default_factory=dict)
    by_total: defaultdict[int, dict[RecordingId, Listed]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    total: int | None = None
    walks: int = 0

    def join(self, walked: Walk) -> None:
        self.walks += 1
        self.seen |= walked.listed
        if walked.total is not None:
            self.total = walked.total
            self.by_total[walked.total] |= walked.listed

    @property
    def agree(self) -> bool:
        """Whether the walks that gave one same total hold that many rows together."""
        return any(len(rows) == total for total, rows in self.by_total.items())

    def settled(self, report: Report, window: Window, note: str, *, proven: bool) -> Listing:
        chosen = tuple(
            listed
            for listed in self.seen.values()
            if listed.row.at is None or listed.row.at in window
        )
        return Listing(report, window, chosen, self.total, self.walks, proven, note)


def prove(report: Report, window: Window, manners: Manners) -> Steps[Listing]:
    """List a window, proven if this portal lets it be."""
    return (yield from _prove(report, window, manners, Budget()))


def _prove(report: Report, window: Window, manners: Manners, budget: Budget) -> Steps[Listing]:
    """List by the best means the portal honours; start again when it turns out to honour less."""
    while manners.can_ask(window):
        listing = yield from _by_filter(report, window, manners, budget)
        if listing is not None:
            return listing
    return (yield from _by_selection(report, window, manners))


def _by_filter(
    report: Report, window: Window, manners: Manners, budget: Budget
) -> Steps[Listing | None]:
    """List a window that stands still by its own filter; ``None`` if that is not honoured."""
    first = Ask.first(report, window)
    found = _Findings()
    while found.walks < WALKS and budget.left > 0:
        walked = yield from walk(first, manners, most=budget.left)
        budget.spend(walked)
        if walked.outside(window):
            manners.distrust(first.form)
            return None
        is_second_read = found.walks > 0 and set(found.seen) == set(walked.listed)
        found.join(walked)
        if not walked.listed and not any(walked.totals):
            return (yield from _empty(found, first, manners))
        manners.believed.add(first.form)
        conclusion = _conclude(found, walked, is_second_read=is_second_read)
        if conclusion is not None:
            note, proven = conclusion
            return found.settled(report, window, note, proven=proven)
        if walked.repeats:
            break
    return (yield from _by_parts(found, report, window, manners, budget))


def _conclude(found: _Findings, walked: Walk, *, is_second_read: bool) -> tuple[str, bool] | None:
    """Return how a window that stands still is settled, and whether proven; ``None``: go on."""
    if found.agree:
        return "as many rows as the total", True
    if walked.is_flat and is_second_read:
        return "two reads without pages agree", True
    if walked.contradicts_itself:
        return "one page that contradicts its own total", False
    return None


def _by_parts(
    found: _Findings, report: Report, window: Window, manners: Manners, budget: Budget
) -> Steps[Listing]:
    """Cut what would not settle; its parts must each be proven and add up to the whole."""
    why = "every page repeats the first" if manners.pages_work is False else "walks did not settle"
    if not manners.can_cut(window):
        return found.settled(report, window, f"{why}; it cannot be cut further", proven=False)
    total, proven = 0, True
    for part in window.cut(_parts(found, manners)):
        if budget.left <= 0:
            note = f"{why}; the budget of requests is spent"
            return found.settled(report, window, note, proven=False)
        listing = yield from _prove(report, part, manners, budget)
        found.seen |= {listed.row.id: listed for listed in listing.listed}
        total += listing.total or 0
        proven = proven and listing.proven
    if not proven or total != found.total:
        note = f"{why}; its parts hold {total} of {found.total}"
        return found.settled(report, window, note, proven=False)
    return found.settled(report, window, f"{why}; its parts add up", proven=True)


def _parts(found: _Findings, manners: Manners) -> int:
    """Return into how many parts to cut: halves, or a page each where pages can't be turned."""
    if manners.pages_work is not False:
        return 2
    return max(2, min(MAX_PARTS, -(-2 * (found.total or 0) // PER_PAGE)))


def _by_selection(report: Report, window: Window, manners: Manners) -> Steps[Listing]:
    """Walk, in order, more than was asked for, and select: proven when two walks agree.

    They agree when they show the same rows up to the run's start, totals only grew, and no walk
    showed fewer rows than its first page promised.
    """
    area = manners.askable(window)
    first = Ask.first(report, area)
    means = (
        "this portal ignores the filter; everything was walked and selected here"
        if area is None
        else "this portal ignores times of day; whole days were walked and selected here"
    )
    found = _Findings()
    before: Walk | None = None
    budget = Budget()
    while found.walks < WALKS and (not budget.is_set or budget.left > 0):
        most = budget.left if budget.is_set else 1_000_000
        walked = yield from walk(first, manners, in_order=True, most=most)
        budget.spend(walked)
        found.join(walked)
        if area is not None and walked.outside(area):
            manners.distrust(first.form)
            return (yield from _by_selection(report, window, manners))
        if walked.repeats:
            note = f"{means}; every page repeats the first"
            return found.settled(report, window, note, proven=False)
        if before is not None and _agree(before, walked, manners):
            return found.settled(report, window, f"{means}; two walks agree", proven=True)
        before = walked
    return found.settled(report, window, f"{means}; walks did not agree", proven=False)


def _agree(one: Walk, two: Walk, manners: Manners) -> bool:
    totals = one.totals + two.totals
    return (
        _standing(one, manners) == _standing(two, manners)
        and totals == sorted(totals)
        and all(len(w.listed) >= w.totals[0] for w in (one, two) if w.totals)
    )


def _standing(walked: Walk, manners: Manners) -> set[RecordingId]:
    """Rows that were there when the run began: later ones may differ between two walks."""
    return {
        id_
        for id_, listed in walked.listed.items()
        if listed.row.at is None or listed.row.at <= manners.stands_at
    }


def _empty(found: _Findings, first: Ask, manners: Manners) -> Steps[Listing | None]:
    """Decide whether an empty answer means anything: a side not understood means *now*.

    It does if the same form of filter returned rows in this run, or returns them for a time at
    which the portal is known to have a row. ``None``: this form of filter is not honoured.
    """
    report, window, form = first.report, first.window, first.form
    if window is None:
        raise ValueError("without a window there is no filter to doubt")
    if form not in manners.believed:
        if manners.known_row_at is None:
            note, proven = yield from _find_known_row(report, manners)
            if manners.known_row_at is None:
                return found.settled(report, window, note, proven=proven)
        known = manners.known_row_at
        control = Window.day(known.date()) if form is Form.DAYS else Window.around(known)
        tested = yield from walk(Ask(report, control, form), manners, most=1)
        if not tested.listed or tested.outside(control) or known in window:
            manners.distrust(form)
            return None
        manners.believed.add(form)
    return found.settled(report, window, "empty, by a filter seen to work", proven=True)


def _find_known_row(report: Report, manners: Manners) -> Steps[tuple[str, bool]]:
    """Look for a row of the past on the unfiltered first page; else say what its lack proves."""
    everything = yield from walk(Ask.first(report, None), manners, most=1)
    times = [listed.row.at for listed in everything.listed.values() if listed.row.at]
    manners.known_row_at = max((at for at in times if at <= manners.stands_at), default=None)
    if not everything.listed and not any(everything.totals):
        return "the portal lists nothing at all", True
    return "empty, and no known row to test the filter with", False


def honours(manners: Manners) -> str:
    """Say in words what of the filter the portal honours."""
    return {
        Honoured.TIMES: "dates and times of day",
        Honoured.DAYS: "dates only",
        Honoured.NOTHING: "nothing: it ignores the filter",
    }[manners.honoured]
