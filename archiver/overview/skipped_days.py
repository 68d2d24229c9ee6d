"""Which days a job over a moving window has passed over: nothing else looks at them. Pure.

``yesterday`` is a word, and which day it means depends on clocks: on the hour of the job, on a
change to or from summer time, on whether the machine was on at all.

>>> job = days_of_job(date(2026, 10, 25), nights=5, last=date(2026, 10, 24))
>>> [f"{day:%d}" for day in skipped(job, {date(2026, 10, 23)})]
['24']
"""

from collections.abc import Collection, Sequence
from datetime import date

from archiver.domain.times.window import DAY
from archiver.overview.due_days import LATE, LOOK_BACK

A_JOB = 7
"""On so many days, one soon after the other, nobody types a command."""


def days_of_job(first: date, nights: int, last: date) -> tuple[date, ...]:
    """Return the days before a window's ``first`` that a job was to look at, the oldest first.

    It ran on so many ``nights``, the ``last`` time on that day. After a pause it is still the same
    job; a few runs are one only while they follow one another.
    """
    has_ended = nights < A_JOB and first - last > LATE
    if not nights or has_ended:
        return ()
    begins = last - nights * DAY - LOOK_BACK
    return tuple(first - back * DAY for back in range((first - begins).days, 0, -1))


def skipped(days: Sequence[date], listed: Collection[date]) -> tuple[date, ...]:
    """Return those of the days that no run has ``listed``, though it has listed one before."""
    begins = next((day for day in days if day in listed), None)
    return tuple(day for day in days if begins and day > begins and day not in listed)
