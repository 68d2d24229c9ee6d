"""The windows of a run as the portal lists them, in slices that fit the life of their links."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from archiver.catalog import Catalog
from archiver.domain.recordings import Report
from archiver.domain.times.window import SECOND, Window
from archiver.errors import TryAgain, UsageError
from archiver.media.link import parse as parse_link
from archiver.portal.client import Client
from archiver.portal.http_errors import AnswerNotUnderstood
from archiver.portal.proving.narrowing import narrowed
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.slicing import slices
from archiver.portal.proving.walk import Listed
from archiver.portal.proving.window_listing import Listing
from archiver.portal.proving.witnesses import Witness
from archiver.portal.session import PortalSession
from archiver.portal.wire.answers import Page

SHORT_LIFE_S = 1_200
SLICE_ROWS = 300
PAGE_ROWS = 15

WEEKS, APART = timedelta(days=50), timedelta(days=5)
"""So long before what is listed rows of the archive may be asked for, one for so many days."""


def slice_rows(link_life_s: float | None) -> int:
    """Return how many rows a slice may have, so that its links can all be begun in time.

    An hour's links allow 300 rows; links that live seconds only a page.
    """
    if link_life_s is None or link_life_s >= SHORT_LIFE_S:
        return SLICE_ROWS
    return max(PAGE_ROWS, int(SLICE_ROWS * link_life_s / SHORT_LIFE_S))


def spanning(windows: Sequence[Window]) -> Window:
    """Return the smallest window around all of these."""
    return Window(min(each.first for each in windows), max(each.last for each in windows))


def clip_to_cutoff(window: Window, session: PortalSession) -> Window:
    """Cut a window off where the portal's rows stop standing still."""
    if window.first > session.stands_at:
        raise UsageError(
            f"The window {window} has not begun: at the portal it is {session.now:%Y-%m-%d %H:%M}.",
            advice="Name a window of the past.",
        )
    return Window(window.first, min(window.last, session.stands_at))


def witnesses(catalog: Catalog, report: Report) -> tuple[Witness, ...]:
    """Return a few rows of a report that the archive has, which the portal must list."""
    return tuple(Witness(id_, at) for id_, at in catalog.rows.newest(report))


def spread_rows(catalog: Catalog, report: Report, windows: Sequence[Window]) -> tuple[Witness, ...]:
    """Return rows of some weeks before the windows, and since, that show the filter's clock."""
    since = spanning(windows).reaching_back(WEEKS).first
    return tuple(Witness(id_, at) for id_, at in catalog.rows.spread(report, since, APART))


def list_windows(
    client: Client, report: Report, windows: Sequence[Window], behaviour: PortalBehaviour
) -> Iterator[Listing]:
    """Yield the listings of the windows, one window after the other.

    One of several that can't be read is a listing without proof, and ends nothing, as long as the
    portal answers at all. Raises :class:`TryAgain` when it doesn't.
    """
    for window in windows:
        try:
            yield from list_slices(client, report, window, behaviour)
        except TryAgain as error:
            if len(windows) == 1:
                raise
            client.fetch((PageQuery.first(report, None),))
            yield Listing(report, window, (), None, 0, proven=False, note=error.message)


def list_slices(
    client: Client, report: Report, window: Window, behaviour: PortalBehaviour
) -> Iterator[Listing]:
    """Yield the window's listings, in slices that fit the life of the links in them.

    Around an answer that can't be read, the rest is one more listing, without proof.
    """
    rest: Window | None = window
    behaviour.begin(window, client.row_clock.take_shown(report))
    try:
        for listing in slices(
            report,
            window,
            behaviour,
            fetch=client.fetch,
            most_rows=_rows_for_links,
            is_young=lambda page: has_young_links(page, client.now()),
        ):
            rest = _behind(listing.window, window)
            yield listing
    except AnswerNotUnderstood as error:
        if rest is not None:
            yield narrowed(report, rest, behaviour, client.fetch, error)


def _behind(part: Window, whole: Window) -> Window | None:
    """Return what follows a part of a window, ``None`` at its end."""
    return Window(part.last + SECOND, whole.last) if part.last < whole.last else None


def _rows_for_links(first_page: tuple[Listed, ...]) -> int:
    lives = [
        life
        for listed in first_page
        if listed.row.link and (life := parse_link(listed.row.link).life_s) is not None
    ]
    return slice_rows(min(lives, default=None))


def has_young_links(page: Page, now: datetime) -> bool:
    """Whether the links on a page are as good as new; of one without any, nothing tells its age."""
    links = [row.link for row in page.rows if row.link]
    return bool(links) and all(parse_link(link).is_young(now) for link in links)
