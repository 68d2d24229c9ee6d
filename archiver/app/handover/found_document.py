"""A recording that was found, as JSON has it (``manifests/find.schema.json``)."""

from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.json_documents import Json
from archiver.manifest.records.files import ArchivedFile


def found_document(row: FoundRow) -> dict[str, Json]:
    """Return what is known of a recording, and up to which head of the chain.

    Times are the portal's own, lengths milliseconds, sizes bytes.
    """
    state, words = row.state, row.words
    return {
        "id": row.id,
        "at": row.at.isoformat() if row.at else None,
        "source": state.source,
        "outcome": row.outcome,
        "verdict": row.verdict,
        "finding": row.finding,
        "accepted": state.accepted,
        "reasons": list(state.reasons),
        "caller": row.caller,
        "called": row.called,
        "agent": row.agent,
        "reported_ms": row.reported_ms,
        "measured_ms": row.measured_ms,
        "audio": _file(state.audio),
        "sidecar": _file(state.sidecar),
        "refused": _file(state.refused_audio),
        "call": row.call,
        "status": words.status,
        "service": words.service,
        "region": words.region,
        "notes": words.notes,
        "proven": row.is_proven,
        "holds": list(row.holds),
        "manifest": row.manifest,
        "head": str(row.head),
    }


def _file(file: ArchivedFile | None) -> Json:
    if file is None:
        return None
    return {
        "path": file.path,
        "bytes": file.bytes,
        "sha256": file.sha256,
        "version": file.version,
    }
