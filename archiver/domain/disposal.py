"""When a recording is due to be disposed of, by the rules that say something of it. Pure.

Every rule that fits keeps a recording for its period from the call, so the longest wins. Only a
rule to dispose makes it due when that has passed. What is not known for sure is not due.

>>> seven = Term(Period(years=7), RetentionAction.DISPOSE)
>>> call, now = datetime(2019, 6, 11, 6, 4), datetime(2026, 11, 27, tzinfo=UTC)
>>> decide(call, [seven], [], now).standing.value
'due'
>>> ten = Term(Period(years=10), RetentionAction.KEEP)
>>> str(decide(call, [seven, ten], [], now))
'not_yet 2029-06-11 18:04:00+00:00'
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from archiver.domain.retention import Period

_FURTHEST_BEHIND = timedelta(hours=12)
"""What a zone is behind UTC at most: by then it has been that time everywhere."""


class RetentionAction(StrEnum):
    """What a rule wants once its period has passed."""

    KEEP = "keep"
    """Nothing: it only keeps until then."""
    DISPOSE = "dispose"


class DisposalStanding(StrEnum):
    """Where a recording stands by the rules."""

    DUE = "due"
    NOT_YET = "not_yet"
    """Its longest period has not passed."""
    KEPT = "kept"
    """Rules fit, and none of them disposes."""
    NO_RULE = "no_rule"
    NO_TIME = "no_time"
    """The time of its call is not known."""
    UNTOLD = "untold"
    """Nothing tells whether a rule fits that would change the answer."""


class Term(Struct, frozen=True):
    """How long a rule keeps what it fits, and what it wants then."""

    period: Period
    action: RetentionAction

    def until(self, call: datetime) -> datetime:
        """Return when (UTC) the period is over in every zone, for a call of that portal time."""
        return (self.period.after(call) + _FURTHEST_BEHIND).replace(tzinfo=UTC)


class DisposalDecision(Struct, frozen=True):
    """Where a recording stands, and until when (UTC) it is kept, where that is known."""

    standing: DisposalStanding
    until: datetime | None = None

    def __str__(self) -> str:
        return f"{self.standing.value} {self.until}"


def decide(
    call: datetime | None, fitting: Sequence[Term], untold: Sequence[Term], now: datetime
) -> DisposalDecision:
    """Return where a recording stands at a moment (UTC).

    ``call`` is the portal time of its call. The rules of ``fitting`` fit it; nothing tells whether
    those of ``untold`` do.
    """
    if not (fitting or untold):
        return DisposalDecision(DisposalStanding.NO_RULE)
    if not _disposes(fitting) and not _disposes(untold):
        return DisposalDecision(DisposalStanding.KEPT)
    if call is None:
        return DisposalDecision(DisposalStanding.NO_TIME)
    until = max((each.until(call) for each in fitting), default=None)
    if until and until > now:
        return DisposalDecision(DisposalStanding.NOT_YET, until)
    if not _disposes(fitting) or any(each.until(call) > now for each in untold):
        return DisposalDecision(DisposalStanding.UNTOLD)
    return DisposalDecision(DisposalStanding.DUE, until)


def _disposes(terms: Sequence[Term]) -> bool:
    return any(each.action is RetentionAction.DISPOSE for each in terms)
