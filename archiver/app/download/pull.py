"""Archiving what is due, or one window, into one archive: the use case, from request to result."""

from contextlib import AbstractContextManager, ExitStack, closing
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from archiver.app.opening.archive.archives import Hold, open_archive, require_archive
from archiver.app.opening.archive.compliance import confirm
from archiver.app.opening.archive.kept_copy import warn_of_copy
from archiver.app.opening.archive.reviewing import reviewer_of
from archiver.app.opening.archive.stores import site, workdir
from archiver.app.opening.context import Context
from archiver.app.opening.portal.portals import Connections, connect
from archiver.app.opening.user import named_by
from archiver.app.opening.windows import WindowRequest
from archiver.app.pulling.notify_run import RunNotifier
from archiver.app.pulling.open_files import workers_for
from archiver.app.pulling.pull_run import PullRun
from archiver.app.pulling.scope import scope_of
from archiver.app.pulling.start_date import Start, open_naming
from archiver.app.pulling.start_note import NAME, StartNote
from archiver.app.pulling.summary import silence
from archiver.app.workers.choice import job_runner
from archiver.completeness.certifying import Certified, Certifier, rules_digest
from archiver.concurrency.stop import StopToken
from archiver.domain.recordings import Report
from archiver.domain.retention import LockMode
from archiver.listing.slices import spanning, witnesses
from archiver.open_archive import OpenArchive
from archiver.overview.archive_status import status_of
from archiver.overview.due_days import LOOK_BACK
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.session import PortalSession
from archiver.pull.budget.forecast import LONG, forecast
from archiver.pull.budget.run_budget import RunBudget
from archiver.pull.doubts.evidence import days_named
from archiver.pull.events import Announce, Limited, Noticed, unheard
from archiver.pull.job.runner import JobRunner
from archiver.pull.ledger.ledger import Ledger
from archiver.pull.ledger.run_header import RunHeader
from archiver.pull.locking import lock_due
from archiver.pull.pull_scope import PullScope
from archiver.pull.run import Puller, PullResult
from archiver.pull.run_context import RunContext
from archiver.pull.wait_for_lock import wait_for_lock
from archiver.removal.holds.held_arrivals import hold_arrivals
from archiver.removal.holds.legal_holds import LegalHolds

SKIPPED = (
    "The runs before have passed over {}: that is listed as well. A pull without a window passes "
    "over no day."
)
DUE = WindowRequest()
"""No window is named: what is due."""


class PullRequest(Struct, frozen=True):
    """What to archive, and how far to go.

    Without a ``window``: every day that isn't settled, from the first that the archive answers for.
    Nothing is begun after ``max_time_s`` seconds, or ``max_bytes`` bytes of audio; another run is
    waited for ``wait_s`` seconds at most. ``confirms_compliance`` says once for an archive that its
    locks are for good. An archive may begin ``among_others``: in a folder that holds other files.
    ``by`` names who says from which day on the archive answers, else ``ARCHIVER_BY`` does.
    ``dask`` is the address of a Dask scheduler, whose workers then fetch and store.
    """

    window: WindowRequest = DUE
    max_time_s: int | None = None
    max_bytes: int | None = None
    wait_s: int = 0
    confirms_compliance: bool = False
    among_others: bool = False
    by: str | None = None
    dask: str | None = None


def pull(
    request: PullRequest,
    context: Context,
    announce: Announce = unheard,
    stop: StopToken | None = None,
    told_after: ExitStack | None = None,
) -> PullRun:
    """Archive what is asked for, each recording checked; nothing is ever deleted.

    ``announce`` hears how it goes. Once ``stop`` is set the run winds up, and raises
    :class:`archiver.concurrency.stop.Cancelled`. Whoever the settings name is told how it went:
    where what came of it is yet to be printed, once ``told_after`` is closed, maybe by an error.
    Raises :class:`archiver.errors.ArchiverError`; what was done until then is in the archive.
    """
    named_by(request.by, context.environ)
    window = request.window
    if window.is_named and not window.is_open_ended:
        context = _unwatched(context)
    context = _fitted(context, announce)
    with ExitStack() as ending:
        telling = ending.enter_context(RunNotifier(context, announce))
        telling.began()
        with connect(context, watches_media=False) as connections:
            run = _Archiving(request, context, connections, telling, stop or StopToken()).run()
        telling.ended(run)
        if told_after is not None:
            told_after.push(ending.pop_all())
    return run


