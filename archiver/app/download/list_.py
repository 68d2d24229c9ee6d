"""Listing what the portal has of a window, and whether that is all: the use case."""

from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from archiver.app.opening.context import Context
from archiver.app.opening.portal.portals import connect
from archiver.app.opening.windows import WindowRequest
from archiver.domain.quantities import counted
from archiver.domain.recordings import Essential, Report, Row
from archiver.domain.times.window import EARLIEST, Window
from archiver.errors import ExitCode
from archiver.listing.slices import clip_to_cutoff, list_slices
from archiver.portal.proving.odd_rows import reason_of
from archiver.portal.proving.portal_behaviour import Honoured, PortalBehaviour
from archiver.portal.proving.walk import Listed, RowKey, keyed
from archiver.portal.proving.window_listing import Listing
from archiver.portal.session import open_report
from archiver.pull.events import Announce, Began, unheard

TODAY = WindowRequest(day="today")


class ListRequest(Struct, frozen=True):
    """Which window of which report is listed: today's recordings, unless others are named."""

    window: WindowRequest = TODAY
    report: Report = Report.RECORDINGS


class OddRow(Struct, frozen=True):
    """A row that can't be read: its id, or the hash of its text, and the reason in words."""

    id: str
    reason: str


class ListedSlice(Struct, frozen=True):
    """A part of the window, in the portal's time: its rows that are new, oldest first.

    ``odd`` are those of them that can't be read, or whose time can't. Where it isn't ``proven``
    that there are no more, ``note`` says why.
    """

    window: Window
    rows: tuple[Row, ...]
    odd: tuple[OddRow, ...]
    proven: bool
    note: str


class ListResult(Struct, frozen=True):
    """What a listing came to: how many rows, each counted once, and how many can't be read.

    ``proven`` tells that there are no more; ``honoured`` what of the filter the portal honours.
    """

    rows: int
    odd: int
    proven: bool
    honoured: Honoured

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where the listing is proven, and with it that every row can be read."""
        return ExitCode.CLEAN if self.proven else ExitCode.FINDINGS


Take = Callable[[ListedSlice], None]


def list_recordings(
    request: ListRequest, context: Context, take: Take, announce: Announce = unheard
) -> ListResult:
    """List a window, slice by slice, and have the caller ``take`` each; downloads nothing.

    ``announce`` hears once, by :class:`archiver.pull.events.Began`, how the window was understood.
    Raises :class:`UsageError` for a window that can't be, :class:`archiver.errors.ArchiverError`
    where the portal can't be asked.
    """
    report, window = request.report, request.window
    if not window.is_named:
        window = replace(window, day="today")
    with connect(context) as connections:
        client = connections.client
        zone, session = open_report(client, report, context.settings.portal.utc_offset)
        for words in window.unsure(zone):
            context.listener.say(words, "noticed")
        clipped = clip_to_cutoff(window.by(zone), session)
        announce(Began(clipped, zone.offset.minutes, zone.offset.source))
        behaviour = session.behaviour()
        listings = list_slices(client, report, clipped, behaviour)

        def so_far() -> str:
            return counted(client.requests, "request")

        with context.listener.waiting(f"listing {report.value}", so_far):
            return count(listings, take, behaviour)


def count(listings: Iterable[Listing], take: Take, behaviour: PortalBehaviour) -> ListResult:
    """Have every row taken once, as the slices come, and count them."""
    known: set[RowKey] = set()
    proven, odd = True, 0
    for listing in listings:
        rows = keyed(listing.listed)
        new = sorted((rows[key] for key in rows.keys() - known), key=lambda each: _age(each.row))
        known |= rows.keys()
        unread = tuple(OddRow(each.row.id, why) for each in new if (why := _unread(each)))
        odd += len(unread)
        proven = proven and listing.proven
        shown = tuple(each.row for each in new)
        take(ListedSlice(listing.window, shown, unread, listing.proven, listing.note))
    return ListResult(len(known), odd, proven and not odd, behaviour.filter_support)


def _unread(listed: Listed) -> str:
    """Say why a row, or when it was, can't be read; nothing of one that can."""
    return reason_of(listed) or listed.row.unread.get(Essential.TIME, "")


def _age(row: Row) -> tuple[datetime, str]:
    return row.at or EARLIEST, row.id
