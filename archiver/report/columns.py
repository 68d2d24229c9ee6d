"""The recordings of a page by column, words that repeat each once. Pure.

>>> coded(["ann", "bob", "ann"])
{'words': ['ann', 'bob'], 'index': [0, 1, 0]}
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.domain.outcomes import Verdict
from archiver.domain.plain_text import printable
from archiver.json_documents import Json
from archiver.report.marks import Marker
from archiver.report.masks import masked, masked_name


def recording_columns(
    rows: Sequence[FoundRow], marker: Marker, *, shows_numbers: bool
) -> dict[str, Json]:
    """Return the columns; times are seconds of the portal's clock as if that were UTC.

    Lengths are milliseconds. Unless the page ``shows_numbers``, they are masked.
    """
    number, name = (printable, printable) if shows_numbers else (masked, masked_name)
    marks = [marker.mark(row.state) for row in rows]
    audio = [row.audio for row in rows]
    return {
        "id": [row.id for row in rows],
        "at": [_seconds(row.at) for row in rows],
        "length": [row.measured_ms for row in rows],
        "reported": [row.reported_ms for row in rows],
        "bytes": [file.bytes if file else None for file in audio],
        "sha256": [file.sha256 if file else "" for file in audio],
        "path": [file.path if file else "" for file in audio],
        "open": [int(row.state.is_open) for row in rows],
        "caller": coded(number(row.caller or "") for row in rows),
        "called": coded(number(row.called or "") for row in rows),
        "agent": coded(name(row.agent or "") for row in rows),
        "standing": coded(map(standing, rows)),
        "verdict": coded(_verdict(row.verdict) for row in rows),
        "why": coded(printable("; ".join(row.state.reasons)) for row in rows),
        "mark": coded(mark for mark, _ in marks),
        "note": coded(note for _, note in marks),
    }


def coded(values: Iterable[str]) -> dict[str, Json]:
    """Return each word once, in the order of its first use, and for each value its word's place."""
    places: dict[str, int] = {}
    index: list[Json] = [places.setdefault(value, len(places)) for value in values]
    return {"words": [*places], "index": index}


def standing(row: FoundRow) -> str:
    """Return where a recording stands, such as ``archived``, ``quarantined`` or ``waiting``."""
    known = row.state
    waits = known.tries > 0 and not (known.held or known.is_open or known.accepted)
    word = "archived" if known.held else "waiting" if waits else known.outcome.replace("_", " ")
    notes = ["accepted"] if known.accepted and not known.held else []
    notes += ["on hold"] if row.holds else []
    return ", ".join([word, *notes])


def _verdict(verdict: Verdict | None) -> str:
    """Return what the audio was found to be when it was archived.

    "Verified" is no word of it: on a page, that is said of files, of what was checked for it.
    """
    match verdict:
        case None:
            return ""
        case Verdict.VERIFIED:
            return "whole"
        case Verdict.DURATION_UNKNOWN:
            return "whole, no length to compare"
        case _:
            return verdict.replace("_", " ")


def _seconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.replace(tzinfo=UTC).timestamp())
