"""Windows of portal time: from–to, both ends inclusive, whole seconds, naive (the portal's clock).

>>> Window.day(date(2019, 6, 11)).is_whole_days
True
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from msgspec import Struct

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
EARLIEST = datetime.min  # noqa: DTZ901  # portal time is naive
LATEST = datetime.max.replace(microsecond=0)  # noqa: DTZ901  # portal time is naive


class Window(Struct, frozen=True, order=True):
    """Every second from ``first`` to ``last``, both included."""

    first: datetime
    last: datetime

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a window ends before it begins: {self}")

    @classmethod
    def day(cls, day: date) -> "Window":
        """Return one whole portal day."""
        return cls.days(day, day)

    @classmethod
    def days(cls, first: date, last: date) -> "Window":
        """Return the whole portal days ``first`` to ``last``."""
        midnight = datetime.combine(first, time())
        return cls(midnight, datetime.combine(last, time()) + DAY - SECOND)

    @classmethod
    def around(cls, moment: datetime, seconds: int = 0) -> "Window":
        """Return the second of ``moment`` with ``seconds`` more on either side."""
        whole = moment.replace(microsecond=0)
        return cls(whole - seconds * SECOND, whole + seconds * SECOND)

    @property
    def seconds(self) -> int:
        """How many seconds it holds (at least 1)."""
        return round((self.last - self.first + SECOND).total_seconds())

    @property
    def is_whole_days(self) -> bool:
        """Whether it begins at a midnight and ends a second before one."""
        return self.first.time() == time() and (self.last + SECOND).time() == time()

    @property
    def widened(self) -> "Window":
        """The whole days that it touches."""
        return Window.days(self.first.date(), self.last.date())

    @property
    def overlapping(self) -> "Window":
        """The window and the second behind it.

        A portal's filter takes its ends as moments: a row in the fractions of the last second lies
        behind that end, and before the beginning of the window that follows.
        """
        return Window(self.first, self.last + min(SECOND, LATEST - self.last))

    def reaching_back(self, by: timedelta) -> "Window":
        """Return the window with so much more before it, as far as there are dates."""
        return Window(self.first - min(by, self.first - EARLIEST), self.last)

    def without(self, inner: "Window") -> tuple["Window", ...]:
        """Return what of the window lies before and behind ``inner``: two windows at most."""
        before = (self.first, inner.first - SECOND) if self.first < inner.first else None
        behind = (inner.last + SECOND, self.last) if inner.last < self.last else None
        return tuple(Window(*pair) for pair in (before, behind) if pair)

    def grown(self, by: timedelta) -> "Window":
        """Return the window with so much more on either side, as far as there are dates."""
        return Window(
            self.first - min(by, self.first - EARLIEST), self.last + min(by, LATEST - self.last)
        )

    def moved(self, by: timedelta) -> "Window":
        """Return the window so much later, or earlier, as far as there are dates."""
        first = min(max(by, EARLIEST - self.first), LATEST - self.first)
        last = min(max(by, EARLIEST - self.last), LATEST - self.last)
        return Window(self.first + first, self.last + last)

    def __contains__(self, moment: datetime | None) -> bool:
        return moment is not None and self.first <= moment.replace(microsecond=0) <= self.last

    def cut(self, parts: int) -> tuple["Window", ...]:
        """Cut into at most ``parts`` windows that cover it without gap or overlap, oldest first.

        Cuts fall on midnights while the window spans at least ``parts`` days, else on seconds.
        """
        unit = 86_400 if self.is_whole_days and self.seconds >= parts * 86_400 else 1
        units = self.seconds // unit
        parts = min(parts, units)
        edges = [self.first + (units * k // parts) * unit * SECOND for k in range(parts)]
        ends = [edge - SECOND for edge in edges[1:]] + [self.last]
        return tuple(Window(*pair) for pair in zip(edges, ends, strict=True))

    def by_day(self) -> tuple["Window", ...]:
        """Cut at every midnight, oldest first."""
        days = map(Window.day, self.each_day())
        return tuple(Window(max(self.first, d.first), min(self.last, d.last)) for d in days)

    def each_day(self) -> Iterator[date]:
        """Yield the days that it touches, oldest first."""
        day = self.first.date()
        while day <= self.last.date():
            yield day
            day += DAY

    def __str__(self) -> str:
        return f"{self.first:%Y-%m-%d %H:%M:%S} to {self.last:%Y-%m-%d %H:%M:%S}"


def in_words(window: Window | None) -> str:
    """Return a window that may be open at either end, or is none at all, in words.

    >>> in_words(Window(datetime(2019, 6, 11), LATEST)), in_words(None)
    ('from 2019-06-11 00:00:00 on (portal time)', 'of any time')
    >>> in_words(Window(EARLIEST, datetime(2019, 6, 11, 9, 30)))
    'up to 2019-06-11 09:30:00 (portal time)'
    """
    if window is None or window == Window(EARLIEST, LATEST):
        return "of any time"
    first, last = (f"{end:%Y-%m-%d %H:%M:%S}" for end in (window.first, window.last))
    if window.first == EARLIEST:
        return f"up to {last} (portal time)"
    return f"from {first} {'on' if window.last == LATEST else f'to {last}'} (portal time)"


def beside(day: date) -> tuple[date, ...]:
    """Return the day before and the day after, as far as there are dates."""
    ordinals = (day.toordinal() - 1, day.toordinal() + 1)
    known = range(date.min.toordinal(), date.max.toordinal() + 1)
    return tuple(date.fromordinal(each) for each in ordinals if each in known)
