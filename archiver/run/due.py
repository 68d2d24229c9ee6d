"""Which portal days are due, and in which order: the newest first, then from the oldest on. Pure.

>>> [f"{day:%d}" for day in due(date(2019, 6, 1), date(2019, 6, 7), {date(2019, 6, 2)})]
['04', '05', '06', '07', '01', '03']
"""

from collections.abc import Container
from datetime import date, datetime, timedelta

from archiver.catalog.days import LOOK_BACK
from archiver.windows import DAY, Window

MONTH = timedelta(days=31)


def due(since: date, today: date, settled: Container[date]) -> tuple[date, ...]:
    """Return the days that aren't settled: those of the look-back, then the others, oldest first.

    What a look-back may still change comes first, so that a first run over years, or one after a
    long pause, has the last days safe before it begins with the old ones.
    """
    recent = max(since, today - LOOK_BACK)
    older = _days(since, recent - DAY)
    return (*_days(recent, today), *(day for day in older if day not in settled))


def unsettled_since(since: date, now: datetime, settled: Container[date]) -> date:
    """Return the first day that isn't settled: all before it is, for good."""
    return min(due(since, now.date(), settled), default=since)


def windows(days: tuple[date, ...]) -> tuple[Window, ...]:
    """Return the windows to list, a day each: what goes wrong with one leaves the others alone."""
    return tuple(map(Window.day, days))


def pieces(window: Window) -> tuple[Window, ...]:
    """Return a window that somebody named as it is, or in days if it is longer than a month.

    What must be known of a window at once is known of a month at most.
    """
    if window.seconds <= MONTH.total_seconds():
        return (window,)
    return window.by_day()


def _days(first: date, last: date) -> tuple[date, ...]:
    return tuple(first + number * DAY for number in range((last - first).days + 1))
