"""A file of calls: rows of the Call Logs Report, one JSON object a line, every field as served.

Personal data, like a sidecar. Rows stand by their time and id, so the same rows are the same bytes.
"""

from collections.abc import Iterable, Mapping

from archiver.domain.recordings import Row
from archiver.json_documents import BadDocument, Json, dumps, loads

MAX_ROW_BYTES = 4 << 20


def call_file(rows: Iterable[Row]) -> bytes:
    """Return the file of some rows of one day."""
    ordered = sorted(rows, key=lambda row: (str(row.at or ""), row.id))
    return b"".join(dumps(row.fields) for row in ordered)


def read_calls(text: bytes) -> list[dict[str, Json]]:
    """Return the rows of a file; raises :class:`BadDocument` unless each line is an object."""
    rows: list[dict[str, Json]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        row = loads(line, max_bytes=MAX_ROW_BYTES)
        if not isinstance(row, Mapping):
            raise BadDocument(f"line {number} is no row")
        rows.append(row)
    return rows
