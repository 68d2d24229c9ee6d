"""How long what is stored is to be locked, counted from the call. Pure.

>>> Period.of("5y").after(datetime(2020, 2, 29))
datetime.datetime(2025, 2, 28, 0, 0)
"""

import calendar
import re
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

_PERIOD = re.compile(r"([1-9][0-9]{0,4})\s*(y|d)")
_LONGEST_DAYS, _LONGEST_YEARS = 36_500, 100


class LockMode(StrEnum):
    """Who can take a lock away: those with a right of their own, or nobody at all."""

    GOVERNANCE = "governance"
    COMPLIANCE = "compliance"


class Period(Struct, frozen=True):
    """So many calendar years, or days."""

    years: int = 0
    days: int = 0

    def __str__(self) -> str:
        return f"{self.years}y" if self.years else f"{self.days}d"

    @classmethod
    def of(cls, text: str) -> "Period":
        """Read ``5y`` or ``90d``; raises ``ValueError``."""
        match = _PERIOD.fullmatch(text)
        period = match and cls(**{"years" if match[2] == "y" else "days": int(match[1])})
        if period is None or period.years > _LONGEST_YEARS or period.days > _LONGEST_DAYS:
            raise ValueError("must be years or days, such as 5y or 90d; a hundred years at most")
        return period

    def after(self, moment: datetime) -> datetime:
        """Return the moment that lies so much later; 29 February becomes the 28th if it must."""
        year = moment.year + self.years
        day = min(moment.day, calendar.monthrange(year, moment.month)[1])
        return moment.replace(year=year, day=day) + timedelta(days=self.days)

    def before(self, day: date) -> date:
        """Return the day that lies so much earlier; 29 February becomes the 28th if it must."""
        year = day.year - self.years
        last = calendar.monthrange(year, day.month)[1]
        return day.replace(year=year, day=min(day.day, last)) - timedelta(days=self.days)


class Lock(Struct, frozen=True):
    """How a version is locked, and until when (aware)."""

    mode: LockMode
    until: datetime

    def joined(self, other: "Lock | None") -> "Lock":
        """Return a lock that is neither weaker nor shorter than either.

        A version has one lock, so it is the stricter mode until the later moment.
        """
        if other is None:
            return self
        is_strict = LockMode.COMPLIANCE in {self.mode, other.mode}
        mode = LockMode.COMPLIANCE if is_strict else LockMode.GOVERNANCE
        return Lock(mode, max(self.until, other.until))


class Default(Struct, frozen=True):
    """What a bucket locks unasked, counted from the moment in which it is stored."""

    mode: LockMode
    period: Period

    def __str__(self) -> str:
        return f"{self.mode.value.upper()}, {self.period}"

    def lock(self, now: datetime) -> Lock:
        """Return the lock of what is stored at that moment."""
        return Lock(self.mode, self.period.after(now).replace(microsecond=0))

    @classmethod
    def of(cls, mode: object, days: object, years: object) -> "Default | None":
        """Read what a bucket tells of it; ``None`` where that is no rule.

        Servers take longer times than AWS: what is beyond a hundred years is a hundred.
        """
        period = Period(
            years=min(years, _LONGEST_YEARS) if isinstance(years, int) else 0,
            days=min(days, _LONGEST_DAYS) if isinstance(days, int) else 0,
        )
        named = str(mode).lower()
        if named not in {*LockMode} or period == Period():
            return None
        return cls(LockMode(named), period)


class Retention(Struct, frozen=True):
    """What is locked and how long.

    ``legal_hold`` locks without an end, beside the period. ``lock_after`` lets so much time pass
    from the call before anything is locked, so that it can be screened first. No lock reaches
    further than ``most`` from now.
    """

    mode: LockMode | None = None
    period: Period | None = None
    legal_hold: bool = False
    lock_after: Period | None = None
    most: Period = Period(years=10)

    @property
    def locks(self) -> bool:
        """Whether anything is locked at all."""
        return self.mode is not None or self.legal_hold

    def until(self, since: datetime | None, now: datetime) -> datetime | None:
        """Return until when something of ``since`` (now, if ``None``) is to be locked.

        ``None`` when its period has passed already: a date in the past can't be set.
        """
        if self.mode is None or self.period is None:
            return None
        until = min(self.period.after(since or now), self.most.after(now)).replace(microsecond=0)
        return until if until > now else None

    def waits(self, since: datetime | None, now: datetime) -> bool:
        """Whether something of ``since`` is still to be screened before it is locked."""
        return bool(self.lock_after and since and self.lock_after.after(since) > now)


UNLOCKED = Retention()
"""Nothing is locked."""
