"""What is seen of the filter's clock: how far it is ahead at a moment, and where that changes."""

from datetime import datetime, timedelta
from typing import NamedTuple

from archiver.domain.times.window import Window


class Point(NamedTuple):
    """A moment of the rows' clock, and how far the filter is ahead then."""

    at: datetime
    ahead: timedelta


class Change(NamedTuple):
    """A change of the filter's clock between two rows, ``early`` at the soonest, else ``late``."""

    before: Point
    behind: Point
    early: datetime
    late: datetime

    def first(self, moment: datetime) -> timedelta:
        """Return how to move the beginning of a window, so that no row behind it is missed.

        An hour that the clock shows twice is asked for as a whole.
        """
        if moment >= self.late:
            return self.behind.ahead
        return min(self.before.ahead, self.late + self.behind.ahead - moment)

    def last(self, moment: datetime) -> timedelta:
        """Return how to move the end of a window, so that no row before it is missed.

        Rows before the change may lie in fractions of its last second, behind that as a moment.
        """
        if moment < self.early:
            return self.before.ahead
        return max(self.behind.ahead, self.early + self.before.ahead - moment)


def later(moment: datetime, by: timedelta) -> datetime:
    """Return a moment so much later, or earlier, as far as there are dates."""
    return Window(moment, moment).moved(by).first
