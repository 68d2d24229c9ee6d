"""Whether recordings have stopped coming where they used to come. Pure."""

from collections.abc import Mapping
from datetime import date

from archiver.domain.times.window import DAY

LOOKED_BACK = 28
"""So many days before a silence must show that it is none of the usual ones."""
USUAL = 10
"""On so many of them there must have been recordings."""


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
    last = today - (silent + 1) * DAY
    before = [bool(counts.get(last - number * DAY)) for number in range(LOOKED_BACK)]
    return sum(before) >= USUAL and _longest_silence(before) < alarm_after


def _longest_silence(days: list[bool]) -> int:
    return max(map(len, "".join("x" if day else " " for day in days).split("x")))
