"""The words for what became of a recording: its verdict (the audio) and its outcome (the run)."""

from enum import StrEnum
from typing import Self

from msgspec import Struct
from msgspec.structs import replace


class Verdict(StrEnum):
    """What the audio is, held against what the portal reported."""

    VERIFIED = "verified"
    DURATION_UNKNOWN = "duration_unknown"
    DURATION_MISMATCH = "duration_mismatch"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    UNMEASURED = "unmeasured"
    NOT_AUDIO = "not_audio"

    @property
    def is_good(self) -> bool:
        """Whether the audio is whole and does not contradict the report."""
        return self in {Verdict.VERIFIED, Verdict.DURATION_UNKNOWN}


class Concern(StrEnum):
    """Why a recording needs a person all the same: a finding until accepted, though it is held.

    The gravest first: where there are several, the first names the finding.
    """

    SAME_AUDIO = "same_audio"
    """Other recordings have the very same bytes."""
    SAME_ID = "same_id"
    """The portal lists another recording under the same id."""
    LENGTH_UNCONFIRMED = "length_unconfirmed"
    """Nothing told how long the file or the call is, so a part of it would look the same."""
    DURATION_UNREAD = "duration_unread"
    """The portal reports a length in a form that is not understood, so nothing was compared."""
    TIME_UNREAD = "time_unread"
    """The portal dates it in a form that is not understood, so it lies in no day."""
    ROW_UNREAD = "row_unread"
    """Its row can't be read, so nothing was fetched."""
    OFFERED_ANEW = "offered_anew"
    """Other audio is offered than when it was accepted as lost, and could not be fetched."""
    ORIGINAL_LOST = "original_lost"
    """What was archived first is lost, and a repair put what the portal serves now in its place."""

    @property
    def lasts(self) -> bool:
        """Whether a newer version ends it no more than time does: only a person can."""
        return self is Concern.ORIGINAL_LOST


class Outcome(StrEnum):
    """How a listed recording ended in a run: exactly one of these."""

    ARCHIVED = "archived"
    HELD = "held"
    QUARANTINED = "quarantined"
    NO_AUDIO = "no_audio"
    GONE = "gone"
    FAILED = "failed"
    ERASED = "erased"

    @property
    def is_finding(self) -> bool:
        """Whether a person must look at it."""
        return self in {Outcome.QUARANTINED, Outcome.GONE}


WITHOUT_VERDICT = (Outcome.GONE, Outcome.FAILED, Outcome.NO_AUDIO)
"""The outcomes that may be findings and have no verdict to name them by."""
FINDING_KINDS = (
    *(verdict for verdict in Verdict if not verdict.is_good),
    *WITHOUT_VERDICT,
    *Concern,
)
"""What a finding may be called."""


class Tolerance(Struct, frozen=True):
    """How far measured and reported duration may differ: the larger of the two, either way."""

    ms: int = 3_000
    permille: int = 10

    def allows(self, reported_ms: int, measured_ms: int) -> bool:
        """Whether ``measured_ms`` is close enough to ``reported_ms``."""
        return abs(measured_ms - reported_ms) <= self.span_ms(reported_ms)

    def span_ms(self, reported_ms: int) -> int:
        """Return the allowed difference for a recording of ``reported_ms``, in milliseconds."""
        return max(self.ms, reported_ms * self.permille // 1000)


class Judgement(Struct, frozen=True):
    """A verdict with its reasons and remarks.

    Reasons say why the audio is not good, or what the ``concerns`` are about; remarks are worth
    recording and no harm.
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    concerns: tuple[Concern, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether the audio is good, and something besides itself told how long it is."""
        return self.verdict.is_good and Concern.LENGTH_UNCONFIRMED not in self.concerns

    def with_concern(self, concern: Concern, reason: str) -> Self:
        """Return the same with one concern more, the least grave."""
        reasons, concerns = (*self.reasons, reason), (*self.concerns, concern)
        return replace(self, reasons=reasons, concerns=concerns)
