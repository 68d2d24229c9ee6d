"""Where an archive stands after a run: what is still due, and whether recordings keep coming."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from archiver.catalog import Catalog
from archiver.recordings import Report
from archiver.run.due import unsettled_since
from archiver.run.silence import LOOKED_BACK, is_unusual, silent_days

_REMEMBERED = timedelta(days=2 * LOOKED_BACK)


@dataclass(frozen=True, slots=True)
class State:
    """The archive's id; the first day that it answers for, and the first that is not settled.

    ``silent_days`` are the whole days since its newest recording; ``alarm`` says that this is new.
    """

    archive: str
    since: date | None
    unsettled_since: date | None
    silent_days: int | None
    alarm: bool


def state_of(
    catalog: Catalog, archive: str, reports: Iterable[Report], now: datetime, alarm_after: int
) -> State:
    """Return where the archive of these reports stands at ``now``, in portal time."""
    since, today = catalog.since(), now.date()
    if since is None:
        return State(archive, None, None, None, alarm=False)
    settled = catalog.settled(reports, today)
    counts = catalog.counts(today - _REMEMBERED, today)
    return State(
        archive,
        since,
        unsettled_since(since, now, settled),
        silent_days(counts, today),
        alarm=is_unusual(counts, today, alarm_after),
    )
