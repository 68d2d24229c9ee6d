"""Where an archive stands, from the archive alone: the use case.

The catalog tells all of it, so no manifest is read but the newest, and nobody is asked.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from archiver.app.opening.archives import open_for_reading
from archiver.app.opening.context import Context
from archiver.app.opening.filtering import reports_of
from archiver.app.opening.on_hold import OnHold, counted_holds, on_hold
from archiver.app.opening.stores import workdir
from archiver.catalog import Catalog
from archiver.catalog.days.archive_status import ArchiveStatus, status_of
from archiver.catalog.days.due_days import due
from archiver.catalog.days.last_run import LastRun
from archiver.catalog.days.provider_time import ProviderTime, provider_time
from archiver.catalog.questions.holdings import HeldAudio, Some
from archiver.domain.recordings import Report
from archiver.errors import ExitCode, UsageError
from archiver.get.archive_reader import portal_now
from archiver.manifest.journal import Journal
from archiver.manifest.records.files import Head
from archiver.manifest.records.listings import Backlog
from archiver.manifest.state import RecordingState
from archiver.store.disk.workdir import is_locked


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """With ``findings``, each open finding is listed, and not only counted."""

    findings: bool = False


@dataclass(frozen=True, slots=True)
class StatusResult:
    """Where an archive stands. Times and days are the portal's, those of the last run UTC.

    ``days`` tells from which day on it answers, and up to which all is settled. ``due`` are the
    days that a run without a window would list; ``unproven`` those whose last listing is not proven
    or lacks rows. While ``is_running``, a run writes here. ``silence`` are whole days since the
    ``newest`` recording. ``listed`` are the open findings, where they were asked for. ``on_hold``
    tells how many recordings are bound by how many holds. ``unfinished_erasures`` were begun, and
    are not at their end.
    """

    head: Head | None
    last_run: LastRun | None
    is_running: bool
    days: ArchiveStatus
    due: tuple[date, ...]
    backlog: Backlog | None
    waiting: Some
    findings: tuple[Some, ...]
    listed: tuple[RecordingState, ...] | None
    unproven: tuple[tuple[Report, date], ...]
    newest: datetime | None
    silence: int | None
    held: HeldAudio
    provider: ProviderTime | None
    on_hold: OnHold = field(default_factory=OnHold)
    unfinished_erasures: int = 0

    @property
    def open_findings(self) -> int:
        """How many findings wait for a person."""
        return sum(each.count for each in self.findings)

    @property
    def is_cut_off(self) -> bool:
        """Whether the last run never came to its end, and none goes on."""
        return self.last_run is not None and not (self.last_run.closed or self.is_running)

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where nothing needs a person, and the last run came to its end."""
        run = self.last_run
        is_unproven = run is not None and run.closed and not run.accounted
        is_doubtful = run is None or bool(run.doubts) or is_unproven or self.is_cut_off
        is_late = self.provider is not None and self.provider.is_urgent
        is_open = self.open_findings or self.unfinished_erasures
        needs_person = is_open or self.unproven or self.days.alarm
        return ExitCode.FINDINGS if needs_person or is_doubtful or is_late else ExitCode.CLEAN


def status(request: StatusRequest, context: Context) -> StatusResult:
    """Return where the archive of these settings stands; changes nothing, asks nobody.

    Raises :class:`UsageError` where there is no archive.
    """
    address = context.archive()
    with open_for_reading(context) as opened:
        if opened is None:
            raise UsageError(f"There is no archive at {address}.", advice="Check --archive.")
        store, catalog = opened
        now, _ = portal_now(store, context.settings.portal.utc_offset)
        archive = Journal(store).archive().archive
        holds = counted_holds(on_hold(store, catalog))
        return replace(_status(request, context, catalog, archive, now), on_hold=holds)


def _status(
    request: StatusRequest, context: Context, catalog: Catalog, archive: str, now: datetime
) -> StatusResult:
    settings, holdings, today = context.settings, catalog.holdings, now.date()
    reports = reports_of(catalog, context)
    days = status_of(catalog, archive, reports, now, settings.notify.silent_days)
    settled = catalog.days.settled(reports, today)
    undone = due(days.since, today, settled) if days.since else ()
    newest = holdings.newest()
    return StatusResult(
        head=catalog.followed(),
        last_run=holdings.last_run(),
        is_running=is_locked(workdir(context)),
        days=days,
        due=tuple(sorted(undone)),
        backlog=catalog.days.backlog(),
        waiting=holdings.waiting(),
        findings=holdings.findings(),
        listed=catalog.findings.matching(None, None) if request.findings else None,
        unproven=tuple(holdings.unproven()),
        newest=newest,
        silence=max(0, (now - newest).days) if newest else None,
        held=holdings.held(),
        provider=provider_time(settings.portal.provider_keeps, undone, today),
        unfinished_erasures=len(catalog.erased.begun()),
    )
