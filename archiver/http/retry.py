"""When to try again: exponential backoff with full jitter, and what ``Retry-After`` asks for.

Pure: the caller brings the clock's time and the random number, and does the waiting.

>>> [delay(Backoff(attempts=3), attempt, None, 1.0) for attempt in (1, 2, 3)]
[0.5, 1.0, None]
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from msgspec import Struct

SAID_FROM_S = 2.0
"""A wait that a server asks for and that is as long is told of."""
_SECONDS = re.compile(r"([0-9]+)(\.[0-9]*)?")
_DIGITS = 9
_LONGEST_S = 10 * 366 * 86_400.0
_MOST_DOUBLINGS = 32


class Backoff(Struct, frozen=True):
    """How often and how patiently: ``attempts`` in all, the first wait up to ``first_s`` seconds.

    Each wait may be twice as long as the one before, up to ``cap_s``. A server that asks in
    ``Retry-After`` for more than ``asked_cap_s`` is not asked again: "999999" must not hold a run
    for eleven days, and coming back sooner is what it asked not to do.
    """

    attempts: int = 5
    first_s: float = 0.5
    cap_s: float = 30.0
    asked_cap_s: float = 300.0

    def bears(self, asked: float | None) -> bool:
        """Whether a wait that a server asked for, if it did, is one that is waited."""
        return asked is None or asked <= self.asked_cap_s


def delay(backoff: Backoff, attempt: int, asked: float | None, random01: float) -> float | None:
    """Return the seconds to wait after failed ``attempt`` (1 is the first); ``None`` to give up.

    ``random01`` is uniform in [0, 1): without it all workers would come back at the same moment.
    For the same reason a wait that was ``asked`` for is a little longer, never shorter.
    """
    if attempt >= backoff.attempts or not backoff.bears(asked):
        return None
    doublings = min(attempt - 1, _MOST_DOUBLINGS)
    jitter = random01 * min(backoff.cap_s, backoff.first_s * (1 << doublings))
    return jitter + max(asked or 0.0, 0.0)


def retry_after(header: str | None, now: datetime) -> float | None:
    """Read a ``Retry-After`` header (RFC 9110, 10.2.3): seconds or a date; ``None`` for nonsense.

    Some servers send fractions, and numbers of any length. ``now`` is an aware time by the clock of
    whoever sent the header. Never negative, nor more than ten years.
    """
    text = (header or "").strip()
    if number := _SECONDS.fullmatch(text):
        is_long = len(number[1].lstrip("0")) > _DIGITS
        return _LONGEST_S if is_long else min(float(text), _LONGEST_S)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), _LONGEST_S)
