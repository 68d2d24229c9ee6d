"""What all manifests of a run have in common, and the next of them.

A run's times are its start, by this machine's clock, and what has passed since, by one that nobody
sets: a clock that steps back in the middle of a run can't turn them round.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from archiver.domain.outcomes import Outcome
from archiver.manifest.builder import run_of
from archiver.manifest.format import FORMAT
from archiver.manifest.model import FindingCounts, Manifest, ManifestKind, Run
from archiver.manifest.records.files import Head
from archiver.manifest.records.listings import AskedWindow, HeldDay, ListedDay
from archiver.pull.ledger.gathered import Gathered
from archiver.pull.ledger.totals import RunTotals


class Ending(Struct, frozen=True):
    """Whether a manifest is the last of its run, and whether the run was cut off."""

    closed: bool = False
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        """Whether the run did all that it was to do."""
        return self.closed and not self.interrupted


@dataclass(frozen=True, slots=True)
class RunHeader:
    """The run, the archive, and the settings that decide; ``clock`` is monotonic seconds.

    ``asked`` is the window that somebody named for it.
    """

    archive: str
    settings: Mapping[str, str | int | bool | None]
    portal_clock: datetime | None = None
    asked: AskedWindow | None = None
    clock: Callable[[], float] = time.monotonic
    _run: Run = field(init=False)
    _began_at: float = field(init=False)

    def __post_init__(self) -> None:
        now, told = datetime.now(UTC).replace(microsecond=0), self.portal_clock
        run = run_of(str(uuid.uuid4()), now, now, self.settings, closed=False)
        portal_clock = told.replace(microsecond=0) if told else None
        object.__setattr__(self, "_run", replace(run, portal_clock=portal_clock))
        object.__setattr__(self, "_began_at", self.clock())

    @property
    def began(self) -> datetime:
        """When the run began (UTC), as its manifests say."""
        return self._run.began

    def manifest(  # noqa: PLR0913 - what is written, each by name
        self,
        below: Head | None,
        gathered: Gathered,
        *,
        days: tuple[ListedDay, ...],
        unlisted: tuple[HeldDay, ...],
        totals: RunTotals,
        ending: Ending,
    ) -> Manifest:
        """Return the manifest that goes on top of ``below``."""
        ended = self._run.started + timedelta(seconds=int(self.clock() - self._began_at))
        lag, complete = totals.lag, ending.complete
        return Manifest(
            format=FORMAT,
            archive=self.archive,
            number=below.number + 1 if below else 1,
            previous=below,
            kind=ManifestKind.RUN,
            run=replace(self._run, ended=ended, closed=ending.closed),
            windows=tuple(gathered.windows),
            recordings=tuple(gathered.entries),
            held=gathered.held,
            unlisted=unlisted,
            days=days,
            calls=tuple(gathered.call_files),
            since=None,
            decision=None,
            outcomes={outcome: totals.outcomes.get(outcome, 0) for outcome in Outcome},
            findings=FindingCounts(totals.new_findings, totals.open_findings),
            accounted=complete and totals.accounted,
            clean=complete and totals.clean,
            doubts=totals.doubts,
            backlog=lag.now if complete and lag and lag.is_comparable else None,
            behind=complete and lag is not None and lag.is_behind,
            asked=self.asked,
        )
