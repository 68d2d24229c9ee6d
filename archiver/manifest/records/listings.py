"""What a manifest says of the portal's listings: how far each proves itself, and what it had."""

from dataclasses import dataclass, field
from datetime import date, datetime

from archiver.domain.recordings import Report


@dataclass(frozen=True, slots=True)
class WindowProof:
    """A listing and how far it proves itself. ``total`` is the portal's count of its rows."""

    report: Report
    first: datetime = field(metadata={"json": "from"})
    last: datetime = field(metadata={"json": "to"})
    utc_offset_minutes: int | None = field(metadata={"json": "utc_offset"})
    total: int | None
    seen: int
    walks: int
    proven: bool
    note: str | None = None


@dataclass(frozen=True, slots=True)
class HeldDay:
    """So many recordings of one portal day, all of them held.

    ``sha256`` is over their sorted ids, each with a newline after it.
    """

    day: date | None
    count: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ListedDay:
    """All that a run saw listed of one portal day that had ended, once each row had its outcome.

    ``sha256`` is over their sorted ids, each with a newline after it. ``total`` is the portal's own
    count, where it gave one for this very day. ``missing`` counts what the archive has of the day
    and a proven listing of it has no more.
    """

    report: Report
    day: date
    count: int
    sha256: str
    proven: bool
    total: int | None = field(default=None, metadata={"optional": True})
    missing: int = field(default=0, metadata={"optional": True})

    @property
    def counts(self) -> bool:
        """Whether it says that this is all there is of the day."""
        return self.proven and not self.missing


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a run was to archive and its budget left to the next one; all 0 where that is nothing.

    ``first`` is the first portal day that it was to look at. ``recordings`` is ``None`` where
    neither a listing nor the portal's totals tell how many are left. ``days`` were not listed to
    their end, and never before. ``oldest`` is the first day of which something is left. For so
    many runs in a row, ``stalled`` says, it has not become less.
    """

    first: date = field(metadata={"json": "from"})
    recordings: int | None
    days: int
    oldest: date | None
    stalled: int
