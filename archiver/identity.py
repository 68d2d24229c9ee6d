"""What a row goes by: its id as served, or the hash of what it says where it has none. Pure.

A number names a row of one report only; the other report has the same numbers for other things. An
archive holds audio of both, so a call goes by ``call-7`` where its report says 7.

>>> identity({"id": 7}, Report.RECORDINGS), identity({"id": 7}, Report.CALLS)
('7', 'call-7')
"""

import hashlib
import re
from collections.abc import Mapping

from archiver.addresses import clean
from archiver.documents import dumps
from archiver.recordings import Json, RecordingId, Report

_NUMBER = re.compile("[0-9]+")


def identity(fields: Mapping[str, Json], report: Report) -> RecordingId:
    """Return the id of a row of a report; addresses in its fields have lost their queries."""
    served = _served(fields.get("id"))
    if served is None:
        return RecordingId("no-id-" + hashlib.sha256(dumps(fields)).hexdigest()[:32])
    is_ambiguous = report is Report.CALLS and _NUMBER.fullmatch(served)
    return RecordingId(f"call-{served}" if is_ambiguous else served)


def _served(value: Json) -> str | None:
    """Return an id as it is kept, ``None`` when there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return (clean(value) or None) if isinstance(value, str) else None
