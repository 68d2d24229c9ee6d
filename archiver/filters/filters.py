"""Which recordings are meant: by id, number, agent, time, length, and what became of them. Pure.

A filter names values; a recording passes when it has one of them. Where several filters are given,
it must pass each.

>>> Filters(verdicts=(Verdict.TRUNCATED,)).is_empty, Filters().is_empty
(False, True)
"""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from archiver.domain.outcomes import Verdict
from archiver.domain.times.window import Window


class Standing(StrEnum):
    """Where a recording stands, in the words of ``--outcome``.

    A recording can stand in several: one that is archived may be gone at the portal.
    """

    ARCHIVED = "archived"
    """It is held."""
    QUARANTINED = "quarantined"
    """Its newest audio is not what the portal said."""
    GONE = "gone"
    NO_AUDIO = "no_audio"
    FAILED = "failed"
    ERASED = "erased"
    WAITING = "waiting"
    """Its audio is asked for again later."""
    OPEN = "open"
    """It is a finding that waits for a person."""
    ACCEPTED = "accepted"
    """It was a finding, and a person has accepted it."""


class NumberPattern(Struct, frozen=True):
    """A phone number in any usual form, or a part of one.

    Fewer than seven digits are the last ones of a number; ``anywhere`` they may stand in the
    middle.
    """

    text: str
    anywhere: bool = False


class Length(Struct, frozen=True):
    """From the shortest to the longest length, both included, in milliseconds; either may be open.

    The length is that of the audio as measured; where there is none, as the portal reported it.
    """

    shortest: int | None = None
    longest: int | None = None


class Filters(Struct, frozen=True):
    """Which recordings are meant; all of them, where nothing is given.

    ``ids`` are whole, the beginning of one, or the name of a file: which it is, the ids that there
    are tell. ``agents`` are parts of names. ``window`` is portal time. What was said of the call
    beside a recording (``statuses``, ``services``, ``regions``) is compared as a whole; ``notes``
    are words that must all stand in its notes. Case never counts.
    """

    ids: tuple[str, ...] = ()
    numbers: tuple[NumberPattern, ...] = ()
    agents: tuple[str, ...] = ()
    window: Window | None = None
    length: Length | None = None
    verdicts: tuple[Verdict, ...] = ()
    standings: tuple[Standing, ...] = ()
    statuses: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is given, so that every recording is meant."""
        return self == Filters()

    @property
    def asks_of_calls(self) -> bool:
        """Whether anything is asked that a recording's call tells, and its own row seldom does."""
        return self.of_calls != Filters()

    @property
    def of_calls(self) -> "Filters":
        """What is asked of what a recording's call tells, alone."""
        return Filters(
            statuses=self.statuses, services=self.services, regions=self.regions, notes=self.notes
        )

    @property
    def of_recordings(self) -> "Filters":
        """All else that is asked."""
        return replace(self, statuses=(), services=(), regions=(), notes=())
