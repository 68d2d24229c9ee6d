"""A check-up of the portal, its media host and the archive's place; it changes nothing.

Each check says in one sentence what was found and, where a person can do something, what. A check
that needs one which failed says so instead of guessing.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from archiver.config.settings import Auth, Settings
from archiver.doctor.first_pages import check_calls, check_rows
from archiver.doctor.sampling import check_lengths, check_media, take
from archiver.domain.checks import Check, CheckStatus, not_run
from archiver.domain.quantities import counted
from archiver.domain.recordings import Report
from archiver.domain.times import portal_zone as zone
from archiver.domain.times.clocks import MAY_DIFFER, Trust
from archiver.domain.times.portal_zone import Offset
from archiver.domain.times.window import DAY, SECOND, Window
from archiver.errors import ArchiverError, TokenRefused
from archiver.media.media_client import MediaClient
from archiver.portal.client import Client
from archiver.portal.http_errors import AnswerNotUnderstood
from archiver.portal.proving.page_query import FilterForm, PageQuery
from archiver.portal.session import PortalSession, open_session
from archiver.portal.wire.answers import AnswerShape

PORTAL_ALLOWS = 1_000
"""Requests a minute, by the provider's page."""
CLOCK_MAY_DIFFER = timedelta(seconds=60)
"""So little is worth a word here; a run minds more than ``clocks.MAY_DIFFER``."""
LOCAL = ("settings", "rate", "archive", "start", "memory", "ping", "metrics")
REMOTE = (
    "portal", "token", "answer", "rows", "calls", "clock", "zone", "filter", "media", "lengths",
)  # fmt: skip


def check_rate(rate: int) -> Check:
    """Hold the set rate (requests a minute) against what the portal allows."""
    asked = counted(rate, "request")
    found = f"{asked} a minute; the portal allows {PORTAL_ALLOWS} to all its users' tools."
    if rate > PORTAL_ALLOWS:
        return Check.warn("rate", found, "Set rate = 500, so that other systems have their share.")
    return Check.ok("rate", found)


def check_ping(host: str, reason: str) -> Check:
    """Say whether pings get through to ``host``; ``reason`` says why one did not."""
    if not host:
        return Check.ok("ping", "Nobody is pinged: ping_url is not set.")
    if not reason:
        return Check.ok("ping", f"{host} takes pings.")
    advice = "Correct ping_url, or take it away: runs go on, and nobody hears of any."
    return Check.warn("ping", f"The ping to {host} failed: {reason}.", advice)


def check_metrics(path: Path | None, try_out: Callable[[Path], None]) -> Check:
    """Try the place of the metrics file as a run's end does."""
    if path is None:
        return Check.ok("metrics", "None are written: metrics is not set.")
    try:
        try_out(path)
    except OSError as error:
        found = f"The metrics file {path} can't be written: {error.strerror}."
        advice = "Make its folder, as the user that runs archiver, or correct metrics."
        return Check.warn("metrics", found, advice)
    return Check.ok("metrics", f"{path} can be written.")


