"""Finding rows again, for a fresh link: by their own second, or where they were last seen."""

from archiver.portal.paging import Ask, Form, Honoured, Listed, Manners, Steps, walk
from archiver.recordings import RecordingId, Report
from archiver.windows import Window

NEAR = (0, 1, 2, -1)
"""Pages to look at, from where a row was seen: new rows push it towards later pages."""
MAX_PAGES_OF_A_SECOND = 20


def find_again(report: Report, listed: Listed, manners: Manners) -> Steps[Listed | None]:
    """Ask for one row again; ``None`` if the portal no longer lists it there."""
    row = listed.row
    if row.at is not None and manners.honoured is Honoured.TIMES:
        second = Ask(report, Window.around(row.at), Form.TIMES)
        found = yield from walk(second, manners, most=MAX_PAGES_OF_A_SECOND)
        return found.listed.get(row.id)
    for step in NEAR:
        number = listed.ask.page + step
        if number >= 1:
            ask = listed.ask.at(number)
            (page,) = yield (ask,)
            for other in page.rows:
                if other.id == row.id:
                    return Listed(other, ask)
    return None


def list_again(
    report: Report, rest: tuple[Listed, ...], manners: Manners
) -> Steps[dict[RecordingId, Listed]]:
    """Ask again for the rest of a slice, in as few pages as hold it; no proof is sought."""
    times = [listed.row.at for listed in rest if listed.row.at is not None]
    wanted = {listed.row.id for listed in rest}
    if manners.honoured is Honoured.TIMES and times:
        span = Window(min(times), max(times))
        found = yield from walk(Ask(report, span, Form.TIMES), manners, most=2 * len(rest) + 2)
        return {id_: listed for id_, listed in found.listed.items() if id_ in wanted}
    asks = tuple(dict.fromkeys(listed.ask for listed in rest))
    pages = yield asks
    return {
        row.id: Listed(row, ask)
        for ask, page in zip(asks, pages, strict=True)
        for row in page.rows
        if row.id in wanted
    }
