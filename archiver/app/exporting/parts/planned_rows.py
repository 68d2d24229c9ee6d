"""The rows of a hand-over: what the chain and a recording's own sidecar say of it. Pure."""

from archiver.app.exporting.plan.planned import PlannedRecording
from archiver.get.handed_rows import with_sidecar
from archiver.handover.handed_over import HandedOver
from archiver.json_documents import BadDocument
from archiver.manifest.model import Entry
from archiver.manifest.named_files.sidecar import Sidecar, read_sidecar
from archiver.manifest.records.files import ArchivedFile


def recording_row(planned: PlannedRecording, sidecar: bytes | None) -> HandedOver:
    """Return the row of a recording whose audio is whole; ``sidecar`` is its file, if that is."""
    entry, told = planned.entry, _read(sidecar)
    audio = _audio(entry)
    row = HandedOver(
        id=entry.id,
        path=audio.path,
        bytes=audio.bytes,
        sha256=audio.sha256,
        at=entry.created_at,
        offset=entry.utc_offset_minutes,
        manifest=planned.manifest,
        length_ms=entry.duration_ms,
        reported_ms=entry.reported_ms,
        verdict=entry.verdict.value if entry.verdict else "",
        finding=planned.finding,
        sidecar=entry.sidecar.path if told and entry.sidecar else "",
        sidecar_sha256=entry.sidecar.sha256 if told and entry.sidecar else "",
        holds=" ".join(map(str, planned.holds)),
    )
    return with_sidecar(row, told)


def _audio(entry: Entry) -> ArchivedFile:
    if entry.audio is None:
        raise AssertionError("only what has audio is handed over")
    return entry.audio


def _read(sidecar: bytes | None) -> Sidecar | None:
    """Return what a sidecar says whose bytes are those that the chain names."""
    try:
        return None if sidecar is None else read_sidecar(sidecar)
    except BadDocument:
        return None
