"""The portal's clock, as the ``Date`` of its answers tells it, beside this machine's."""

import threading
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from archiver.domain.times.clocks import Clocks, Trust
from archiver.domain.times.portal_zone import SANE_YEARS


class Clock:
    """Hears every ``Date`` that the portal sends. Safe to use from many threads."""

    def __init__(self, trust: Trust = Trust.AUTO) -> None:
        self._trust = trust
        self._lock = threading.Lock()
        self._ahead: timedelta | None = None
        self._furthest: Clocks | None = None

    def hear(self, date: str | None) -> None:
        """Take in a ``Date`` header; one that is missing or makes no sense tells nothing."""
        told = _moment(date)
        if told is None:
            return
        both = Clocks(datetime.now(UTC).replace(microsecond=0), told, self._trust)
        with self._lock:
            self._ahead = told - both.machine
            if self._furthest is None or both.apart > self._furthest.apart:
                self._furthest = both

    @property
    def ahead(self) -> timedelta | None:
        """How far the portal's clock is ahead of this machine's, ``None`` if it never told."""
        return self._ahead

    @property
    def furthest(self) -> Clocks:
        """Both as they were when they were furthest apart: one of them may stand still, or jump."""
        return self._furthest or self.read()

    def read(self) -> Clocks:
        """Return what both show now."""
        machine, ahead = datetime.now(UTC), self._ahead
        return Clocks(machine, None if ahead is None else machine + ahead, self._trust)


def _moment(date: str | None) -> datetime | None:
    try:
        told = parsedate_to_datetime(date) if date else None
    except (ValueError, OverflowError):
        return None
    is_usable = told is not None and told.tzinfo is not None and told.year in SANE_YEARS
    return told if is_usable else None
