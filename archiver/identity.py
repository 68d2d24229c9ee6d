"""What a row goes by: its id as served, or the hash of what it says where it has none. Pure."""

import hashlib
from collections.abc import Mapping

from archiver.addresses import clean
from archiver.documents import dumps
from archiver.recordings import Json, RecordingId


def identity(fields: Mapping[str, Json]) -> RecordingId:
    """Return the id of a row with these fields, whose addresses have lost their queries."""
    value = fields.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        return RecordingId(str(value))
    if isinstance(value, str) and (kept := clean(value)):
        return RecordingId(kept)
    return RecordingId("no-id-" + hashlib.sha256(dumps(fields)).hexdigest()[:32])
