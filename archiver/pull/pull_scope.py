"""What a run is over: its windows, and how the next run stands to them. Values only."""

from datetime import date
from enum import Enum

from msgspec import Struct

from archiver.domain.times.window import Window
from archiver.manifest.records.listings import AskedWindow


class ScopeKind(Enum):
    """What a run is over, as far as that tells whether the next one takes up what it leaves."""

    DUE = "all that is due"
    MOVING = "a window up to now"
    FIXED = "a window of the past"


class PullScope(Struct, frozen=True):
    """What a pull is to archive, in this order.

    ``since`` is the day that was named for the archive to answer for everything from. Who named no
    window ``respects_backoff``: what waits is left to its time. ``kept_from`` is the first day that
    the provider still has, if somebody told how long it keeps. ``asked`` is the window that was
    named, if one was, as far as it is over. ``passed_over`` are days
    that the archive should have all of and that the same request, made again, never looks at.
    ``skipped`` are days that a job over such windows has passed over: they are among the windows.
    """

    windows: tuple[Window, ...]
    kind: ScopeKind = ScopeKind.FIXED
    since: date | None = None
    respects_backoff: bool = False
    kept_from: date | None = None
    asked: AskedWindow | None = None
    passed_over: tuple[Window, ...] = ()
    skipped: tuple[date, ...] = ()

    @property
    def is_fixed(self) -> bool:
        """Whether it is a window of the past, which says nothing of any other day."""
        return self.kind is ScopeKind.FIXED
