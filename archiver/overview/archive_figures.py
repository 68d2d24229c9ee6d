"""What ``archiver status`` is worked out from: what the chain says, whatever the time. Pure.

The settings and the hour of whoever asks come on top, so the same figures serve until the chain
grows.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from archiver.domain.recordings import Report
from archiver.manifest.records.files import Head
from archiver.manifest.records.listings import Backlog
from archiver.manifest.state import RecordingState
from archiver.overview.archive_status import REMEMBERED, DaysSoFar
from archiver.overview.last_run import LastRun


@dataclass(frozen=True, slots=True)
class HeldAudio:
    """How many recordings are held, the bytes of their audio, and how long they are together.

    ``ms`` are milliseconds, as measured, else as reported; of ``unmeasured`` ones neither is known.
    """

    recordings: int
    bytes: int
    ms: int
    unmeasured: int


@dataclass(frozen=True, slots=True)
class Some:
    """So many recordings of a kind, and the portal time of the oldest, if any has one."""

    kind: str
    count: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class OnHold:
    """How many recordings are on hold, and by how many holds."""

    recordings: int = 0
    holds: int = 0


@dataclass(frozen=True, slots=True)
class DayOfReport:
    """A portal day as one of the reports lists it."""

    report: Report
    day: date


@dataclass(frozen=True, slots=True)
class ArchiveFigures:
    """What the chain says up to ``head``. Times and days are the portal's, the last run's UTC.

    The portal is ``utc_offset`` minutes east of UTC. ``with_calls``, the call log is archived too.
    ``listed`` are the open findings by id, ``None`` where they are too many to be kept.
    ``settled`` has the days that need no more listing, by report; ``recordings`` how many are known
    of each day.
    """

    head: Head | None
    utc_offset: int
    with_calls: bool
    last_run: LastRun | None
    since: date | None
    settled: Mapping[Report, tuple[date, ...]]
    recordings: Mapping[date, int]
    backlog: Backlog | None
    waiting: Some
    findings: tuple[Some, ...]
    listed: tuple[RecordingState, ...] | None
    unproven: tuple[DayOfReport, ...]
    newest: datetime | None
    held: HeldAudio
    on_hold: OnHold
    unfinished_erasures: int

    def days_so_far(self, reports: Collection[Report], today: date) -> DaysSoFar:
        """Return what is known of the days of these reports."""
        settled = [{*self.settled.get(each, ())} for each in reports]
        first = today - REMEMBERED
        return DaysSoFar(
            self.since,
            {day for day in set[date].intersection(*settled) if day < today},
            {day: count for day, count in self.recordings.items() if first <= day <= today},
        )
