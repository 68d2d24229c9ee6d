"""The windows that a command line stands for, and a window as ``--json`` has it."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from archiver.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archiver.catalog import Catalog
    from archiver.domain.recordings import Report
    from archiver.domain.retention import Period
    from archiver.domain.window import Window
    from archiver.json_documents import Json
    from archiver.portal.session import PortalSession
    from archiver.pull.ledger.backlog import Scope


def need_window(options: dict[str, Any], of_what: str) -> None:
    """Refuse a command line that names no window: all there ever was is nobody's default."""
    if not (options["day"] or options["since"]):
        raise UsageError(
            f"Which {of_what}? No window is named.",
            advice="Give --day DATE, or --since TIME [--until TIME].",
        )


def window_of(options: dict[str, Any], session: "PortalSession") -> "Window":
    """Return the window that the options name, in the portal's time."""
    from archiver.domain import time_input as times

    return times.window(
        options["since"],
        options["until"],
        options["day"],
        now=session.now,
        offset=session.offset.minutes,
    )


@dataclass(frozen=True, slots=True)
class PullScope:
    """What a pull is to archive, in this order.

    ``since`` is the day that was named for the archive to answer for everything from. Who named no
    window ``respects_backoff``: what waits is left to its time. ``kept_from`` is the first day that
    the provider still has, if somebody told how long it keeps. ``passed_over`` are days that the
    archive should have all of and that this command line, typed again, never looks at.
    """

    windows: "tuple[Window, ...]"
    scope: "Scope"
    since: date | None = None
    respects_backoff: bool = False
    kept_from: date | None = None
    passed_over: "tuple[Window, ...]" = ()


def assignment(
    options: dict[str, Any],
    session: "PortalSession",
    catalog: "Catalog | None",
    reports: "Iterable[Report]",
    keeps: "Period | None",
) -> PullScope:
    """Return what the options name: one window, all days from one on, or the days that are due.

    A day is due until it is settled in all these ``reports``. The provider ``keeps`` recordings for
    so long, if that is known. Raises :class:`UsageError` when nothing says from which day on.
    """
    from archiver.catalog.days import due_days as due
    from archiver.domain import time_input as times
    from archiver.domain.window import Window
    from archiver.listing.slices import clip_to_cutoff
    from archiver.pull.ledger.backlog import Scope

    today = session.stands_at.date()
    kept_from = keeps.before(today) if keeps else None
    last = catalog.days.backlog() if catalog else None
    order = due.Order(oldest_first=last is not None and last.stalled > 0, kept_from=kept_from)
    said = [options[name] for name in ("since", "until", "day") if options[name]]
    is_fixed = all(map(times.is_fixed, said))
    first = catalog.days.since() if catalog else None
    if options["day"] or options["until"]:
        window = window_of(options, session)
        windows = due.pieces(window)
        if is_fixed:
            return PullScope(windows, Scope.FIXED, kept_from=kept_from)
        leaving = (Window.day(window.first.date()),)
        return PullScope(windows, Scope.MOVING, kept_from=kept_from, passed_over=leaving)
    if options["since"]:
        since = clip_to_cutoff(window_of(options, session), session).first.date()
        scope = Scope.DUE if is_fixed else Scope.MOVING
        windows = due.windows(due.due(since, today, (), order))
        older = due.windows(_due_before(since, first, catalog, reports))
        return PullScope(windows, scope, since, kept_from=kept_from, passed_over=older)
    if catalog is None or first is None:
        raise UsageError(
            "No start date is stored in this archive.",
            advice=f"Run once: archiver pull --since {today}, or an earlier date. For one day: "
            "--day DATE.",
        )
    days = due.due(first, today, catalog.days.settled(reports, today), order)
    if not days:
        clip_to_cutoff(Window.day(first), session)
    return PullScope(due.windows(days), Scope.DUE, respects_backoff=True, kept_from=kept_from)


def _due_before(
    since: date, first: date | None, catalog: "Catalog | None", reports: "Iterable[Report]"
) -> tuple[date, ...]:
    """Return the days before one that the archive answers for as well, and that aren't settled."""
    from archiver.catalog.days import due_days as due

    if catalog is None or first is None or first >= since:
        return ()
    settled = catalog.days.settled(reports, since)
    return tuple(day for day in due.due(first, since, settled) if day < since)


def span(window: "Window") -> "dict[str, Json]":
    """Return a window as JSON has it, in the portal's own time."""
    return {"from": window.first.isoformat(), "to": window.last.isoformat()}
