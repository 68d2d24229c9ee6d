"""Erasures, as the chain keeps them: what is taken away, who said so, why, and what is left of it.

First come the tombstones, then the bytes go, then it is entered that they are gone.
"""

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum

from msgspec import Struct

from archiver.domain.recordings import RecordingId, Report
from archiver.json_documents import Later
from archiver.manifest.records.files import ArchivedFile, checked_sha256


class Cause(StrEnum):
    """Why recordings are taken away."""

    ERASURE = "erasure"
    """Somebody asked for it."""
    DISPOSAL = "disposal"
    """Their retention is over."""


class ErasureStep(StrEnum):
    """How far an erasure has come."""

    BEGUN = "begun"
    DONE = "done"
    UNDONE = "undone"
    """They may be fetched again; nothing is brought back."""
    REFUSED = "refused"
    """Nothing was removed."""


class SecondClock(StrEnum):
    """Whose clock bore out this machine's."""

    PORTAL = "portal"
    BUCKET = "bucket"


class TwoClocks(Struct, frozen=True):
    """What two clocks showed at one moment (UTC): this machine's, and the ``second``, of whom."""

    machine: datetime
    second: datetime
    of: SecondClock

    def __post_init__(self) -> None:
        if self.machine.tzinfo is None or self.second.tzinfo is None:
            raise ValueError("clocks are read in UTC")

    @property
    def now(self) -> datetime:
        """The earlier of the two: by neither of them is it less."""
        return min(self.machine, self.second)


class Tombstone(Struct, frozen=True):
    """A recording that is taken away, and the hashes of all that the chain named of it.

    ``calls`` are the ids of calls whose rows go with it, and ``call_days`` the portal days on which
    these ended, in the same order. ``created_at`` is portal time.
    """

    id: RecordingId
    source: Report
    created_at: datetime | None
    files: tuple[ArchivedFile, ...]
    calls: tuple[RecordingId, ...] = ()
    call_days: Later[tuple[date | None, ...]] = ()

    def __post_init__(self) -> None:
        if self.call_days and len(self.call_days) != len(self.calls):
            raise ValueError("not each of its calls has a day")

    @property
    def days_of_calls(self) -> Iterator[tuple[RecordingId, date | None]]:
        """Each of its calls with the day on which it ended: the recording's, if none is told."""
        own = self.created_at.date() if self.created_at else None
        yield from zip(self.calls, self.call_days or (own,) * len(self.calls), strict=True)


class Erasure(Struct, frozen=True):
    """What is taken away.

    ``by`` decided it, and a ``second`` person where two are asked for. ``plan`` is the SHA-256 of
    the plan of a disposal. ``exports`` are the runs that handed any of it over, or may have.
    ``left`` is how many versions a listing found of it afterwards; ``None`` until then. ``calls``
    are files of calls that go: what stays of their rows stands in others, which supersede them. A
    refused one names the numbers of the ``holds`` that bind, and ``until`` when (UTC) locks and
    retention rules last; there is no such date for a legal hold (``has_legal_hold``). ``clocks``
    are those that a disposal went by.
    """

    step: ErasureStep
    cause: Cause
    by: str
    second: str | None
    reason: str
    plan: str | None
    tombstones: tuple[Tombstone, ...]
    exports: tuple[str, ...]
    left: int | None
    calls: tuple[ArchivedFile, ...] = ()
    holds: Later[tuple[int, ...]] = ()
    until: Later[datetime | None] = None
    has_legal_hold: Later[bool] = False
    clocks: Later[TwoClocks | None] = None

    @property
    def ids(self) -> tuple[RecordingId, ...]:
        """The recordings."""
        return tuple(each.id for each in self.tombstones)

    @property
    def call_ids(self) -> frozenset[RecordingId]:
        """All calls whose rows go."""
        return frozenset(call for each in self.tombstones for call in each.calls)

    @property
    def takes_away(self) -> bool:
        """Whether its recordings are erased from its manifest on."""
        return self.step in {ErasureStep.BEGUN, ErasureStep.DONE}

    def __post_init__(self) -> None:
        if self.plan is not None:
            checked_sha256(self.plan)
