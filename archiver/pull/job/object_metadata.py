"""What a bucket may show of a recording's objects: nothing of a person."""

from datetime import UTC, datetime, timedelta

from archiver.domain.layout import safe_id
from archiver.domain.outcomes import Verdict
from archiver.store.base import ObjectMetadata


def labelled(  # noqa: PLR0913 - one argument for each thing that is shown
    recording: str,
    at: datetime | None,
    utc_offset_minutes: int | None,
    *,
    sha256: str,
    verdict: Verdict | None,
    duration_ms: int | None,
) -> ObjectMetadata:
    """Return the labels of an object, and the moment of its call (``at``, portal time) in UTC."""
    labels = {
        "id": safe_id(recording),
        "sha256": sha256,
        "verdict": verdict.value if verdict else "",
        "duration-ms": str(duration_ms),
    }
    offset = timedelta(minutes=utc_offset_minutes or 0)
    return ObjectMetadata(labels, at and (at - offset).replace(tzinfo=UTC))
