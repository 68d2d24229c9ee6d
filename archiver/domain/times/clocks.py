"""Which clock is believed: the portal's, as the ``Date`` of its answers, or this machine's. Pure.

Either may be wrong. While they agree, the portal's counts, as its rows are dated by it. Where they
do not, the earlier one is believed: no day that has not been is taken for one that has ended.

>>> noon = datetime.fromisoformat("2026-03-01T12:00:00Z")
>>> Clocks(noon, noon + timedelta(seconds=9)).now == noon + timedelta(seconds=9)
True
>>> Clocks(noon, noon + timedelta(days=400)).now == noon
True
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct


class Trust(StrEnum):
    """Which clock is believed: the portal's, this machine's, or what both agree on."""

    AUTO = "auto"
    PORTAL = "portal"
    MACHINE = "machine"


MAY_DIFFER = timedelta(minutes=5)
"""Clocks that nobody keeps well differ by seconds, or by a few minutes."""


class Clocks(Struct, frozen=True):
    """What this machine's clock and the portal's showed at one moment, in UTC.

    ``portal`` is ``None`` where the portal sends no ``Date``.
    """

    machine: datetime
    portal: datetime | None = None
    trust: Trust = Trust.AUTO

    @property
    def apart(self) -> timedelta:
        """How far they are apart; nothing where there is only one."""
        return abs(self.portal - self.machine) if self.portal else timedelta()

    @property
    def agree(self) -> bool:
        """Whether there are two, and they show the same."""
        return self.portal is not None and self.apart <= MAY_DIFFER

    @property
    def are_doubtful(self) -> bool:
        """Whether nothing tells which of them is right, and no person has said so."""
        if self.trust is Trust.MACHINE:
            return False
        return self.portal is None or (self.trust is Trust.AUTO and not self.agree)

    @property
    def now(self) -> datetime:
        """The moment that is believed to be the present one."""
        if self.portal is None or self.trust is Trust.MACHINE:
            return self.machine
        if self.trust is Trust.PORTAL or self.agree:
            return self.portal
        return min(self.portal, self.machine)

    @property
    def latest(self) -> datetime:
        """The later of the two: what is dated later still has not happened by any clock."""
        return max(self.machine, self.portal or self.machine)
