"""Erasures, as the chain keeps them: what is taken away, who said so, why, and what is left of it.

First come the tombstones, then the bytes go, then it is entered that they are gone.
"""

from dataclasses import dataclass
from enum import StrEnum

from archiver.domain.recordings import RecordingId, Report
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


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A recording that is taken away, and the hashes of all that the archive had of it."""

    id: RecordingId
    source: Report
    files: tuple[ArchivedFile, ...]


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is taken away.

    ``by`` decided it, and a ``second`` person where two are asked for. ``plan`` is the SHA-256 of
    the plan of a disposal. ``exports`` are the runs that handed any of it over. ``left`` is how
    many versions a listing found of it afterwards; ``None`` until then.
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

    def __post_init__(self) -> None:
        if self.plan is not None:
            checked_sha256(self.plan)
