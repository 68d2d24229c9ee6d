"""One pull into one archive, with everything made from the settings and the options."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from archiver.catalog import Catalog
from archiver.catalog.days import LOOK_BACK
from archiver.cli import bucket
from archiver.cli.configuration import Context
from archiver.cli.interruption import noted
from archiver.cli.start import Start, open_naming
from archiver.cli.stores import is_bucket, open_archive, see_archive_is_there, see_place
from archiver.cli.windows import Assignment, assignment
from archiver.cli.wiring import Connections
from archiver.errors import UsageError
from archiver.portal.paging import Ask
from archiver.quantities import seconds, size
from archiver.recordings import Report
from archiver.retention import LockMode
from archiver.run.budget import Budget
from archiver.run.call_log import CallLog
from archiver.run.events import Announce, Noticed
from archiver.run.forecast import LONG, forecast
from archiver.run.listing import spanning
from archiver.run.opening import Opening
from archiver.run.pull import Puller, Result
from archiver.run.register import Register
from archiver.run.state import State, state_of
from archiver.run.turn import in_turn
from archiver.run.waiting import Asked
from archiver.store.base import Store

SILENCE = (
    "Nothing new for {} whole days, where there used to be recordings: see that calls are still "
    "recorded. If this is meant, set silent_days = 0."
)


@dataclass(frozen=True, slots=True)
class Archiving:
    """Archives what the options stand for: one window, all days from one on, or what is due."""

    context: Context
    connections: Connections
    options: dict[str, Any]
    announce: Announce

    def run(self) -> tuple[Result, State]:
        """Archive it; return what that came to, and where the archive stands then."""
        if not (self.options["since"] or self.options["day"] or self.options["until"]):
            see_archive_is_there(self.context)
        see_place(self.context, among_others=bool(self.options.get("among_others")))
        confirmed = self.options.get("confirm_compliance", False)
        bucket.confirm(self.context, confirmed=confirmed)
        with open_archive(self.context, self._hold()) as (store, journal, catalog):
            settings, client = self.context.settings, self.connections.client
            start = Start(self.options["since"], journal, catalog) if self._is_open_ended else None
            opening = open_naming(start, client, settings.utc_offset)
            keeps = settings.provider_keeps
            assigned = assignment(self.options, opening, catalog, self._reports, keeps)
            if start and assigned.since:
                start.name(assigned.since)
            archive = journal.archive().archive
            register = Register(
                journal,
                catalog,
                archive=archive,
                settings=_deciding(self.context, bucket.lock_mode(self.context, store)),
                same_audio_ms=self.context.settings.same_audio,
                portal_clock=opening.clocks.portal,
            )
            with noted() as asked:
                puller = self._puller(store, catalog, register, opening, asked)
                puller.patient, puller.scope = assigned.patient, assigned.scope
                puller.kept_from = assigned.kept_from
                puller.passed_over = assigned.passed_over
                self._foretell(assigned, store)
                result = puller.pull(assigned.windows, workers=settings.workers)
                for line in bucket.notes(self.context, store):
                    self.announce(Noticed(line))
            alarm_after = 0 if self._has_missed_the_newest(result) else settings.silent_days
            state = state_of(catalog, archive, self._reports, opening.now, alarm_after)
        if assigned.patient and state.alarm:
            self.announce(Noticed(SILENCE.format(state.silent_days)))
        return result, state

    @staticmethod
    def _has_missed_the_newest(result: Result) -> bool:
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
        return partial(in_turn, announce=self.announce, most_s=most_s, wait=wait)

    def _puller(
        self, store: Store, catalog: Catalog, register: Register, opening: Opening, asked: Asked
    ) -> Puller:
        connections = self.connections
        calls = CallLog(
            client=connections.client,
            zone=opening,
            store=store,
            catalog=catalog,
            register=register,
            announce=self.announce,
            asked=asked,
        )
        return Puller(
            client=connections.client,
            opening=opening,
            catalog=catalog,
            register=register,
            tools=connections.tools(store, opening),
            stopping=connections.stopping,
            asked=asked,
            announce=self.announce,
            budget=Budget(self._option(seconds, "max_time"), self._option(size, "max_bytes")),
            lock_due=bucket.locking(self.context, store, catalog, opening, asked),
            call_log=calls if self.context.settings.calls else None,
        )

    def _foretell(self, assigned: Assignment, store: Store) -> None:
        """Say what a long first run will come to: one request, where there will be very many."""
        windows, client = assigned.windows, self.connections.client
        if len(windows) > LONG and not assigned.patient:
            (page,) = client.fetch((Ask.first(Report.RECORDINGS, spanning(windows)),))
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
