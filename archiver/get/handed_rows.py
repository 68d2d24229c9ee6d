"""Rows of ``recordings.csv``: what the chain and a sidecar, or the portal, say. Pure.

Both an export and a get write that list.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from archiver.catalog.call_words import words_in
from archiver.handover.handed_over import OPEN, HandedOver
from archiver.json_documents import Json
from archiver.manifest.named_files.sidecar import Sidecar
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.state import RecordingState


def archived_row(
    known: RecordingState, audio: ArchivedFile, sidecar: Sidecar | None, manifest: int | None
) -> HandedOver:
    """Return the row of a recording whose audio was copied out of the archive."""
    row = HandedOver(
        id=known.id,
        path=audio.path,
        bytes=audio.bytes,
        sha256=audio.sha256,
        at=known.at,
        offset=None,
        manifest=manifest,
        verdict=known.verdict.value if known.verdict else "",
        finding=finding_of(known),
    )
    return with_sidecar(row, sidecar)


def with_sidecar(row: HandedOver, sidecar: Sidecar | None) -> HandedOver:
    """Return a row with what a sidecar tells that was read."""
    if sidecar is None:
        return row
    return replace(
        with_talkers(row, sidecar.row),
        offset=sidecar.utc_offset_minutes,
        length_ms=sidecar.facts.duration_ms if sidecar.facts else row.length_ms,
        reported_ms=sidecar.reported_ms,
    )


def with_talkers(row: HandedOver, served: Mapping[str, Json]) -> HandedOver:
    """Return a row with who talked, as the portal served it."""
    caller, called, agent = (words_in(served, name) for name in ("call_from", "call_to", "agent"))
    return replace(row, caller=caller or "", called=called or "", agent=agent or "")


def finding_of(known: RecordingState) -> str:
    """Return why a person had to look at it, and whether one has; mostly nothing."""
    if known.is_open:
        return f"{OPEN}{known.kind}"
    is_settled = known.accepted and (known.concerns or known.outcome.is_finding)
    return f"accepted: {known.kind}" if is_settled else ""
