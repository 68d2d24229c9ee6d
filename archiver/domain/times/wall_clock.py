"""What the portal's clock on the wall shows, by this machine's clock."""

from datetime import UTC, datetime, timedelta


def portal_time(offset: int) -> datetime:
    """Return the portal's present time, ``offset`` minutes east of UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=offset)
