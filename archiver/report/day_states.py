"""How a portal day stands, by what the chain says of it. Pure."""

from datetime import date
from enum import StrEnum

from msgspec import Struct


class DayState(StrEnum):
    """How a portal day stands, the gravest word first where several hold."""

    FINDINGS = "findings"
    CERTIFIED = "certified"
    NOTHING_LISTED = "nothing_listed"
    SETTLED = "settled"
    OPEN = "open"
    NOT_LOOKED_AT = "not_looked_at"

    @property
    def label(self) -> str:
        """The word for people."""
        return self.replace("_", " ").capitalize()

    @property
    def meaning(self) -> str:
        """What the word says of a day, and no more."""
        return _MEANINGS[self]


_MEANINGS = {
    DayState.FINDINGS: "A recording of the day, or its listing, needs a person.",
    DayState.CERTIFIED: "By the rules that its certificate names, calls, recordings and archive "
    "add up, or a person accepted what doesn't; the chain holds the certificate.",
    DayState.NOTHING_LISTED: "Settled, as a day on which the portal lists no recording.",
    DayState.SETTLED: "Two runs listed the same, proven; every recording is held or accepted.",
    DayState.OPEN: "Not settled, or not over: it may still change.",
    DayState.NOT_LOOKED_AT: "No run has listed the day since it ended.",
}


class DayFacts(Struct, frozen=True):
    """What is known of a portal day.

    ``listed`` is how many rows its last listing had, ``None`` where there was none; ``known`` is
    how many recordings the archive knows of, ``open`` how many of these are open findings.
    ``is_doubtful`` says that its last listing is not proven, or lacks rows, and nobody accepted it;
    ``is_over``, that the day has ended by the portal's clock.
    """

    day: date
    listed: int | None
    known: int
    open: int
    is_settled: bool
    is_doubtful: bool
    is_certified: bool = False
    is_over: bool = True

    @property
    def state(self) -> DayState:
        """The word for the day."""
        if self.open or self.is_doubtful:
            return DayState.FINDINGS
        if self.is_certified:
            return DayState.CERTIFIED
        if self.is_settled:
            is_empty = self.listed == 0 and not self.known
            return DayState.NOTHING_LISTED if is_empty else DayState.SETTLED
        is_awaited = self.listed is not None or self.known or not self.is_over
        return DayState.OPEN if is_awaited else DayState.NOT_LOOKED_AT
