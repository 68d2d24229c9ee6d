"""The days of the tests' small world, and a clock that a test sets."""

from datetime import UTC, datetime, timedelta

from msgspec import Struct

FIRST = datetime(2021, 4, 1, tzinfo=UTC)
LAST = datetime(2021, 4, 12, 23, 59, 59, tzinfo=UTC)


class Clock(Struct):
    """A clock that a test sets."""

    moment: datetime = datetime(2021, 4, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
