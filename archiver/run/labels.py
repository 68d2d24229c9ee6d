"""What a bucket may show of a recording's objects: nothing of a person."""

from datetime import UTC, datetime, timedelta

from archiver.keys import safe_id
from archiver.outcomes import Verdict
from archiver.store.base import About


def labelled(  # noqa: PLR0913 - one argument for each thing that is shown
    recording: str,
    at: datetime | None,
    utc_offset_minutes: int | None,
    *,
    sha256: str,
    verdict: Verdict | None,
    duration_ms: int | None,
) -> About:
    """Return the labels of an object, and the moment of its call (``at``, portal time) in UTC."""
    labels = {
        "id": safe_id(recording),
        "sha256": sha256,
        "verdict": verdict.value if verdict else "",
        "duration-ms": str(duration_ms),
    }
    offset = timedelta(minutes=utc_offset_minutes or 0)
    return About(labels, at and (at - offset).replace(tzinfo=UTC))
