"""Getting one or a few recordings now: finding them, and fetching each into a plain file."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from msgspec import Struct

from archiver.audio.measure import measure
from archiver.audio.verdict import judge
from archiver.catalog.call_words import words_in
from archiver.catalog.numbers import fits
from archiver.catalog.recording_rows import told_in
from archiver.domain.audio_facts import Facts
from archiver.domain.outcomes import Judgement, Tolerance
from archiver.domain.recordings import Essential, RecordingId, Report, Row
from archiver.domain.times import portal_zone as zone
from archiver.domain.times.window import Window
from archiver.errors import LinkExpired, RecordingError, TryAgain, UsageError
from archiver.filters.caseless import caseless
from archiver.filters.filters import NumberPattern
from archiver.filters.short_ids import begins, covers, id_in, meant
from archiver.get.output_files import Draft
from archiver.listing.slices import clip_to_cutoff, list_slices
from archiver.media.media_client import MediaClient
from archiver.portal.client import Client
from archiver.portal.proving.odd_rows import odd_of
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.walk import Listed, RowKey, keyed
from archiver.portal.session import PortalSession
from archiver.pull.job.fetch import Download, Downloader, is_better
from archiver.pull.job.links import Links
from archiver.store.os_errors import map_os_errors

AROUND_S = 5
"""A version 1 id and its row's time agree to the second; this much is looked at around it."""
SUMMER_S = 3_600 + AROUND_S
"""Where the portal's clock may have stood when the id was made, if its zone has summer time."""
_ENDS = ("call_from", "call_to")
ANY_ZONE_S = 14 * 3_600 + AROUND_S
"""The same where nothing tells the portal's zone."""


class SearchTerms(Struct, frozen=True):
    """What is looked for: one of the ids, one of the numbers, one of the agents that are given.

    ``ids`` are whole, the beginning of one, or the name of a file; ``agents`` are any part of the
    name, whatever its case. ``moments`` are the window in UTC, where it was given so: a row goes by
    what its own id tells of the portal's clock, else by the ``utc_offset`` that is set.
    """

    ids: tuple[str, ...] = ()
    numbers: tuple[NumberPattern, ...] = ()
    agents: tuple[str, ...] = ()
    window: Window | None = None
    moments: Window | None = None
    utc_offset: int | None = None

    def fits(self, row: Row) -> bool:
        """Whether a row is wanted, by its id, its time, its numbers and its agent."""
        by_id = not self.ids or any(self._may_mean(each, row.id) for each in self.ids)
        served = [row.fields.get(name) for name in _ENDS]
        pairs = itertools.product(self.numbers, served)
        by_number = not self.numbers or any(fits(one, other) for one, other in pairs)
        agent = caseless(words_in(row.fields, "agent") or "")
        by_agent = not self.agents or any(caseless(part) in agent for part in self.agents)
        return by_id and by_number and by_agent and self.is_then(row.at, row.id)

    def is_then(self, at: datetime | None, id_: str) -> bool:
        """Whether what is dated so is of the moments that are wanted, or may be."""
        own = zone.own_offset(at, id_)
        minutes = self.utc_offset if own is None else own
        if self.moments is None or at is None or minutes is None:
            return True
        return at - timedelta(minutes=minutes) in self.moments

    def meant(self, found: Iterable[RecordingId]) -> set[RecordingId]:
        """Return which of the found ids are wanted: all, where none is named."""
        ids = [*found]
        return {id_ for text in self.ids for id_ in meant(text, ids)} if self.ids else {*ids}

    def _may_mean(self, text: str, id_: RecordingId) -> bool:
        """Whether a text is, or begins, that id; digits may be one that lies outside a window."""
        return covers(text, id_) or (self.window is not None and begins(text, id_))

    def may_fit(self, row: Row) -> bool:
        """Whether a row that does not fit tells not who talked, or in a form that can't be read."""
        told = told_in(row.fields, row.reported_ms)
        by_number = bool(self.numbers) and not told.tells_numbers
        by_agent = bool(self.agents) and not told.tells_agent
        return (by_number or by_agent) and not self.fits(row)


class Search(Struct, frozen=True):
    """What was found, oldest first; ``proven`` tells that there is no more of it."""

    listed: tuple[Listed, ...]
    proven: bool


def find(client: Client, session: PortalSession, wanted: SearchTerms) -> Search:
    """Find what is wanted at the portal, in as few requests as it allows.

    An id of version 1 dates itself; other ids need a window. One that is named is listed in any
    case, as several recordings may have one id: that is why one whose row is of another time is
    looked for at its own as well. Raises :class:`UsageError` when there is nothing to look in.
    """
    looking = _Looking(client, session, wanted, session.behaviour())
    if wanted.window is not None:
        looking.in_window(wanted.window)
    elif wanted.ids:
        missing = [_made(text, session) for text in sorted(looking.missing)]
        for made in (*missing, *looking.elsewhere):
            looking.around(made)
    undated = session.stands_at
    ids = wanted.meant(looking.ids)
    found = [one for one in looking.found.values() if one.row.id in ids]
    listed = sorted(found, key=lambda one: (one.row.at or undated, one.row.id))
    complete = wanted.ids and not looking.missing and not looking.elsewhere
    return Search(tuple(listed), proven=bool(complete or looking.proven))


class _Made(Struct, frozen=True):
    """An id that dates itself, and the portal time of its making by the offset of today."""

    id: RecordingId
    at: datetime


