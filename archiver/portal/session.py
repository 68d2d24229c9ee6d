"""The first look at a portal: its clock, its time zone, rows that it surely has."""

from contextlib import suppress
from datetime import datetime, timedelta

from msgspec import Struct

from archiver.domain.recordings import Report
from archiver.domain.times import portal_zone as zone
from archiver.domain.times.clocks import MAY_DIFFER, Clocks
from archiver.domain.times.portal_offsets import nearest
from archiver.domain.times.portal_zone import Offset
from archiver.domain.times.window import SECOND, Window
from archiver.portal.client import Client
from archiver.portal.filter_clock.opening import opening_shift
from archiver.portal.http_errors import AnswerNotUnderstood
from archiver.portal.proving.narrowing import newest_readable
from archiver.portal.proving.page_query import FilterForm, PageQuery
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.slicing import drive
from archiver.portal.proving.walk import SECOND_PAGE, Listed
from archiver.portal.proving.witnesses import Witness, Witnesses
from archiver.portal.wire.answers import Page

STANDING_S = 5
"""Rows are taken to stand still up to this long before the portal's own time."""
MOST_AHEAD = timedelta(hours=14)
"""No zone is further ahead of UTC."""
SUMMER = timedelta(hours=1)
"""So far may rows be ahead of an offset that knows no summer time."""


class PortalSession(Struct, frozen=True):
    """What one unfiltered page told. ``now`` is the portal's wall clock, naive.

    It is what ``clocks`` say, in the zone of ``offset``; where those are doubtful, up to the newest
    row that can have happened by either. ``listed_by_time`` is a row that was asked for by its very
    second, and listed.
    """

    page: Page
    ask: PageQuery
    offset: Offset
    is_fixed: bool
    clocks: Clocks
    listed_by_time: Witness | None = None

    @property
    def now(self) -> datetime:
        """The portal's present wall clock, as far as it can be known."""
        believed = self._wall(self.clocks.now)
        if self.clocks.agree and self.offset.source != "default":
            return believed
        latest = self._latest
        past = [row.at for row in self.page.rows if row.at and row.at <= latest]
        newest = max(past, default=None)
        return max(believed, newest + timedelta(seconds=STANDING_S + 1)) if newest else believed

    @property
    def stands_at(self) -> datetime:
        """The last second that a listing of this run may reach."""
        return (self.now - timedelta(seconds=STANDING_S)).replace(microsecond=0)

    def may_go_on(self, window: Window) -> bool:
        """Whether a window, or a day in it, is over by an assumed zone, and not furthest west.

        Of a portal that shows no row, no listing is believed by itself.
        """
        is_assumed = self.offset.source == "default" and bool(self.page.rows)
        furthest = self.clocks.now.replace(tzinfo=None) + timedelta(minutes=zone.WESTMOST)
        over = Window(furthest, self.stands_at)
        ends = (window.last, Window.day(self.stands_at.date()).first - SECOND)
        return is_assumed and any(each in window and each in over for each in ends)

    @property
    def too_new(self) -> datetime | None:
        """The time of a row that has not happened by any clock, ``None`` without one."""
        late = self._latest + SUMMER + MAY_DIFFER
        return max((row.at for row in self.page.rows if row.at and row.at > late), default=None)

    @property
    def is_of_first_page(self) -> bool:
        """Whether the first page could be read: else another one stands for it."""
        return self.ask.page == 1 and self.ask.window is None

    @property
    def listed(self) -> tuple[Listed, ...]:
        """The page's rows, newest first."""
        return tuple(Listed(row, self.ask) for row in self.page.rows)

    def offsets_at(self, moment: datetime) -> tuple[int, ...]:
        """Return the minutes east of UTC that the portal may have had at a moment of UTC.

        One where it is set, or where the page has rows on both sides of it that agree. Else it may
        have been an hour more or less, by a change of clocks; where no row tells, any zone's.
        """
        return (self.offset.minutes,) if self.is_fixed else self.offsets_by_ids_at(moment)

    def offsets_by_ids_at(self, moment: datetime) -> tuple[int, ...]:
        """Return the same for who goes by what each row's own id tells, whatever is set."""
        if self.offset.source == "default":
            return zone.WESTMOST, zone.EASTMOST
        rows = sorted((row.at, row.id) for row in self.page.rows if row.at)
        near = nearest(reversed(rows), rows, moment)
        known = {self.offset.minutes, *near.shown}
        if near.is_between and (len(known) == 1 or not self.is_fixed):
            return near.shown
        return min(known) - zone.CHANGE_MIN, max(known) + zone.CHANGE_MIN

    def offset_of(self, at: datetime | None, id_: str) -> Offset:
        """Return the offset of one row: its own where its id tells it, else the run's."""
        return zone.offset_of(at, id_, self.offset, fixed=self.is_fixed)

    def behaviour(self, held: tuple[Witness, ...] = ()) -> PortalBehaviour:
        """Begin to learn this portal's manners, with rows to test its filter by.

        ``held`` are those that the archive has, and that must be listed.
        """
        stands_at = self.stands_at  # worked out of all rows: of a page without pages, very many
        shown = tuple(
            Witness(row.id, row.at)
            for row in self.page.rows
            if row.at is not None and row.at <= stands_at
        )
        is_bare = not self.page.rows and not self.page.total
        shown_from = self.page.oldest_in_order if self.is_of_first_page else None
        behaviour = PortalBehaviour(
            stands_at, witnesses=Witnesses(held, shown, is_bare, shown_from)
        )
        if self.listed_by_time is not None:
            behaviour.tested.add(FilterForm.TIMES)
            behaviour.believe(FilterForm.TIMES, {self.listed_by_time.id})
        return behaviour

    @property
    def _latest(self) -> datetime:
        """The portal's wall clock by the later clock; a zone that is only assumed may be wrong.

        East of UTC, rows lie in the future of an assumed clock; cut off there they would be missed.
        """
        ahead = MOST_AHEAD if self.offset.source == "default" else timedelta()
        return self._wall(self.clocks.latest) + ahead

    def _wall(self, moment: datetime) -> datetime:
        return (moment + timedelta(minutes=self.offset.minutes)).replace(tzinfo=None)


