"""Which exports handed a recording over: their private files name all that was in them."""

from collections.abc import Collection
from contextlib import suppress

from archiver.domain.recordings import RecordingId
from archiver.json_documents import BadDocument
from archiver.manifest.documents import Documents
from archiver.manifest.named_files.handover_filter import HandoverFilter
from archiver.manifest.records.decisions import Export


def may_have_held(documents: Documents, export: Export, ids: Collection[RecordingId]) -> bool:
    """Whether an export held any of these: yes, where its file is lost, or names none of its own.

    Those of earlier versions name none.
    """
    with suppress(BadDocument):
        text = documents.as_entered(export.file)
        held = HandoverFilter.from_json(text).ids if text is not None else ()
        return not held or not set(ids).isdisjoint(held)
    return True