@dataclass(slots=True)
class _Looking:
    """One search at one portal: what it has found so far, beginning with the opening page."""

    client: Client
    session: PortalSession
    wanted: SearchTerms
    behaviour: PortalBehaviour
    proven: bool = True
    found: dict[RowKey, Listed] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        window = None if self.wanted.ids else self.wanted.window
        self._add(
            listed for listed in self.session.listed if window is None or listed.row.at in window
        )

    @property
    def ids(self) -> set[RecordingId]:
        """The ids of what is found; some portals have one id on several rows."""
        return {listed.row.id for listed in self.found.values()}

    @property
    def missing(self) -> set[str]:
        """What is wanted by its id and was not found yet."""
        ids = self.ids
        return {each for each in self.wanted.ids if not meant(each, ids)}

    @property
    def elsewhere(self) -> tuple[_Made, ...]:
        """The ids that are wanted and date themselves, of which no row of that time was found.

        They are another recording's as well, unless the portal dates its rows otherwise. A window
        that was asked for has nothing of another time.
        """
        if not self.wanted.ids or self.wanted.window is not None:
            return ()
        dated = (_dated(id_, self.session) for id_ in sorted(self.wanted.meant(self.ids)))
        return tuple(made for made in dated if made is not None and not self._has(made))

    def around(self, made: _Made) -> None:
        """Look at a few seconds: one request, where the portal honours times of day.

        If it isn't there, the portal's clock may have been set otherwise on that day.
        """
        if self._has(made):
            return
        ask = PageQuery.first(Report.RECORDINGS, Window.around(made.at, AROUND_S))
        (page,) = self.client.fetch((ask,))
        self._add(Listed(row, ask) for row in page.rows)
        wide = self._near(made)
        if not self._has(made) and wide.first <= self.session.stands_at:
            self.in_window(wide)

    def _has(self, made: _Made) -> bool:
        """Whether a row of that id was found that is of the time which the id tells."""
        near = self._near(made)
        rows = (listed.row for listed in self.found.values() if listed.row.served == made.id)
        return any(row.at is not None and row.at in near for row in rows)

    def _near(self, made: _Made) -> Window:
        """Return when its row may be, by whichever clock the portal had at its making."""
        slack = ANY_ZONE_S if self.session.offset.source == "default" else SUMMER_S
        return Window.around(made.at, slack)

    def in_window(self, window: Window) -> None:
        """Look through a proven listing."""
        window = clip_to_cutoff(window, self.session)
        for listing in list_slices(self.client, Report.RECORDINGS, window, self.behaviour):
            may_be_it = not self.wanted.ids and bool(odd_of(listing))
            self.proven = self.proven and listing.proven and not may_be_it
            self._add(
                listed
                for listed in listing.listed
                if listed.row.at is None or listed.row.at in window
            )

    def _add(self, rows: Iterable[Listed]) -> None:
        every = [*rows]
        self.proven = self.proven and not any(self.wanted.may_fit(each.row) for each in every)
        self.found |= keyed(listed for listed in every if self.wanted.fits(listed.row))


def _made(text: str, session: PortalSession) -> _Made:
    id_ = RecordingId(id_in(text))
    made = _dated(id_, session)
    if made is None:
        raise UsageError(
            f"The id {id_} does not tell when it was made.",
            advice="Check that it is whole, or give its day: --day DATE.",
        )
    return made


def _dated(id_: RecordingId, session: PortalSession) -> _Made | None:
    moment = zone.moment(id_)
    if moment is None:
        return None
    local = moment + timedelta(minutes=session.offset.minutes)
    return _Made(id_, local.replace(tzinfo=None))


class FetchedFile(Struct, frozen=True):
    """The draft that a recording was fetched into, and what it is."""

    place: Draft
    sha256: str
    facts: Facts
    judgement: Judgement


class Fetcher(Struct, frozen=True):
    """Fetches and judges single recordings, with fresh links as they are needed."""

    client: Client
    media: MediaClient
    session: PortalSession
    tolerance: Tolerance

    def fetch(self, listed: Listed, place: Draft, spare: Draft) -> FetchedFile:
        """Fetch into ``place``, and once more into ``spare`` what is not surely good.

        Bytes that are proven are fetched once. Raises what
        :class:`archiver.pull.job.fetch.Downloader` raises.
        """
        links = Links(
            (listed,),
            fetch=self.client.fetch,
            behaviour=self.session.behaviour(),
            now=self.client.now,
        )
        fetching = Downloader(listed.row, links, self.media)
        got = fetching.into(place.file)
        first = self._judged(place, listed.row, got)
        if first.judgement.is_sure or got.fetched.md5_proven:
            return first
        try:
            again = fetching.into(spare.file, with_fresh_link=True)
        except (TryAgain, LinkExpired, RecordingError):
            return first
        second = self._judged(spare, listed.row, again)
        return second if is_better(second, first) else first

    def _judged(self, place: Draft, row: Row, got: Download) -> FetchedFile:
        with map_os_errors("writing a temporary file"):
            place.file.flush()
            facts = measure(place.path)
        judgement = judge(
            facts,
            row.reported_ms,
            self.tolerance,
            unread=row.unread.get(Essential.LENGTH),
            length_proven=got.fetched.length_proven,
        )
        return FetchedFile(place, got.fetched.sha256, facts, judgement)
