"""Where an archive stands after a run: what is still due, whether recordings keep coming. Pure."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from msgspec import Struct

from archiver.overview.due_days import unsettled_since

LOOKED_BACK = 28
"""So many days before a silence must show that it is none of the usual ones."""
USUAL = 10
"""On so many of them there must have been recordings."""


class DaysSoFar(Struct, frozen=True):
    """What is known of portal days: from which on, which are settled, how many recordings each has.

    Those settled lie before today. Counted are at least the newest :data:`LOOKED_BACK` that have
    recordings, however long ago that is.
    """

    since: date | None
    settled: Collection[date]
    recordings: Mapping[date, int]


class ArchiveStatus(Struct, frozen=True):
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


def silent_days(counts: Mapping[date, int], today: date) -> int | None:
    """Return how many whole days have passed since the newest recording, ``None`` without any."""
    days = [day for day, count in counts.items() if count and day <= today]
    return max(0, (today - max(days)).days - 1) if days else None


def is_unusual(counts: Mapping[date, int], today: date, alarm_after: int) -> bool:
    """Whether so many days went by without a recording, and that is new.

    A weekend that is always silent, or a holiday that was as long, is none. ``counts`` is by portal
    day; days without recordings may be missing.
    """
    silent = silent_days(counts, today)
    if not alarm_after or silent is None or silent < alarm_after:
        return False
    days_ago = {(today - day).days for day, count in counts.items() if count}
    before = [silent + 1 + number in days_ago for number in range(LOOKED_BACK)]
    return sum(before) >= USUAL and _longest_silence(before) < alarm_after


def _longest_silence(days: list[bool]) -> int:
    return max(map(len, "".join("x" if day else " " for day in days).split("x")))
