"""What forbids that something is removed, in words and as JSON."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

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
        if forbidden.until <= datetime.now(UTC):
            yield (
                "This machine's clock is past that, and no second one bears it out: the bucket's, "
                "or the portal's as the last pull saw it. Pull, then try again."
            )


def forbidden_document(forbidden: Forbidden) -> dict[str, Any]:
    """Return the same as the fields of a ``--json`` that has them."""
    return {
        "holds": list(forbidden.holds),
        "until": plain(forbidden.until),
        "legal_hold": forbidden.has_legal_hold,
    }
