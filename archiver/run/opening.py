"""The first look at a portal: its clock, its time zone, a row it surely has."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from archiver import zone
from archiver.portal.client import Client
from archiver.portal.paging import Ask, Listed, Manners
from archiver.portal.wire import Page
from archiver.recordings import Report
from archiver.zone import Offset

STANDING_S = 5
"""Rows are taken to stand still up to this long before the portal's own time."""


MOST_AHEAD = timedelta(hours=14)
"""No zone is further ahead of UTC."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What one unfiltered page told. ``now`` is the portal's wall clock, naive."""

    page: Page
    ask: Ask
    offset: Offset
    is_fixed: bool
    now: datetime

    @property
    def stands_at(self) -> datetime:
        """The last second that a listing of this run may reach."""
        return (self.now - timedelta(seconds=STANDING_S)).replace(microsecond=0)

    @property
    def listed(self) -> tuple[Listed, ...]:
        """The page's rows, newest first."""
        return tuple(Listed(row, self.ask) for row in self.page.rows)

    def offset_of(self, at: datetime | None, id_: str) -> Offset:
        """Return the offset of one row: its own where its id tells it, else the run's."""
        return zone.offset_of(at, id_, self.offset, fixed=self.is_fixed)

    def manners(self) -> Manners:
        """Begin to learn this portal's manners, with a row to test its filter by."""
        past = [row.at for row in self.page.rows if row.at and row.at <= self.stands_at]
        return Manners(self.stands_at, known_row_at=max(past, default=None))


def open_portal(client: Client, report: Report, utc_offset: int | None) -> Opening:
    """Ask for the unfiltered first page and read the portal's clock and zone from it.

    ``utc_offset`` (minutes) is a setting that overrides what the rows' version 1 ids say.
    """
    ask = Ask.first(report, None)
    (page,) = client.fetch((ask,))
    offset = _offset(page, utc_offset)
    by_clock = (client.now() + timedelta(minutes=offset.minutes)).replace(tzinfo=None)
    return Opening(page, ask, offset, utc_offset is not None, _latest(by_clock, page, offset))


def _latest(by_clock: datetime, page: Page, offset: Offset) -> datetime:
    """Return the portal's wall clock: where its zone is only assumed, its newest row knows better.

    East of UTC, rows lie in the future of an assumed clock; cut off there they would be missed.
    """
    if offset.source != "default":
        return by_clock
    newest = max((row.at for row in page.rows if row.at), default=by_clock)
    is_a_zone_away = newest - by_clock <= MOST_AHEAD
    ahead = newest + timedelta(seconds=STANDING_S + 1)
    return max(by_clock, ahead) if is_a_zone_away else by_clock


def open_report(client: Client, report: Report, utc_offset: int | None) -> tuple[Opening, Opening]:
    """Return what tells the portal's zone, and the opening of ``report``.

    Recordings tell the zone, whatever is listed: they are dated by the moment that is in their id,
    but calls by their end, while their id holds their start.
    """
    zone_from = open_portal(client, Report.RECORDINGS, utc_offset)
    if report is Report.RECORDINGS:
        return zone_from, zone_from
    return zone_from, open_portal(client, report, zone_from.offset.minutes)


def _offset(page: Page, utc_offset: int | None) -> Offset:
    if utc_offset is not None:
        return Offset(utc_offset, "set")
    inferred = zone.infer((row.at, row.id) for row in page.rows)
    return Offset(0, "default") if inferred is None else Offset(inferred, "inferred")
