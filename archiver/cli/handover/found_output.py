"""Recordings that were found, on stdout: as a table, JSON, CSV, or their paths.

Whatever others wrote into a row is shown and never obeyed. Rows are printed as they come, so that
a million of them take no memory.
"""

import csv
import json
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping

import click

from archiver.app.handover.found_document import found_document
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.cli.screen.console import emit, table
from archiver.domain.plain_text import csv_cell, printable
from archiver.domain.quantities import counted, human_duration
from archiver.errors import ExitCode
from archiver.json_documents import Json

ROWS_AT_ONCE = 500
_WIDTHS = {"time": 19, "length": 7, "from": 13, "to": 13, "agent": 8, "stands": 18, "proven": 6}
_CSV_COLUMNS = (
    *("id", "at", "source", "outcome", "verdict", "finding", "accepted", "caller", "called"),
    *("agent", "reported_ms", "measured_ms", "path", "bytes", "sha256", "call", "status"),
    *("service", "region", "notes", "proven", "holds", "manifest", "head"),
)


class FoundOutput(ABC):
    """Somewhere to show recordings. ``code`` is ``CLEAN`` if all that was found is shown."""

    code = ExitCode.CLEAN

    @abstractmethod
    def add(self, row: FoundRow) -> None:
        """Take a recording."""

    def end(self, count: int) -> None:  # noqa: B027 - most have shown all by then
        """Show what is still to be shown: there are no more than ``count``."""


class FoundTable(FoundOutput):
    """Columns for the eye, and where each recording lies; on a narrow terminal, on its own line."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, ...]] = []
        self._places: list[str] = []
        self._has_header = False
        self._width = width_of_terminal()

    def add(self, row: FoundRow) -> None:
        """Print the rows, some at a time."""
        self._rows.append(_cells(row))
        self._places.append(row.audio.path if row.audio else printable(row.id))
        if len(self._rows) == ROWS_AT_ONCE:
            self._print()

    def end(self, count: int) -> None:  # noqa: ARG002 - said beside it
        """Print the rest."""
        if self._rows:
            self._print()

    def _print(self) -> None:
        headers = [name.upper().ljust(width) for name, width in _WIDTHS.items()]
        lines = table(self._rows, headers).split("\n")
        places = ["WHERE", *self._places]
        span = max(map(len, lines)) + 2
        is_narrow = self._width is not None and span + max(map(len, places)) > self._width
        between = "\n  " if is_narrow else None
        pairs = [
            f"{line}{between or ' ' * (span - len(line))}{place}"
            for line, place in zip(lines, places, strict=True)
        ]
        click.echo("\n".join(pairs[1:] if self._has_header else pairs))
        self._rows, self._places, self._has_header = [], [], True


class JsonArray(FoundOutput):
    """An array of objects, one a line; ASCII only, so nothing acts."""

    def __init__(self) -> None:
        self._opening = "["

    def add(self, row: FoundRow) -> None:
        """Print the recording."""
        click.echo(self._opening + "\n" + json.dumps(found_document(row)), nl=False)
        self._opening = ","

    def end(self, count: int) -> None:
        """Close the array."""
        click.echo("\n]" if count else "[]")


class FoundCsv(FoundOutput):
    """A line a recording under a header (RFC 4180), nothing in it a formula."""

    def __init__(self) -> None:
        self._writer = csv.writer(sys.stdout)
        self._writer.writerow(_CSV_COLUMNS)

    def add(self, row: FoundRow) -> None:
        """Print the recording."""
        told = _flat(found_document(row))
        self._writer.writerow([csv_cell(_text(told[name])) for name in _CSV_COLUMNS])


class Paths(FoundOutput):
    """Where each recording's audio lies below the archive's address, held or in quarantine.

    What has no audio has no path: then not all that was found is shown.
    """

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._without = 0

    def add(self, row: FoundRow) -> None:
        """Print the path."""
        if row.audio is None:
            self._without += 1
            self.code = ExitCode.FINDINGS
        else:
            click.echo(f"{self._address}/{row.audio.path}")

    def end(self, count: int) -> None:  # noqa: ARG002 - said beside it
        """Say how many have none."""
        if self._without:
            emit(f"Of {counted(self._without, 'recording')} the archive has no audio, so no path.")


class Count(FoundOutput):
    """How many there are."""

    def add(self, row: FoundRow) -> None:
        """Do nothing: whoever asks counts."""

    def end(self, count: int) -> None:
        """Print it."""
        click.echo(count)


def width_of_terminal() -> int | None:
    """Return how many columns there are to see, ``None`` where nobody looks on."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _cells(row: FoundRow) -> tuple[str, ...]:
    """Return the cells of a row of the table, but for where it lies."""
    length = row.length_ms
    return (
        str(row.at or "no time"),
        "" if length is None else human_duration(length),
        row.caller or "",
        row.called or "",
        row.agent or "",
        _stands(row),
        "yes" if row.is_proven else "no",
    )


def _stands(row: FoundRow) -> str:
    """Return where a recording stands: ``archived (verified)``, ``gone, accepted``."""
    verdict = f" ({row.verdict})" if row.verdict else ""
    is_more = row.finding is not None and row.finding not in {row.outcome, row.verdict}
    notes = [str(row.finding)] if is_more else []
    notes += ["accepted"] if row.state.accepted else []
    notes += ["on hold"] if row.holds else []
    return ", ".join([f"{row.outcome}{verdict}", *notes])


def _flat(document: Mapping[str, Json]) -> dict[str, Json]:
    """Return a document with the audio's file among its own fields."""
    file = document["audio"]
    named = file if isinstance(file, dict) else {}
    return {**document, **{name: named.get(name) for name in ("path", "bytes", "sha256")}}


def _text(value: Json) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return " ".join(map(str, value))
        case str():
            return value
        case _:
            return json.dumps(value)