class Doctor(Struct, frozen=True):
    """Checks everything that lies beyond this machine."""

    client: Client
    media: MediaClient
    settings: Settings

    def examine(self) -> Iterator[Check]:
        """Yield the checks of :data:`REMOTE`, as they are made."""
        try:
            session = open_session(self.client, Report.RECORDINGS, self.settings.portal.utc_offset)
        except ArchiverError as error:
            yield from self._not_opened(error)
            return
        yield self._reached()
        yield self._check_token()
        yield _check_answer(session)
        yield check_rows(session)
        yield self._check_calls(session)
        yield _check_clock(self.client.clock.ahead, self.settings.portal.clock)
        if not session.page.rows:
            yield from not_run(REMOTE[6:], "There is no recording to check it with.")
            return
        yield _check_zone(session)
        yield self._check_filter(session)
        samples = take(session.page.rows, self.media, self.settings.tolerance)
        yield check_media(samples)
        yield check_lengths(samples, self.settings.tolerance)

    def _not_opened(self, error: ArchiverError) -> Iterator[Check]:
        blamed = "portal"
        if isinstance(error, TokenRefused | AnswerNotUnderstood):
            blamed = "token" if isinstance(error, TokenRefused) else "answer"
            yield self._reached()
        yield Check.fail(blamed, error)
        rest = [name for name in REMOTE[1:] if name != blamed]
        yield from not_run(rest, f"The check of the {blamed} failed.")

    def _reached(self) -> Check:
        by = (
            "by TLS" if self.settings.portal.endpoint.startswith("https:") else "without encryption"
        )
        return Check.ok("portal", f"{self.settings.portal.endpoint} answers, {by}.")

    def _check_token(self) -> Check:
        if self.settings.portal.auth is Auth.AUTO and self.client.auth is Auth.QUERY:
            found = "It is refused in a header and accepted in the address."
            return Check.warn("token", found, 'Set auth = "query": it saves a refused request.')
        where = "the address" if self.client.auth is Auth.QUERY else "a header"
        return Check.ok("token", f"It is accepted in {where}.")

    def _check_calls(self, session: PortalSession) -> Check:
        if not self.settings.calls:
            return Check("calls", CheckStatus.NOT_RUN, "They are not archived: calls = no.")
        return check_calls(self.client, session.offset)

    def _check_filter(self, session: PortalSession) -> Check:
        """Ask for a known row's own day and second, and for those beside them."""
        known = session.behaviour().witnesses.surest
        if known is None:
            why = "There is no recording of the past with a time on the first page."
            return Check("filter", CheckStatus.NOT_RUN, why)
        days = Window.day(known.at.date()), Window.day(known.at.date() - DAY)
        seconds = tuple(Window.around(at).overlapping for at in (known.at, known.at + SECOND))
        try:
            dates = self._keeps(FilterForm.DAYS, *days)
            times = self._keeps(FilterForm.TIMES, *seconds)
        except ArchiverError as error:
            return Check.fail("filter", error)
        if dates and times:
            shift = self.client.row_clock.shift(Report.RECORDINGS)
            moved = shift.now if shift is not None else None
            clock = f", by a clock that is {moved} ahead of the rows'" if moved else ""
            return Check.ok("filter", f"Dates and times of day are honoured{clock}.")
        if dates:
            advice = "Nothing to do: whole days are walked instead, which is slower on busy days."
            return Check.warn("filter", "Dates are honoured, times of day are not.", advice)
        advice = "Ask the provider about the date filter: until then every run walks everything."
        return Check.warn("filter", "Dates are not honoured.", advice)

    def _keeps(self, form: FilterForm, own: Window, beside: Window) -> bool:
        """Whether a window with a row shows rows, and neither it nor its neighbour shows others."""
        windows = (own, beside)
        pages = self.client.fetch(
            tuple(PageQuery(Report.RECORDINGS, each, form) for each in windows)
        )
        strays = any(page.outside(window) for window, page in zip(windows, pages, strict=True))
        return bool(pages[0].rows) and not strays


def _check_answer(session: PortalSession) -> Check:
    page = session.page
    if page.shape is AnswerShape.FLAT:
        return Check.ok("answer", "Understood: every row at once, without pages or a total.")
    return Check.ok("answer", f"Understood: {page.shape} pages of {page.per_page} rows.")


def _check_clock(ahead: timedelta | None, trust: Trust) -> Check:
    if ahead is None:
        found = "The portal does not tell the time (it sends no Date)."
        if trust is Trust.MACHINE:
            return Check.ok("clock", f"{found} Runs go by this machine's clock.")
        advice = (
            'See that this machine\'s is right and set clock = "machine": else no run is clean.'
        )
        return Check.unclean("clock", found, advice)
    seconds = round(abs(ahead).total_seconds())
    if not seconds:
        return Check.ok("clock", "This machine and the portal agree to the second.")
    way = "behind" if ahead > timedelta() else "ahead of"
    found = f"This machine is {seconds} s {way} the portal."
    if abs(ahead) <= CLOCK_MAY_DIFFER:
        return Check.ok("clock", found)
    if abs(ahead) <= MAY_DIFFER or trust is not Trust.AUTO:
        whose = "this machine's" if trust is Trust.MACHINE else "the portal's"
        return Check.warn("clock", found, f"Set this machine's clock by NTP. Runs go by {whose}.")
    advice = 'Set the one that is wrong, or clock = "portal" or "machine": else no run is clean.'
    return Check.unclean("clock", found, advice)


def _check_zone(session: PortalSession) -> Check:
    offset = session.offset
    if session.too_new is not None:
        found = f"A recording is of {session.too_new}, when it is {session.now} there."
        advice = 'Set the clock that is behind, or utc_offset = "auto": else no run is clean.'
        return Check.unclean("zone", found, advice)
    shown = zone.infer((row.at, row.id) for row in session.page.rows)
    if shown is None and offset.source == "default":
        found = "The portal's zone can't be told from its rows; UTC is taken."
        return Check.warn("zone", found, 'If it is another, set utc_offset = "+05:30" or the like.')
    if shown is not None and shown != offset.minutes:
        found = f"utc_offset is set to {offset}, but the rows show {Offset(shown, 'inferred')}."
        return Check.warn("zone", found, 'Set utc_offset = "auto".')
    return Check.ok("zone", f"The portal's times are UTC{offset} ({offset.source}).")
