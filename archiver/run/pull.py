"""Archiving one window: slices are listed ahead, planned, fetched and entered."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from archiver.catalog import Catalog
from archiver.download.link import parse as parse_link
from archiver.errors import StopRun, UsageError
from archiver.keys import safe_id
from archiver.manifest.book import Known
from archiver.manifest.entry import Head, WindowProof
from archiver.outcomes import Outcome
from archiver.portal.client import Client
from archiver.portal.paging import Listed, Manners
from archiver.portal.proof import Listing
from archiver.portal.survey import slices
from archiver.recordings import RecordingId, Report
from archiver.run import adoption, events
from archiver.run.ahead import one_ahead
from archiver.run.crew import Crew
from archiver.run.links import Links
from archiver.run.opening import Opening
from archiver.run.pipeline import Done, Pipeline, Tools
from archiver.run.plan import Plan, divide, slice_rows
from archiver.run.register import Register, Tally
from archiver.windows import Window

Settled = tuple[Done, Known | None]
"""An outcome, and what was known of the recording before."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to, and the head that proves it."""

    window: Window
    tally: Tally
    windows: tuple[WindowProof, ...]
    head: Head
    requests: int


@dataclass(slots=True)
class Puller:
    """One run over one window of one portal into one archive."""

    client: Client
    opening: Opening
    catalog: Catalog
    register: Register
    tools: Tools
    stopping: threading.Event
    announce: events.Announce

    def pull(self, window: Window, *, workers: int) -> Result:
        """Archive everything the portal lists for ``window``.

        What is done is manifested even when the run is stopped or interrupted; then the error that
        stopped it is raised again.
        """
        window = standing(window, self.opening)
        offset = self.opening.offset
        self.announce(events.Began(window, offset.minutes, offset.source))
        try:
            with Crew[Settled](workers) as crew:
                try:
                    self._work_through(window, crew)
                except (StopRun, KeyboardInterrupt):
                    self._wind_up(crew)
                    raise
        except (StopRun, KeyboardInterrupt):
            self.register.close(interrupted=True)
            raise
        trend = self.register.trend()
        if trend:
            self.announce(events.Noticed(trend))
        head, tally = self.register.close(interrupted=False)
        return Result(window, tally, tuple(self.register.windows), head, self.client.requests)

    def _work_through(self, window: Window, crew: Crew[Settled]) -> None:
        manners = self.opening.manners()
        for listing in one_ahead(list_slices(self.client, Report.RECORDINGS, window, manners)):
            note = events.SliceListed(
                listing.window, len(listing.listed), listing.proven, listing.note
            )
            self.announce(note)
            rows = self.register.new_rows(listing, self.opening.offset.minutes)
            known = self.catalog.many(row.row.id for row in rows)
            plan = divide(rows, known, _objects(rows))
            self.register.hold(plan.held)
            self.announce(events.Held(len(plan.held)))
            self._hand_out(plan, manners, crew)
            self._settle(crew.results(until_left=crew.workers))
        self._settle(crew.results())

    def _hand_out(self, plan: Plan, manners: Manners, crew: Crew[Settled]) -> None:
        links = Links(
            tuple(work.listed for work in plan.work),
            fetch=self.client.fetch,
            manners=manners,
            now=self.client.now,
        )
        times = (work.listed.row.at for work in plan.work)
        left = adoption.find_left(self.tools.store, times, self.catalog.is_entered)
        for work in plan.work:
            pipeline = Pipeline(work, links, self.tools, left.get(safe_id(work.listed.row.id)))
            crew.take(partial(_settled, pipeline))

    def _settle(self, results: Iterator[Settled]) -> None:
        for done, known in results:
            if self.stopping.is_set() and done.entry.outcome is Outcome.FAILED:
                continue
            entry, is_new = self.register.settle(done, known)
            self.announce(events.Settled(entry, is_new))
            self.register.write_if_due()

    def _wind_up(self, crew: Crew[Settled]) -> None:
        """Stop taking work; keep what in-hand transfers still bring home."""
        self.stopping.set()
        self._settle(crew.finish())


def _settled(pipeline: Pipeline) -> Settled:
    return pipeline.run(), pipeline.work.known


def standing(window: Window, opening: Opening) -> Window:
    """Cut a window off where the portal's rows stop standing still."""
    if window.first > opening.stands_at:
        raise UsageError(
            f"The window {window} has not begun: at the portal it is {opening.now:%Y-%m-%d %H:%M}.",
            advice="Name a window of the past.",
        )
    return Window(window.first, min(window.last, opening.stands_at))


def list_slices(
    client: Client, report: Report, window: Window, manners: Manners
) -> Iterator[Listing]:
    """Yield the window's listings, in slices that fit the life of the links in them."""
    return slices(report, window, manners, fetch=client.fetch, most_rows=_rows_for_links)


def _rows_for_links(first_page: tuple[Listed, ...]) -> int:
    lives = [
        life
        for listed in first_page
        if listed.row.link and (life := parse_link(listed.row.link).life_s) is not None
    ]
    return slice_rows(min(lives, default=None))


def _objects(rows: tuple[Listed, ...]) -> dict[RecordingId, str]:
    return {listed.row.id: parse_link(listed.row.link).object for listed in rows if listed.row.link}
