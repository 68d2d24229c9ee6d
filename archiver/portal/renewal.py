"""Finding rows again, for a fresh link: by their own second, or where they were last seen.

Some portals give one id to two recordings, so the id alone never tells which row is meant.
"""

from collections import defaultdict
from collections.abc import Iterable

from msgspec.structs import replace

from archiver.domain.recordings import RecordingId, Report, Row
from archiver.domain.row.fingerprint import found_again
from archiver.domain.times.window import Window
from archiver.portal.proving.page_query import FilterForm, PageQuery, QueryPlan
from archiver.portal.proving.portal_behaviour import Honoured, PortalBehaviour
from archiver.portal.proving.walk import Listed, RequestBudget, walk

MAX_STEPS = 20
"""Requests that looking for one row, or walking one second, may cost."""
ROOM = 16_000_000
"""Bytes of memory that walking one second may take: several rows are looked for at once."""


def find_again(
    report: Report, listed: Listed, behaviour: PortalBehaviour
) -> QueryPlan[Listed | None]:
    """Ask for one row again; ``None`` if the portal no longer lists it there.

    Its own second is not the last word: a portal blind to times of day shows other rows for it, or
    none. A row found only where it was last seen shows that this is such a portal.
    """
    row = listed.row
    if row.at is None or behaviour.filter_support is not Honoured.TIMES:
        return (yield from _near(listed))
    second = PageQuery(report, Window.around(row.at).overlapping, FilterForm.TIMES)
    found = yield from walk(second, behaviour, RequestBudget(least=MAX_STEPS, room=ROOM))
    renewed = _renewed(row, found.listed.values())
    if renewed is not None:
        return renewed
    again = yield from _near(listed)
    if again is not None:
        behaviour.distrust(FilterForm.TIMES)
    return again


def _near(listed: Listed) -> QueryPlan[Listed | None]:
    """Look at the page where a row was last seen, then towards where it must be by its time."""
    ask, tried = listed.ask, set[int]()
    while ask.page not in tried and len(tried) < MAX_STEPS:
        tried.add(ask.page)
        (page,) = yield (ask,)
        renewed = _renewed(listed.row, (Listed(row, ask) for row in page.rows))
        if renewed is not None:
            return renewed
        ask = ask.at(max(1, ask.page + _step(listed.row, page.rows)))
    return None


def _step(wanted: Row, rows: tuple[Row, ...]) -> int:
    """Return which way to turn: rows are newest first, and new ones push the others on."""
    times = [row.at for row in rows if row.at is not None]
    is_passed = not rows or (wanted.at is not None and times and max(times) < wanted.at)
    return -1 if is_passed else 1


def list_again(
    report: Report, rest: tuple[Listed, ...], behaviour: PortalBehaviour
) -> QueryPlan[dict[RecordingId, Listed]]:
    """Ask again for the rest of a slice, in as few pages as hold it; no proof is sought."""
    times = [listed.row.at for listed in rest if listed.row.at is not None]
    if behaviour.filter_support is Honoured.TIMES and times:
        span = Window(min(times), max(times)).overlapping
        walked = yield from walk(
            PageQuery(report, span, FilterForm.TIMES), behaviour, RequestBudget(least=2)
        )
        listed = [*walked.listed.values()]
    else:
        asks = tuple(dict.fromkeys(listed.ask for listed in rest))
        pages = yield asks
        on_pages = zip(asks, pages, strict=True)
        listed = [Listed(row, ask) for ask, page in on_pages for row in page.rows]
    by_id: defaultdict[RecordingId, list[Listed]] = defaultdict(list)
    for each in listed:
        by_id[each.row.id].append(each)
    renewed = (_renewed(each.row, by_id[each.row.served]) for each in rest)
    return {each.row.id: each for each in renewed if each is not None}


def _renewed(wanted: Row, listed: Iterable[Listed]) -> Listed | None:
    """Return where a row is listed now, under the id that it goes by."""
    same = [each for each in listed if each.row.id == wanted.served]
    again = found_again(wanted, [each.row for each in same])
    if again is None:
        return None
    named = replace(same[again].row, id=wanted.id, alias_of=wanted.alias_of)
    return replace(same[again], row=named)
