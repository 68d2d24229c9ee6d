"""Listing the windows of a run, and handing out the rows that they have."""

import time
from collections.abc import Generator, Sequence
from contextlib import closing

from msgspec import Struct

from archiver.concurrency.prefetch import prefetch
from archiver.concurrency.stop import check_not_stopped
from archiver.domain.recordings import Report
from archiver.domain.times.window import Window
from archiver.listing.slices import list_windows
from archiver.portal.proving.odd_rows import odd_of, unproven_by
from archiver.portal.proving.portal_behaviour import PortalBehaviour
from archiver.portal.proving.walk import Listed
from archiver.portal.proving.window_listing import Listing
from archiver.pull import events
from archiver.pull.arrivals.shown import undated
from archiver.pull.budget.forecast import LONG, PACED_AFTER, rest_s
from archiver.pull.budget.run_budget import RunBudget
from archiver.pull.call_log import CallLog
from archiver.pull.dispatch import Dispatch, Pool
from archiver.pull.plan import changes_nothing
from archiver.pull.run_context import RunContext
from archiver.pull.stored.adoption import Adoption


class Intake(Struct, frozen=True):
    """Takes in what a run lists: slices are listed ahead while those before are worked on."""

    run: RunContext
    behaviour: PortalBehaviour
    dispatch: Dispatch
    adoption: Adoption
    call_log: CallLog | None
    budget: RunBudget

    def take_in(self, windows: Sequence[Window], pool: Pool) -> tuple[Window, ...]:
        """List the windows and hand out their rows; return those that the budget leaves."""
        left = {window.last: window for window in windows}
        pace = _Pace(self.run, len(windows))
        with closing(self._listings(windows)) as ahead:
            for listing in ahead:
                self._enter(listing, pool)
                ended = left.pop(listing.window.last, None)
                if ended is not None:
                    self._end(ended, pool)
                self.dispatch.settle(pool.results(until_left=pool.workers))
                if ended is not None:
                    pace.tell(len(left))
                if self.budget.is_spent:
                    break
        return tuple(left.values())

    def archive_undated(self, pool: Pool) -> None:
        """Archive what the first page shows without a date, and nothing is known to have one.

        No listing has such rows, so what waited for its audio and is shown no more is gone.
        """
        run = self.run
        rows = run.ledger.recordings.named_rows(undated(run.session.listed))
        known = run.catalog.recordings.many(each.row.id for each in rows)
        dated = {id_ for id_, state in known.items() if state.at is not None}
        stray = tuple(each for each in rows if each.row.id not in dated)
        new = run.ledger.add_rows(stray, Window.day(run.session.stands_at.date()))
        self.dispatch.hand_out(new, self.behaviour, Report.RECORDINGS, pool, {})

    def _listings(self, windows: Sequence[Window]) -> Generator[Listing]:
        """Yield the listings, each asked for while the one before is worked on."""
        listings = list_windows(self.run.client, Report.RECORDINGS, windows, self.behaviour)
        return prefetch(listings, self.run.stop_requested, lambda: self.budget.is_spent)

    def _enter(self, listing: Listing, pool: Pool) -> None:
        """Enter a listing, and what earlier runs left of its days; hand out its rows."""
        run = self.run
        listing = unproven_by(self._odd(listing), listing)
        rows = run.ledger.new_rows(listing, run.session.offset.minutes, run.stop_requested)
        run.announce(
            events.SliceListed(listing.window, len(listing.listed), listing.proven, listing.note)
        )
        self.adoption.adopt(listing)
        self.dispatch.hand_out(rows, self.behaviour, Report.RECORDINGS, pool, {})

    def _odd(self, listing: Listing) -> tuple[Listed, ...]:
        """Return the rows that can't be read and may be of audio at hand: no outcome tells of them.

        Which of several that go by an id, or by aliases of it, is not known yet.
        """
        odd, catalog = odd_of(listing), self.run.catalog
        names = catalog.rows.namesakes(Report.RECORDINGS, [each.row.id for each in odd])
        known = catalog.recordings.many(name for some in names.values() for name in some)
        return tuple(
            each
            for each in odd
            if any(
                changes_nothing(known.get(name), each.row) for name in names.get(each.row.id, ())
            )
        )

    def _end(self, window: Window, pool: Pool) -> None:
        """Archive the calls of a window that is listed, and the audio that only they have."""
        ledger = self.run.ledger
        if self.call_log is not None:
            self.call_log.archive(window)
            check_not_stopped(self.run.stop_requested)
            if self.call_log.has_claims:
                self.dispatch.settle(pool.results())
                ledger.write_gathered()
                calls = ledger.add_rows(self.call_log.unlisted(window), window)
                self.dispatch.hand_out(
                    calls, self.call_log.behaviour, Report.CALLS, pool, self.call_log.copies
                )
        ledger.recordings.end(window)


class _Pace:
    """Says once, of a long run, how long the rest of it will take."""

    def __init__(self, run: RunContext, windows: int) -> None:
        self._run = run
        self._windows = windows
        self._began, self._requests = time.monotonic(), run.client.requests

    def tell(self, left: int) -> None:
        """Say it, when enough windows have ended; so many are ``left``."""
        done, client = self._windows - left, self._run.client
        if done == PACED_AFTER and self._windows > LONG:
            seconds, sent = time.monotonic() - self._began, client.requests - self._requests
            rest = rest_s(done, left, seconds, sent, client.interval_s)
            self._run.announce(events.Paced(done, left, rest))
