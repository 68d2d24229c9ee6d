"""When to try again: exponential backoff with full jitter, bounded, and the server's own wish.

Pure. The sleeping is done by whoever asks.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MOST_ASKED_S = 120.0
"""A server that asks for a longer pause than this gets this: "999999" must not hang a run."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often in all, and how long between: up to ``first_s`` doubled each time, then capped."""

    attempts: int = 5
    first_s: float = 0.5
    cap_s: float = 30.0


def delay(backoff: Backoff, attempt: int, asked_s: float | None, random01: float) -> float | None:
    """Return the seconds to wait after failed ``attempt`` (from 1); ``None`` when it was the last.

    ``asked_s`` is what the server asked for; ``random01`` spreads many clients (0 to 1).
    """
    if attempt >= backoff.attempts:
        return None
    ceiling = min(backoff.cap_s, backoff.first_s * 2 ** min(attempt - 1, 32))
    if asked_s is None:
        return ceiling * random01
    return min(max(asked_s, 0.0), MOST_ASKED_S) + backoff.first_s * random01


def retry_after(header: str | None, now: datetime) -> float | None:
    """Read ``Retry-After``, seconds or an HTTP date (RFC 9110, 10.2.3); ``None`` for nonsense."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text).astimezone(UTC) - now).total_seconds())
    except (ValueError, TypeError):
        return None
