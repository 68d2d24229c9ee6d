"""How long the provider still has what is not settled. Pure.

>>> due = [date(2026, 9, 10), date(2026, 11, 1)]
>>> left = provider_time(Period(days=90), due, date(2026, 11, 27))
>>> left.oldest.isoformat(), left.days_left, left.is_urgent
('2026-09-10', 12, True)
"""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from archiver.domain.retention import Period
from archiver.overview.due_days import LAST_CHANCE

LAST_PART = 4
"""A warning is due in the last quarter of a day's time at the provider."""


class ProviderTime(Struct, frozen=True):
    """What is left of a provider's time (``keeps``) for the ``oldest`` day that is not settled.

    ``expired`` days that are not settled are older than what it keeps: what of them is not held
    may be gone. There is no ``oldest`` where all that it has is settled.
    """

    keeps: Period
    oldest: date | None
    days_left: int | None
    expired: int
    is_urgent: bool


def provider_time(keeps: Period | None, due: Iterable[date], today: date) -> ProviderTime | None:
    """Return what is left for the days that are due; ``None`` where nobody told what it keeps."""
    if keeps is None:
        return None
    kept_from = keeps.before(today)
    days = sorted(due)
    there = [day for day in days if day >= kept_from]
    expired = len(days) - len(there)
    if not there:
        return ProviderTime(keeps, None, None, expired, is_urgent=bool(expired))
    left = there[0] - kept_from
    is_late = left < max((today - kept_from) / LAST_PART, LAST_CHANCE)
    return ProviderTime(keeps, there[0], left.days, expired, is_urgent=is_late or bool(expired))
