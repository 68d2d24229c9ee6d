"""Where an archive stands after a run: what is still due, whether recordings keep coming. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from archiver.overview.due_days import unsettled_since
from archiver.overview.silence import LOOKED_BACK, is_unusual, silent_days

REMEMBERED = timedelta(days=2 * LOOKED_BACK)
"""So far back it is looked for recordings, to tell a silence from what is usual."""


@dataclass(frozen=True, slots=True)
class DaysSoFar:
    """What is known of portal days: from which on, which are settled, how many recordings each has.

    The days counted are those :data:`REMEMBERED`, those settled lie before today.
    """

    since: date | None
    settled: Collection[date]
    recordings: Mapping[date, int]


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


def status_of(archive: str, days: DaysSoFar, now: datetime, alarm_after: int) -> ArchiveStatus:
    """Return where an archive stands at ``now``, in portal time."""
    since, counts, today = days.since, days.recordings, now.date()
    if since is None:
        return ArchiveStatus(archive, None, None, None, alarm=False)
    return ArchiveStatus(
        archive,
        since,
        unsettled_since(since, now, days.settled),
        silent_days(counts, today),
        alarm=is_unusual(counts, today, alarm_after),
    )
