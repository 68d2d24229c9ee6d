"""What forbids that something is removed, in words."""

from collections.abc import Iterator

from archiver.manifest.codec import plain
from archiver.removal.forbidding import Forbidden


def why_not(forbidden: Forbidden) -> Iterator[str]:
    """Say what forbids it, and until when."""
    if forbidden.holds:
        yield f"Held: by hold {', '.join(map(str, forbidden.holds))}, until it is released."
    if forbidden.has_legal_hold:
        yield "Locked: by a legal hold of the bucket, until it is released."
    if forbidden.until:
        yield f"Kept: by a lock of the bucket or a retention rule, until {plain(forbidden.until)}."
