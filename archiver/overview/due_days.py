"""Which portal days are due, and in which order: the newest first, then from the oldest on. Pure.

>>> [f"{day:%d}" for day in due(date(2019, 6, 1), date(2019, 6, 7), {date(2019, 6, 2)})]
['04', '05', '06', '07', '01', '03']

Where time is short, what the provider deletes soonest comes first.

>>> short = Order(oldest_first=True)
>>> [f"{day:%d}" for day in due(date(2019, 6, 1), date(2019, 6, 7), {date(2019, 6, 2)}, short)]
['01', '03', '04', '05', '06', '07']
"""

from collections.abc import Container, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct

from archiver.domain.times.window import DAY, Window

LOOK_BACK = timedelta(days=3)
"""So long after its end a day must have been listed to be settled: rows arrive late."""
LATE = LOOK_BACK + timedelta(days=1)
"""What no run has asked for in a longer time, no nightly run asks for."""
MONTH = timedelta(days=31)
LAST_CHANCE = 2 * DAY
"""A day that is deleted at the provider within this time may be gone before the next run."""


class Order(Struct, frozen=True):
    """What comes first: the look-back, or the oldest, where the last run has fallen behind.

    ``kept_from`` is the first day that the provider still has, if somebody told. The days in the
    last quarter of their time there come before all, those beyond it after all.
    """

    oldest_first: bool = False
    kept_from: date | None = None

    def apply(
        self, older: Sequence[date], look_back: Sequence[date], today: date
    ) -> tuple[date, ...]:
        """Return all days; both are given from the oldest on."""
        kept_from = self.kept_from or date.min
        deleted = [day for day in older if day < kept_from]
        kept = older[len(deleted) :]
        urgent = len(kept) if self.oldest_first else 0
        if self.kept_from is not None:
            before_long = kept_from + max((today - kept_from) / 4, LAST_CHANCE)
            urgent = max(urgent, sum(day < before_long for day in kept))
        return (*kept[:urgent], *look_back, *kept[urgent:], *deleted)


NEWEST_FIRST = Order()


def due(
    since: date, today: date, settled: Container[date], order: Order = NEWEST_FIRST
) -> tuple[date, ...]:
    """Return the days that aren't settled: those of the look-back, then the others, oldest first.

    What a look-back may still change comes first, so that a first run over years, or one after a
    long pause, has the last days safe before it begins with the old ones. Another ``order`` may be
    called for.
    """
    recent = max(since, today - LOOK_BACK)
    older = tuple(day for day in _days(since, recent - DAY) if day not in settled)
    return order.apply(older, _days(recent, today), today)


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
