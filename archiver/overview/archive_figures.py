"""What ``archiver status`` is worked out from: what the chain says, whatever the time. Pure.

The settings and the hour of whoever asks come on top, so the same figures serve until the chain
grows.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from msgspec import Struct

from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import Report
from archiver.manifest.records.files import Head
from archiver.manifest.records.listings import Backlog
from archiver.manifest.state import RecordingState
from archiver.overview.archive_status import DaysSoFar


class LastRun(Struct, frozen=True):
    """What the last manifest of a run says of it: when it was written (UTC), and how it stands.

    A run that is not ``closed`` goes on, or was cut off. ``outcomes`` counts recordings by what
    became of them. When it was written, so many findings of the archive were open, and so many
    ``unfinished_erasures`` not at their end. ``portal_clock`` is what the portal's showed (UTC)
    when it began. Of a run that its budget ended, and all of whose listings were proven, it is
    ``catching_up`` where what it left is becoming less, or nothing of it is news. One that fell
    ``behind`` has left what may be lost. ``nights`` counts the days, one soon after the other up to
    this run, on which runs had a window that had just ended: such are those of a job, and the days
    of its pauses count as well.
    """

    manifest: int
    began: datetime
    written: datetime
    closed: bool
    accounted: bool
    clean: bool
    new_findings: int
    open_findings: int
    unfinished_erasures: int
    portal_clock: datetime | None
    outcomes: Mapping[str, int]
    doubts: tuple[str, ...]
    all_proven: bool
    catching_up: bool
    behind: bool
    nights: int

    @property
    def failures(self) -> int:
        """How many recordings could not be fetched, unless a person had accepted all of that."""
        return 0 if self.clean else self.outcomes.get(Outcome.FAILED, 0)

    @property
    def is_doubtful(self) -> bool:
        """Whether it ended in a way that needs a person, whatever findings are open."""
        is_unproven = not (self.accounted or self.catching_up)
        told_apart = self.open_findings or self.unfinished_erasures
        is_unexplained = not (self.clean or self.catching_up or told_apart)
        is_undone = self.closed and (is_unproven or is_unexplained)
        return bool(self.doubts or self.failures or self.behind or is_undone)


class HeldAudio(Struct, frozen=True):
    """How many recordings are held, the bytes of their audio, and how long they are together.

    ``ms`` are milliseconds, as measured, else as reported; of ``unmeasured`` ones neither is known.
    """

    recordings: int
    bytes: int
    ms: int
    unmeasured: int


class Some(Struct, frozen=True):
    """So many recordings of a kind, and the portal time of the oldest, if any has one."""

    kind: str
    count: int
    oldest: datetime | None


class OnHold(Struct, frozen=True):
    """How many recordings are on hold, and by how many holds."""

    recordings: int
    holds: int


class DayOfReport(Struct, frozen=True):
    """A portal day as one of the reports lists it."""

    report: Report
    day: date


class ArchiveFigures(Struct, frozen=True):
    """What the chain says up to ``head``. Times and days are the portal's, the last run's UTC.

    The portal is ``utc_offset`` minutes east of UTC. ``with_calls``, the call log is archived too.
    ``last_due_run`` is the last over all that was due: the last, unless that had a window.
    ``listed`` are the open findings by id, ``None`` where they are too many to be kept. ``settled``
    has the days that need no more listing, by report; ``recordings`` how many are known of each
    day; of what waits for audio, the oldest of the last tries was ``waiting_tried`` (UTC);
    ``unproven`` the days whose last listing is not proven or lacks rows; ``unfinished`` those
    of windows that were named and that no run has done all of. Of ``unfinished_erasures``, so many
    were begun, and are not at their end.
    """

    head: Head | None
    utc_offset: int
    with_calls: bool
    last_run: LastRun | None
    last_due_run: LastRun | None
    since: date | None
    settled: Mapping[Report, tuple[date, ...]]
    recordings: Mapping[date, int]
    backlog: Backlog | None
    waiting: Some
    waiting_tried: datetime | None
    findings: tuple[Some, ...]
    listed: tuple[RecordingState, ...] | None
    unproven: tuple[DayOfReport, ...]
    unfinished: tuple[DayOfReport, ...]
    newest: datetime | None
    held: HeldAudio
    on_hold: OnHold
    unfinished_erasures: int

    def days_so_far(self, reports: Collection[Report], today: date) -> DaysSoFar:
        """Return what is known of the days of these reports."""
        settled = [{*self.settled.get(each, ())} for each in reports]
        return DaysSoFar(
            self.since,
            {day for day in set[date].intersection(*settled) if day < today},
            {day: count for day, count in self.recordings.items() if day <= today},
        )
