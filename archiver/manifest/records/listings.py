"""What a manifest says of the portal's listings: how far each proves itself, and what it had."""

from datetime import date, datetime

from msgspec import Struct, field

from archiver.domain.recordings import Report
from archiver.json_documents import Later


class WindowProof(Struct, frozen=True):
    """A listing and how far it proves itself. ``total`` is the portal's count of its rows."""

    report: Report
    first: datetime = field(name="from")
    last: datetime = field(name="to")
    utc_offset_minutes: int | None = field(name="utc_offset")
    total: int | None
    seen: int
    walks: int
    proven: bool
    note: str | None = None


class AskedWindow(Struct, frozen=True):
    """The window of portal time that somebody named for a run, as far as it was over by then."""

    first: datetime = field(name="from")
    last: datetime = field(name="to")

    def __post_init__(self) -> None:
        if self.first.tzinfo is not None or self.last.tzinfo is not None:
            raise ValueError("a window is of the portal's own clock")
        if self.last < self.first:
            raise ValueError("a window that ends before it begins")


class HeldDay(Struct, frozen=True):
    """So many recordings of one portal day, all of them held.

    ``sha256`` is over their sorted ids, each with a newline after it.
    """

    day: date | None
    count: int
    sha256: str


class ListedDay(Struct, frozen=True):
    """All that a run saw listed of one portal day that had ended, once each row had its outcome.

    ``sha256`` is over their sorted ids, each with a newline after it. ``total`` is the portal's own
    count, where it gave one for this very day. ``missing`` counts what the archive has of the day
    and a proven listing of it has no more. ``lacks`` is the same hash over the ids of what the
    archive has of the day and this listing has not, be it proven or not; ``None`` where that is
    nothing, by a proven listing, or a former version wrote it.
    """

    report: Report
    day: date
    count: int
    sha256: str
    proven: bool
    total: Later[int | None] = None
    missing: Later[int] = 0
    lacks: Later[str | None] = None

    @property
    def counts(self) -> bool:
        """Whether it says that this is all there is of the day."""
        return self.proven and not self.missing


class Backlog(Struct, frozen=True):
    """What a run was to archive and its budget left to the next one; all 0 where that is nothing.

    ``first`` is the first portal day that it was to look at. ``recordings`` is ``None`` where
    neither a listing nor the portal's totals tell how many are left. ``days`` were not listed to
    their end, and never before. ``oldest`` is the first day of which something is left. For so
    many runs in a row, ``stalled`` says, it has not become less.
    """

    first: date = field(name="from")
    recordings: int | None
    days: int
    oldest: date | None
    stalled: int
