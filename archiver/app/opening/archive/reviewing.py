"""What looks at the days of an archive that is open: its reviewer, by the rules of the settings."""

from collections.abc import Iterable
from datetime import date

from archiver.app.opening.context import Context
from archiver.calls.call import LoggedCall
from archiver.completeness.day_calls import ArchivedCalls, ListedCalls
from archiver.completeness.review import Reviewer
from archiver.domain.recordings import Report
from archiver.domain.times.window import DAY
from archiver.open_archive import OpenArchive
from archiver.overview.due_days import LOOK_BACK


def reviewer_of(
    context: Context, archive: OpenArchive, today: date, listed: Iterable[LoggedCall] | None = None
) -> Reviewer:
    """Return what looks at days before ``today``; the portal may have ``listed`` calls just now."""
    catalog = archive.catalog
    calls = ArchivedCalls(archive.documents, catalog)
    return Reviewer(
        catalog,
        calls if listed is None else ListedCalls(calls, listed),
        context.settings.reconcile,
        catalog.days.settled(Report, today),
        overdue_before=today - LOOK_BACK - DAY,
        asks_portal=listed is not None,
    )
