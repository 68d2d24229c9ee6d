"""What the portal's clock on the wall shows, by this machine's clock."""

from datetime import UTC, datetime, timedelta


def portal_time(offset: int) -> datetime:
    """Return the portal's present time, ``offset`` minutes east of UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=offset)


def clock_lag(ended: datetime | None) -> timedelta:
    """Return how much later the last run ``ended`` (UTC) than it is by this machine's clock.

    Mostly nothing. A clock that is behind knows nothing of the days since, and they are not to be
    passed over.
    """
    return max(timedelta(), ended - datetime.now(UTC)) if ended else timedelta()