def open_session(
    client: Client, report: Report, utc_offset: int | None, *, for_rows: bool = False
) -> PortalSession:
    """Ask for the unfiltered first page and read the portal's clock and zone from it.

    ``utc_offset`` (minutes) is a setting that overrides what the rows' version 1 ids say. Who looks
    ``for_rows`` by their ids misses none that the filter's clock might hide unseen: what that is
    need not be found out, unless the rows' own times say that it may be another.
    """
    ask = PageQuery.first(report, None)
    page, ask = _readable(client, ask)
    if not page.rows:  # it tells the zone and the clock, so it is not believed at once
        (page,) = client.fetch((ask,))
    found = drive(opening_shift(report, page, only_zoned=for_rows), client.fetch_unmoved)
    if found is not None:
        client.row_clock.open(found)
    return PortalSession(
        page,
        ask,
        _offset(page, utc_offset),
        utc_offset is not None,
        client.clock.read(),
        None if found is None else found.opened_by,
    )


def _readable(client: Client, first: PageQuery) -> tuple[Page, PageQuery]:
    """Return the first page of an ask, or one that can be read in its place.

    That is the second page, or where there is none, the newest window that has rows.
    """
    try:
        return client.fetch((first,))[0], first
    except AnswerNotUnderstood as error:
        second = first.at(SECOND_PAGE)
        with suppress(AnswerNotUnderstood):
            (page,) = client.fetch((second,))
            if page.rows:
                return page, second
        now = client.now().replace(tzinfo=None)
        return newest_readable(first.report, now + MOST_AHEAD, client.fetch, error)


def open_report(
    client: Client, report: Report, utc_offset: int | None
) -> tuple[PortalSession, PortalSession]:
    """Return what tells the portal's zone, and the opening of ``report``.

    Recordings tell the zone, whatever is listed: they are dated by the moment that is in their id,
    but calls by their end, while their id holds their start.
    """
    zone_from = open_session(client, Report.RECORDINGS, utc_offset)
    if report is Report.RECORDINGS:
        return zone_from, zone_from
    return zone_from, open_session(client, report, zone_from.offset.minutes)


def _offset(page: Page, utc_offset: int | None) -> Offset:
    if utc_offset is not None:
        return Offset(utc_offset, "set")
    inferred = zone.infer((row.at, row.id) for row in page.rows)
    return Offset(0, "default") if inferred is None else Offset(inferred, "inferred")
