"""Rows of a report on stdout: as a table, as JSON lines or as CSV.

Whatever others wrote into a row is shown and never obeyed. The rows of a slice come together, so a
table and JSON lines appear while the listing still goes on; CSV waits for its end, since its header
names every field that any row has.
"""

import csv
import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import click

from archiver.cli.screen.console import table
from archiver.domain.plain_text import csv_cell
from archiver.domain.recordings import Report, Row
from archiver.json_documents import Json

_COLUMNS: Mapping[Report, Mapping[str, int]] = {
    Report.RECORDINGS: {
        "id": 36, "created_at": 19, "duration": 8, "call_from": 13, "call_to": 13, "agent": 0,
    },
    Report.CALLS: {
        "id": 36, "end_at": 19, "duration": 8, "call_from": 13, "call_to": 13, "service": 7,
        "status": 10, "hangup_by": 0,
    },
}  # fmt: skip
"""The fields that a table shows, and how wide each usually is, so that slices line up."""
_FURTHER: Mapping[Report, tuple[str, ...]] = {
    Report.RECORDINGS: ("audio",),
    Report.CALLS: (
        "bridge", "billing", "pulsing", "charges", "start_at", "dtmf", "location", "region",
        "provider", "notes", "audio", "name",
    ),
}  # fmt: skip
"""The other fields of the provider's page: a CSV has them in any case."""


class Sheet(ABC):
    """Somewhere to show rows."""

    @abstractmethod
    def add(self, rows: Sequence[Row]) -> None:
        """Take the rows of one slice."""

    def end(self) -> None:  # noqa: B027 - most have shown all by then
        """Show what is still to be shown: there are no more rows."""


class Table(Sheet):
    """Columns for the eye: the fields that people look for, under one header."""

    def __init__(self, report: Report) -> None:
        self._widths = _COLUMNS[report]
        self._has_header = False

    def add(self, rows: Sequence[Row]) -> None:
        """Print the rows, the header before the first."""
        headers = [name.upper().ljust(width) for name, width in self._widths.items()]
        cells = [[_text(row.fields.get(name)) for name in self._widths] for row in rows]
        lines = table(cells, headers).split("\n")
        click.echo("\n".join(lines[1:] if self._has_header else lines))
        self._has_header = True


class JsonLines(Sheet):
    """One object a line: every field as served, no link's query; ASCII only, so nothing acts."""

    def add(self, rows: Sequence[Row]) -> None:
        """Print the rows."""
        for row in rows:
            click.echo(json.dumps(dict(row.fields)))


class Csv(Sheet):
    """Every field of every row under a header (RFC 4180), none of them a formula.

    The provider's own fields come first and in one order, with or without rows, so that the lists
    of several days can be put together; behind them comes what else a row has, by its name.
    """

    def __init__(self, report: Report) -> None:
        self._usual = (*_COLUMNS[report], *_FURTHER[report])
        self._rows: list[Mapping[str, Json]] = []

    def add(self, rows: Sequence[Row]) -> None:
        """Keep the rows for the end."""
        self._rows += (row.fields for row in rows)

    def end(self) -> None:
        """Print the header and the rows."""
        seen = {name for fields in self._rows for name in fields}
        names = [*self._usual, *sorted(seen.difference(self._usual))]
        writer = csv.writer(sys.stdout)
        writer.writerow(map(csv_cell, names))
        for fields in self._rows:
            writer.writerow(csv_cell(_text(fields.get(name))) for name in names)


def _text(value: Json) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case _:
            return json.dumps(value)
