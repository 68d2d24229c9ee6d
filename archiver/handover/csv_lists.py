"""The lists of a hand-over that people open in a spreadsheet: a line for each row. Pure.

CSV as in RFC 4180 with every cell quoted, UTF-8 with a byte order mark, which is what Excel knows
UTF-8 by. No cell acts, whoever wrote it: see :func:`archiver.domain.plain_text.csv_cell`.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

from archiver.domain.plain_text import csv_cell
from archiver.handover.handed_over import WHOLE_DAY, HandedOver, LeftOut

T = TypeVar("T")
BOM = "\ufeff".encode()


class CsvList(Struct, Generic[T], frozen=True):
    """A list by its ``name``: its columns, and what a row has in them."""

    name: str
    columns: Sequence[str]
    cells: Callable[[T], Iterable[str]]

    def header(self) -> bytes:
        """Return how the file begins."""
        return BOM + _line(self.columns)

    def line(self, row: T) -> bytes:
        """Return the line of a row."""
        return _line(self.cells(row))


def _line(cells: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow(map(csv_cell, cells))
    return text.getvalue().encode()


def _recording(row: HandedOver) -> Iterable[str]:
    return (
        *(row.path, row.id, _time(row.moment), row.caller, row.called, row.agent),
        *(_seconds(row.length_ms), _seconds(row.reported_ms), row.verdict, row.finding),
        *(str(row.bytes), row.sha256, row.sidecar, row.sidecar_sha256, str(row.manifest or "")),
        row.holds,
    )


def _absence(row: LeftOut) -> Iterable[str]:
    at = row.at.date() if row.at and row.what == WHOLE_DAY else row.at
    when = at.isoformat() if at else ""
    accepted = "yes" if row.accepted else ""
    return row.what, row.id, when, row.verdict, "; ".join(row.reasons), accepted


def _sec(row: HandedOver) -> Iterable[str]:
    day = f"{row.at:%m/%d/%Y}" if row.at else ""
    moment = row.moment
    time = "" if moment is None else moment.timetz().isoformat()
    return "", row.caller, "", row.called, day, time, row.path, row.agent


RECORDINGS = CsvList(
    "recordings.csv",
    (
        *("file", "id", "time", "caller", "called", "agent"),
        *("seconds", "reported_seconds", "verdict", "finding"),
        *("bytes", "sha256", "sidecar", "sidecar_sha256", "manifest", "holds"),
    ),
    _recording,
)
"""Every recording that is handed over."""
LEFT_OUT = CsvList(
    "left_out.csv", ("what", "id", "time", "verdict", "reasons", "accepted"), _absence
)
"""What was asked for and is not there: the time of a day is its date."""
SEC = CsvList(
    "sec.csv",
    (
        *("Caller Name", "Originating Number", "Called Party Name", "Terminating Number"),
        *("Date", "Time", "Filename", "Agent"),
    ),
    _sec,
)
"""The fields that the SEC's data delivery standards ask for of audio, to be compared with their
current text. Which party the agent is, the portal doesn't say; so the names are left blank."""


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


def _seconds(ms: int | None) -> str:
    return "" if ms is None else f"{ms / 1000:.3f}"
