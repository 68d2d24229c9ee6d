"""Which calls must have a recording, as a person tells it, and the four words of a call. Pure.

A call that must have a recording is complete or missing. One that need not is excluded, and why is
said. What is left over is a recording without a call.
"""

from enum import StrEnum

from msgspec import Struct


class Expect(StrEnum):
    """Which calls must have a recording: all that were answered, or those that say they have it."""

    ANSWERED = "answered"
    SAID = "said"


class Exclusion(StrEnum):
    """Why a call needs no recording."""

    NOT_ANSWERED = "not_answered"
    """Nobody talked."""
    TOO_SHORT = "too_short"
    """It was shorter than the shortest that is recorded."""
    NOT_RECORDED = "not_recorded"
    """Its number, service or status is one that is not recorded at all."""
    NOT_SAID = "not_said"
    """The portal does not say that there is audio, and only calls of which it does are recorded."""
    ERASED = "erased"
    """It was erased or disposed of, with the recording that it was of."""


class Lack(StrEnum):
    """Why a call that must have a recording is missing it."""

    NO_RECORDING = "no_recording"
    """No recording is its."""
    NOT_HELD = "not_held"
    """Its recording is in quarantine, gone, or could not be fetched."""
    NOT_SURE = "not_sure"
    """The one recording near it fits a call that is excluded, or of another day, just as well."""


class GapKind(StrEnum):
    """What does not add up on a day: a finding until it comes right, or a person accepts it."""

    MISSING = "missing"
    """A call that must have a recording has none that is held."""
    WITHOUT_CALL = "recording_without_call"
    """A recording is that of no call of the call log."""


class Expectation(Struct, frozen=True):
    """Which calls must have a recording.

    Calls shorter than ``min_talk_ms`` milliseconds need none. ``not_recorded`` are numbers,
    ``service:NAME`` and ``status:NAME`` of calls that are not recorded at all. A call of which the
    portal itself says that there is audio must have it, whatever else is said. The ends of a
    recording may differ from those of its call by ``slack_ms`` milliseconds, both together.
    """

    expect: Expect = Expect.ANSWERED
    min_talk_ms: int = 0
    not_recorded: tuple[str, ...] = ()
    slack_ms: int = 60_000

    def named(self, field: str) -> frozenset[str]:
        """Return the values of a field of the call log that are not recorded, in lower case."""
        pairs = (term.partition(":") for term in self.not_recorded)
        return frozenset(value.casefold() for name, _, value in pairs if name == field)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers that are not recorded, as they were written."""
        return tuple(term for term in self.not_recorded if ":" not in term)
