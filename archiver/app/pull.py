"""One pull into one archive, with everything made from the settings and the options."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from archiver.app import bucket
from archiver.app.archives import is_bucket, open_archive, require_archive, see_place
from archiver.app.connections import Connections
from archiver.app.context import Context
from archiver.app.start import Start, open_naming
from archiver.app.windows import PullScope, assignment
from archiver.catalog import Catalog
from archiver.catalog.days.settlement import LOOK_BACK
from archiver.catalog.days.status import ArchiveStatus, status_of
from archiver.concurrency.stop import NEVER, StopRequested
from archiver.domain.quantities import seconds, size
from archiver.domain.recordings import Report
from archiver.domain.retention import LockMode
from archiver.errors import UsageError
from archiver.listing.slices import spanning
from archiver.portal.proving.walk import PageQuery
from archiver.portal.session import PortalSession
from archiver.pull.budget import RunBudget
from archiver.pull.call_log import CallLog
from archiver.pull.events import Announce, Noticed
from archiver.pull.forecast import LONG, forecast
from archiver.pull.ledger.ledger import Ledger
from archiver.pull.run import Puller, PullResult
from archiver.pull.wait_for_lock import wait_for_lock
from archiver.store.base import Store

SILENCE = (
    "Nothing new for {} whole days, where there used to be recordings: see that calls are still "
    "recorded. If this is meant, set silent_days = 0."
)

Noting = Callable[[], AbstractContextManager[StopRequested]]
"""While its block runs, a request to stop is noted and nothing else."""


def never_stopped() -> AbstractContextManager[StopRequested]:
    """Note nothing."""
    return nullcontext(NEVER)


@dataclass(frozen=True, slots=True)
class Archiving:
    """Archives what the options stand for: one window, all days from one on, or what is due."""

    context: Context
    connections: Connections
    options: dict[str, Any]
    announce: Announce
    noting: Noting = never_stopped

    def run(self) -> tuple[PullResult, ArchiveStatus]:
        """Archive it; return what that came to, and where the archive stands then."""
        if not (self.options["since"] or self.options["day"] or self.options["until"]):
            require_archive(self.context)
        see_place(self.context, among_others=bool(self.options.get("among_others")))
        confirmed = self.options.get("confirm_compliance", False)
        bucket.confirm(self.context, confirmed=confirmed)
        with open_archive(self.context, self._hold()) as (store, journal, catalog):
            settings, client = self.context.settings, self.connections.client
            start = Start(self.options["since"], journal, catalog) if self._is_open_ended else None
            session = open_naming(start, client, settings.utc_offset)
            keeps = settings.provider_keeps
            assigned = assignment(self.options, session, catalog, self._reports, keeps)
            if start and assigned.since:
                start.name(assigned.since)
            archive = journal.archive().archive
            ledger = Ledger(
                journal,
                catalog,
                archive=archive,
                settings=_deciding(self.context, bucket.lock_mode(self.context, store)),
                same_audio_ms=self.context.settings.same_audio,
                portal_clock=session.clocks.portal,
            )
            with self.noting() as stop_requested:
                puller = self._puller(store, catalog, ledger, session, stop_requested)
                puller.respects_backoff, puller.scope = assigned.respects_backoff, assigned.scope
                puller.kept_from = assigned.kept_from
                puller.passed_over = assigned.passed_over
                self._foretell(assigned, store)
                result = puller.pull(assigned.windows, workers=settings.workers)
                for line in bucket.notes(self.context, store):
                    self.announce(Noticed(line))
            alarm_after = 0 if self._has_missed_the_newest(result) else settings.silent_days
            state = status_of(catalog, archive, self._reports, session.now, alarm_after)
        if assigned.respects_backoff and state.alarm:
            self.announce(Noticed(SILENCE.format(state.silent_days)))
        return result, state

    @staticmethod
    def _has_missed_the_newest(result: PullResult) -> bool:
        """Whether the budget left days that alone could tell that recordings still come."""
        return any(result.window.last.date() - day <= LOOK_BACK for day in result.days_left)

    @property
    def _is_open_ended(self) -> bool:
        """Whether the archive is to answer for everything from a day on."""
        return bool(self.options["since"]) and not (self.options["day"] or self.options["until"])

    @property
    def _reports(self) -> list[Report]:
        return [*Report] if self.context.settings.calls else [Report.RECORDINGS]

    def _hold(self) -> partial[Any]:
        """Return what takes the archive's lock, after waiting for it as long as was said."""
        most_s = self._option(seconds, "wait") or 0
        wait = self.connections.stopping.wait
        return partial(wait_for_lock, announce=self.announce, most_s=most_s, wait=wait)

    def _puller(
        self,
        store: Store,
        catalog: Catalog,
        ledger: Ledger,
        session: PortalSession,
        stop_requested: StopRequested,
    ) -> Puller:
        connections = self.connections
        calls = CallLog(
            client=connections.client,
            zone=session,
            store=store,
            catalog=catalog,
            ledger=ledger,
            announce=self.announce,
            stop_requested=stop_requested,
        )
        return Puller(
            client=connections.client,
            session=session,
            catalog=catalog,
            ledger=ledger,
            services=connections.services(store, session),
            stopping=connections.stopping,
            stop_requested=stop_requested,
            announce=self.announce,
            budget=RunBudget(self._option(seconds, "max_time"), self._option(size, "max_bytes")),
            lock_due=bucket.locking(self.context, store, catalog, session, stop_requested),
            call_log=calls if self.context.settings.calls else None,
        )

    def _foretell(self, assigned: PullScope, store: Store) -> None:
        """Say what a long first run will come to: one request, where there will be very many."""
        windows, client = assigned.windows, self.connections.client
        if len(windows) > LONG and not assigned.respects_backoff:
            (page,) = client.fetch((PageQuery.first(Report.RECORDINGS, spanning(windows)),))
            reports = len(self._reports)
            free = None if is_bucket(self.context) else store.free_bytes()
            self.announce(forecast(len(windows), page, client.interval_s, reports, free))

    def _option(self, read: Callable[[str], int], name: str) -> int | None:
        """Return what an option that is no setting means; raises :class:`UsageError`, naming it."""
        text = self.options.get(name)
        try:
            return None if text is None else read(text)
        except UsageError as error:
            raise UsageError(f"--{name.replace('_', '-')} {error.message}.") from error


def _deciding(context: Context, mode: LockMode | None) -> dict[str, str | int | bool | None]:
    """Return the settings that decide what a run makes of a recording, for its manifest."""
    settings = context.settings
    return {
        "tolerance_ms": settings.tolerance.ms,
        "tolerance_permille": settings.tolerance.permille,
        "same_audio_ms": settings.same_audio,
        "utc_offset": settings.utc_offset,
        "clock": settings.clock.value,
        "rate": settings.rate,
        "workers": settings.workers,
        "lock": mode.value if mode else None,
        "retain": str(settings.retain) if settings.retain else None,
        "legal_hold": settings.legal_hold,
        "lock_after": str(settings.lock_after) if settings.lock_after else None,
    }