def _unwatched(context: Context) -> Context:
    """Return the settings for a window of the past, which says nothing of the other days.

    Whoever watches the nights would take its end for theirs; a metrics file of its own is an
    option's.
    """
    notify = replace(context.settings.notify, ping_url=None)
    if not context.is_option("metrics"):
        notify = replace(notify, metrics=None)
    return replace(context, settings=replace(context.settings, notify=notify))


def _fitted(context: Context, announce: Announce) -> Context:
    """Return the settings with as many workers as may have their files open."""
    network = context.settings.network
    workers = workers_for(network.workers)
    if workers < network.workers:
        announce(Limited(workers, network.workers))
    network = replace(network, workers=workers)
    return replace(context, settings=replace(context.settings, network=network))


class _Archiving(Struct, frozen=True):
    """Puts the parts of a pull together, and lets it run."""

    request: PullRequest
    context: Context
    connections: Connections
    announce: Announce
    stop: StopToken

    def run(self) -> PullRun:
        """Archive it; return what that came to, and where the archive stands then."""
        if not self.request.window.is_named:
            require_archive(self.context)
        site(self.context).require_usable(among_others=self.request.among_others)
        confirm(self.context, confirmed=self.request.confirms_compliance)
        warn_of_copy(self.context)
        with open_archive(self.context, self._hold()) as archive:
            session, scope = self._looked_at(archive)
            run = self._shared(archive, session, scope)
            with (
                closing(run.ledger.recordings),
                closing(run.ledger.calls),
                self.stop.heeded(),
                self._job_runner(archive) as runner,
            ):
                puller = self._puller(run, scope, runner)
                self._foretell(scope, archive)
                result = puller.pull(workers=self.context.settings.network.workers)
                for line in archive.store.notes():
                    self.announce(Noticed(line))
            silent_days = self.context.settings.notify.silent_days
            alarm_after = 0 if self._has_missed_the_newest(result) else silent_days
            days = archive.catalog.days.so_far(self._reports, session.now.date())
            state = status_of(archive.id, days, session.now, alarm_after)
            certified = self._certify(archive, session)
        if scope.respects_backoff:
            for told in silence(state):
                self.announce(Noticed(told))
        head = certified.head or result.head
        return PullRun(replace(result, head=head), state, certified.days)

    def _job_runner(self, archive: OpenArchive) -> AbstractContextManager[JobRunner]:
        dask = self.request.dask
        return job_runner(self.context, self.connections, archive.store, archive.id, dask)

    def _looked_at(self, archive: OpenArchive) -> tuple[PortalSession, PullScope]:
        """Look at the portal; enter the day from which on the archive is to answer, if named."""
        settings, window = self.context.settings, self.request.window
        named = window.since if window.is_open_ended else None
        by = named_by(self.request.by, self.context.environ)
        note = StartNote(workdir(self.context) / NAME, archive.id)
        start = Start(named or "", archive, by, note, self.announce)
        if not named and note.day and archive.catalog.days.since() is None:
            start.name(note.day)
        asked = start if named else None
        session = open_naming(asked, self.connections.client, settings.portal.utc_offset)
        scope = scope_of(
            window, session, archive.catalog, self._reports, settings.portal.provider_keeps
        )
        for words in window.unsure(session):
            self.announce(Noticed(words))
        if scope.skipped:
            self.announce(Noticed(SKIPPED.format(days_named(scope.skipped))))
        if named and scope.since:
            start.name(scope.since)
        return session, scope

    def _certify(self, archive: OpenArchive, session: PortalSession) -> Certified:
        """Certify the settled days that add up, where there is a call log to hold them against."""
        if not self.context.settings.calls:
            return Certified((), None)
        reviewer = reviewer_of(self.context, archive, session.now.date())
        rules = rules_digest(reviewer.expectation)
        days = archive.catalog.certified.to_review(reviewer.settled, rules)
        with self.stop.heeded(), self.context.listener.waiting("adding up settled days"):
            return Certifier(archive, reviewer).certify(days, self.stop)

    @staticmethod
    def _has_missed_the_newest(result: PullResult) -> bool:
        """Whether the budget left days that alone could tell that recordings still come."""
        return any(result.window.last.date() - day <= LOOK_BACK for day in result.days_left)

    @property
    def _reports(self) -> tuple[Report, ...]:
        return Report.those_of(with_calls=self.context.settings.calls)

    def _hold(self) -> Hold:
        """Return what takes the archive's lock, after waiting for it as long as was said."""
        wait = self.connections.stopping.wait
        return partial(wait_for_lock, announce=self.announce, most_s=self.request.wait_s, wait=wait)

    def _shared(self, archive: OpenArchive, session: PortalSession, scope: PullScope) -> RunContext:
        deciding = _deciding(self.context, archive.store.locking.mode)
        header = RunHeader(archive.id, deciding, session.clocks.portal, scope.asked)
        ledger = Ledger(archive, header, same_audio_ms=self.context.settings.same_audio)
        return RunContext(
            client=self.connections.client,
            session=session,
            archive=archive,
            ledger=ledger,
            stopping=self.connections.stopping,
            stop_requested=self.stop,
            announce=self.announce,
        )

    def _puller(self, run: RunContext, scope: PullScope, runner: JobRunner) -> Puller:
        due = partial(
            lock_due,
            run.archive,
            self.context.settings.checked_retention(),
            run.session.offset_of,
            run.session.clocks.now,
            run.stop_requested,
        )
        budget = RunBudget(self.request.max_time_s, self.request.max_bytes)
        with_calls = self.context.settings.calls
        held = partial(hold_arrivals, LegalHolds(run.archive), run.stop_requested)
        return Puller(run, scope, runner, budget, with_calls, due, held)

    def _foretell(self, scope: PullScope, archive: OpenArchive) -> None:
        """Say what a first run, or a long one, will come to: one request before very many."""
        windows, client = scope.windows, self.connections.client
        days = sum(1 for window in windows for _ in window.each_day())
        is_first = days > 1 and not witnesses(archive.catalog, Report.RECORDINGS)
        if (is_first or days > LONG) and not scope.respects_backoff:
            (page,) = client.fetch((PageQuery.first(Report.RECORDINGS, spanning(windows)),))
            store = archive.store
            free = None if store.capabilities.is_remote else store.free().bytes
            told = forecast(len(windows), page, client.interval_s, len(self._reports), free)
            limit = self.context.settings.network.bwlimit
            self.announce(replace(told, days=days, bytes_per_s=limit or told.bytes_per_s))


def _deciding(context: Context, mode: LockMode | None) -> dict[str, str | int | bool | None]:
    """Return the settings that decide what a run makes of a recording, for its manifest."""
    settings = context.settings
    return {
        "tolerance_ms": settings.tolerance.ms,
        "tolerance_permille": settings.tolerance.permille,
        "same_audio_ms": settings.same_audio,
        "utc_offset": settings.portal.utc_offset,
        "clock": settings.portal.clock.value,
        "rate": settings.network.rate,
        "workers": settings.network.workers,
        "calls": settings.calls,
        "lock": mode.value if mode else None,
        "retain": str(settings.retention.period) if settings.retention.period else None,
        "legal_hold": settings.retention.legal_hold,
        "lock_after": str(settings.retention.lock_after) if settings.retention.lock_after else None,
    }
