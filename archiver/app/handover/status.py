"""Where an archive stands, from the archive alone: the use case.

The catalog tells all of it, so no manifest is read but the newest, and nobody is asked. What it
added up to for this very head is kept beside it: then not even the catalog is opened.
"""

from datetime import UTC, date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from archiver.app.opening.archive.journals import is_there, journal_of, no_archive, private_folders
from archiver.app.opening.archive.stores import open_store, workdir
from archiver.app.opening.context import Context
from archiver.domain.recordings import Report
from archiver.domain.times.clocks import MAY_DIFFER
from archiver.domain.times.wall_clock import clock_lag, portal_time
from archiver.errors import ExitCode
from archiver.manifest.journal import Journal
from archiver.overview.archive_figures import ArchiveFigures, LastRun
from archiver.overview.archive_status import ArchiveStatus, status_of
from archiver.overview.due_days import LATE, due
from archiver.overview.kept_figures import kept_figures
from archiver.overview.provider_time import ProviderTime, provider_time
from archiver.overview.skipped_days import A_JOB
from archiver.store.disk.workdir import locked_since

_BEGINNING = timedelta(seconds=1)
"""A run begins, by the whole second, when it has taken the lock."""


class StatusRequest(Struct, frozen=True):
    """With ``findings``, each open finding is listed, and not only counted."""

    findings: bool = False


class StatusResult(Struct, frozen=True):
    """Where an archive stands: the ``figures`` of its chain, in the light of the present.

    Open findings are ``listed`` in there only where they were asked for. ``locked_since`` then,
    something writes here: a run, or another command. ``days`` tells from which day on it answers,
    and up to which all is settled. ``due`` are the days that a run without a window would list.
    ``silence`` are whole days since the newest recording, ``overdue_days`` those since the last run
    over all that was due, or of a job without a start date, 0 as long as they are few. What
    ``is_left_waiting`` has no audio yet, and no run asks for it any more. Where the
    ``clock_is_behind``, that of this machine shows an earlier time than that at which the last run
    ended, so what is due and how old all is can't be told.
    """

    figures: ArchiveFigures
    locked_since: datetime | None
    days: ArchiveStatus
    due: tuple[date, ...]
    silence: int | None
    overdue_days: int
    is_left_waiting: bool
    provider: ProviderTime | None
    clock_is_behind: bool

    @property
    def is_running(self) -> bool:
        """Whether something writes to the archive."""
        return self.locked_since is not None

    @property
    def open_findings(self) -> int:
        """How many findings wait for a person."""
        return sum(each.count for each in self.figures.findings)

    @property
    def is_cut_off(self) -> bool:
        """Whether the last run never came to its end, and none goes on."""
        return self._is_cut_off(self.figures.last_run)

    @property
    def is_due_undone(self) -> bool:
        """Whether the last run over all that was due needs another one.

        A run over a window, which comes to its end, says nothing of what that one left.
        """
        run = self.figures.last_due_run
        if run is None:
            return self.figures.since is not None
        return run.is_doubtful or self._is_cut_off(run) or self.overdue_days > 0

    @property
    def code(self) -> ExitCode:
        """``CLEAN`` only where nothing needs a person, and the last runs came to their end."""
        run = self.figures.last_run
        is_troubled = run is None or run.is_doubtful or self.is_cut_off or self.is_due_undone
        is_left = self.overdue_days or self.is_left_waiting
        is_doubtful = is_troubled or is_left or self.clock_is_behind
        is_late = self.provider is not None and self.provider.is_urgent
        is_open = self.open_findings or self.figures.unfinished_erasures
        is_unlisted = self.figures.unproven or self.figures.unfinished
        needs_person = is_open or is_unlisted or self.days.alarm
        return ExitCode.FINDINGS if needs_person or is_doubtful or is_late else ExitCode.CLEAN

    def goes_on(self, run: LastRun) -> bool:
        """Whether a run has not ended, and it is the one that writes to the archive.

        Who has taken the lock since it began is another: that run was cut off.
        """
        if run.closed or self.locked_since is None:
            return False
        return self.locked_since < run.began + _BEGINNING

    def _is_cut_off(self, run: LastRun | None) -> bool:
        return run is not None and not (run.closed or self.goes_on(run))


def status(request: StatusRequest, context: Context) -> StatusResult:
    """Return where the archive of these settings stands; changes nothing, asks nobody.

    Raises :class:`UsageError` where there is no archive.
    """
    journal = journal_of(context, open_store(context))
    if not is_there(journal):
        raise no_archive(context)
    figures = _kept(request, context, journal) or _counted(request, context)
    return _result(request, context, journal.archive().archive, figures)


def _kept(request: StatusRequest, context: Context, journal: Journal) -> ArchiveFigures | None:
    """Return the figures that are kept of the chain as it is, if they say all that is asked."""
    head = journal.head()
    if head is None:
        return None
    archive = journal.archive().archive
    each = (kept_figures(folder, archive, head) for folder in private_folders(context))
    figures = next((one for one in each if one is not None), None)
    is_enough = figures is not None and (figures.listed is not None or not request.findings)
    return figures if is_enough else None


def _counted(request: StatusRequest, context: Context) -> ArchiveFigures:
    """Return the figures that the catalog says now."""
    # The catalog takes half of all that is loaded then, and is seldom asked.
    from archiver.app.opening.archive.archives import open_existing
    from archiver.app.opening.archive.figures import counted_figures

    with open_existing(context) as archive:
        figures = counted_figures(archive)
        if request.findings:
            return replace(figures, listed=archive.catalog.findings.matching(None, None))
        return figures


def _result(
    request: StatusRequest, context: Context, archive: str, figures: ArchiveFigures
) -> StatusResult:
    settings = context.settings
    offset = settings.portal.utc_offset
    now = portal_time(figures.utc_offset if offset is None else offset)
    reports = Report.those_of(with_calls=settings.calls and figures.with_calls)
    so_far = figures.days_so_far(reports, now.date())
    undone = due(so_far.since, now.date(), so_far.settled) if so_far.since else ()
    newest, run = figures.newest, figures.last_run
    return StatusResult(
        figures=figures if request.findings else replace(figures, listed=None),
        locked_since=locked_since(workdir(context)),
        days=status_of(archive, so_far, now, settings.notify.silent_days),
        due=tuple(sorted(undone)),
        silence=max(0, (now - newest).days) if newest else None,
        overdue_days=_overdue(figures, is_due=bool(undone)),
        is_left_waiting=so_far.since is None and bool(_passed(figures.waiting_tried)),
        provider=provider_time(settings.portal.provider_keeps, undone, now.date()),
        clock_is_behind=clock_lag(run.written if run else None) > MAY_DIFFER,
    )


def _overdue(figures: ArchiveFigures, *, is_due: bool) -> int:
    """Return how many days have passed since a run over all that is due, or of a job without it.

    A job that no longer runs leaves no other word.
    """
    run = figures.last_due_run if is_due else None
    if figures.since is None and figures.last_run and figures.last_run.nights >= A_JOB:
        run = figures.last_run
    return _passed(run.written if run else None)


def _passed(since: datetime | None) -> int:
    """Return how many days have passed, 0 as long as a nightly run may be late."""
    passed = datetime.now(UTC) - since if since else timedelta()
    return passed.days if passed > LATE else 0
