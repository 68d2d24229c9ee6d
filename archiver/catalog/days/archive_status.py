"""Where an archive stands after a run: what is still due, and whether recordings keep coming."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from archiver.catalog import Catalog
from archiver.catalog.days.due_days import unsettled_since
from archiver.catalog.days.silence import LOOKED_BACK, is_unusual, silent_days
from archiver.domain.recordings import Report

_REMEMBERED = timedelta(days=2 * LOOKED_BACK)


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """The archive's id; the first day that it answers for, and the first that is not settled.

    ``silent_days`` are the whole days since its newest recording; ``alarm`` says that this is new.
    """

    archive: str
    since: date | None
    unsettled_since: date | None
    silent_days: int | None
    alarm: bool


def status_of(
    catalog: Catalog, archive: str, reports: Iterable[Report], now: datetime, alarm_after: int
) -> ArchiveStatus:
    """Return where the archive of these reports stands at ``now``, in portal time."""
    since, today = catalog.days.since(), now.date()
    if since is None:
        return ArchiveStatus(archive, None, None, None, alarm=False)
    settled = catalog.days.settled(reports, today)
    counts = catalog.days.counts(today - _REMEMBERED, today)
    return ArchiveStatus(
        archive,
        since,
        unsettled_since(since, now, settled),
        silent_days(counts, today),
        alarm=is_unusual(counts, today, alarm_after),
    )
