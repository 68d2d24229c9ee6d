"""What a pull is to do: one window, all days from one on, or the days that are due."""

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from archiver.app.opening.windows import WindowRequest
from archiver.catalog import Catalog
from archiver.domain.recordings import Report
from archiver.domain.retention import Period
from archiver.domain.times.window import DAY, Window
from archiver.errors import UsageError
from archiver.listing.slices import clip_to_cutoff, spanning
from archiver.manifest.records.listings import AskedWindow
from archiver.overview import due_days as due
from archiver.overview.skipped_days import days_of_job, skipped
from archiver.portal.session import PortalSession
from archiver.pull.pull_scope import PullScope, ScopeKind


def scope_of(
    request: WindowRequest,
    session: PortalSession,
    catalog: Catalog | None,
    reports: Iterable[Report],
    keeps: Period | None,
) -> PullScope:
    """Return what is asked for: one window, all days from one on, or the days that are due.

    A day is due until it is settled in all these ``reports``. The provider ``keeps`` recordings for
    so long, if that is known. Raises :class:`UsageError` when nothing says from which day on.
    """
    today = session.stands_at.date()
    kept_from = keeps.before(today) if keeps else None
    known = _Known(catalog, reports)
    if request.is_named and not request.is_open_ended:
        return replace(_of_window(request, session, known), kept_from=kept_from)
    last = catalog.runs.backlog() if catalog else None
    order = due.Order(oldest_first=last is not None and last.stalled > 0, kept_from=kept_from)
    scope = _from_day(request, session, known, order) if request.since else None
    return replace(scope or _of_due_days(session, known, order), kept_from=kept_from)


class _Known(Struct, frozen=True):
    """What is known of days, if there is an archive: the first, and which are settled."""

    catalog: Catalog | None
    reports: Iterable[Report]

    @property
    def first(self) -> date | None:
        """The first day that the archive answers for."""
        return self.catalog.days.since() if self.catalog else None

    def settled(self, before: date) -> set[date]:
        """Return the settled days before one, but for the oldest that the last run left.

        More had come for that day, and no budget reached it.
        """
        if self.catalog is None:
            return set()
        last = self.catalog.runs.backlog()
        left = {last.oldest} if last and last.oldest else set[date]()
        return self.catalog.days.settled(self.reports, before) - left

    def left_behind(self, before: date, tried_before: datetime) -> tuple[date, ...]:
        """Return the days before one that were left, and that no run over all that is due lists."""
        if self.catalog is None:
            return ()
        answered = self.first or before
        left = self.catalog.days.left_behind(self.reports, tried_before)
        return tuple(sorted(day for day in left if day < min(before, answered)))

    def skipped(self, window: Window, now: datetime) -> tuple[date, ...]:
        """Return the days that a job has passed over, those of one report as well.

        A window of long ago is none of a job.
        """
        run = self.catalog.runs.last() if self.catalog else None
        if self.catalog is None or run is None or window.last < now - 2 * DAY:
            return ()
        days = days_of_job(window.first.date(), run.nights, run.written.date())
        if not days:
            return ()
        each = (skipped(days, self.catalog.days.listed_in(one, days)) for one in self.reports)
        return tuple(sorted({day for some in each for day in some}))


def _of_window(request: WindowRequest, session: PortalSession, known: _Known) -> PullScope:
    window = request.by(session)
    windows, over = due.pieces(window), clip_to_cutoff(window, session)
    asked = AskedWindow(over.first, over.last)
    if request.is_fixed:
        return PullScope(windows, ScopeKind.FIXED, asked=asked)
    first = window.first.date()
    passed = known.skipped(window, session.now)
    left_behind = known.left_behind(first, session.clocks.now - due.LATE)
    left = sorted({*passed, *left_behind})
    # A run that has done all from the first of them on has done what lies between as well.
    skipped = tuple(day for day in passed if day >= first - due.MONTH)
    taken_up = tuple(day for day in left if skipped and day >= skipped[0])
    windows += due.windows(taken_up)
    return PullScope(
        windows,
        ScopeKind.MOVING,
        asked=AskedWindow(spanning(windows).first, over.last),
        passed_over=due.windows((*(day for day in left if day not in taken_up), first)),
        skipped=skipped,
    )


def _from_day(
    request: WindowRequest, session: PortalSession, known: _Known, order: due.Order
) -> PullScope:
    since = clip_to_cutoff(request.by(session), session).first.date()
    windows = due.windows(due.due(since, session.stands_at.date(), (), order))
    passed_over = due.windows(_due_before(since, known))
    scope = ScopeKind.DUE if request.is_fixed and not passed_over else ScopeKind.MOVING
    return PullScope(windows, scope, since, passed_over=passed_over)


def _of_due_days(session: PortalSession, known: _Known, order: due.Order) -> PullScope:
    first, today = known.first, session.stands_at.date()
    if first is None:
        raise no_start_date(today)
    days = due.due(first, today, known.settled(today), order)
    if not days:
        clip_to_cutoff(Window.day(first), session)
    return PullScope(due.windows(days), ScopeKind.DUE, respects_backoff=True)


def no_start_date(today: date) -> UsageError:
    """Return what says that nobody has named the day from which on all is due."""
    return UsageError(
        "No start date is stored in this archive.",
        advice=f"Run once: archiver pull --since {today}, or an earlier date. For one day: "
        "--day DATE.",
    )


def _due_before(since: date, known: _Known) -> tuple[date, ...]:
    """Return the days before one that the archive answers for as well, and that aren't settled."""
    first = known.first
    if first is None or first >= since:
        return ()
    return tuple(day for day in due.due(first, since, known.settled(since)) if day < since)
