"""How the last run of the chain ended. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from archiver.domain.outcomes import Outcome


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the last manifest of a run says of it: when it was written (UTC), and how it stands.

    A run that is not ``closed`` goes on, or was cut off. ``outcomes`` counts recordings by what
    became of them. When it was written, so many findings of the archive were open, and so many
    ``unfinished_erasures`` not at their end. ``portal_clock`` is what the portal's showed (UTC)
    when it began.
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

    @property
    def failures(self) -> int:
        """How many recordings could not be fetched, unless a person had accepted all of that."""
        return 0 if self.clean else self.outcomes.get(Outcome.FAILED, 0)
