"""The document that a page shows: every word and figure of it, by the part that shows it."""

import math
from collections.abc import Sequence
from pathlib import Path

from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.domain.outcomes import Tolerance
from archiver.domain.plain_text import printable
from archiver.domain.quantities import many
from archiver.json_documents import Json
from archiver.report.checking import media, steps
from archiver.report.columns import recording_columns
from archiver.report.day_states import DayFacts, DayState
from archiver.report.findings import findings
from archiver.report.statements import statements, totals
from archiver.report.subject import Subject

OUTLIERS = 300
LEGEND = (
    DayState.CERTIFIED,
    DayState.SETTLED,
    DayState.OPEN,
    DayState.FINDINGS,
    DayState.NOTHING_LISTED,
    DayState.NOT_LOOKED_AT,
)


def contents(subject: Subject, page: Path, *, shows_numbers: bool) -> dict[str, Json]:
    """Return what the page at that path shows of an archive.

    Phone numbers are masked unless it ``shows_numbers``.
    """
    marker = subject.marker
    columns = recording_columns(subject.rows, marker, shows_numbers=shows_numbers)
    marks = marker.words()
    return {
        "subject": " → ".join(_named(subject)),
        "about": _about(subject, shows_numbers=shows_numbers),
        "state": statements(subject),
        "totals": totals(subject),
        "calendar": _calendar(subject.days),
        "findings": findings(subject),
        "plot": _plot(subject.rows, subject.tolerance),
        "kinds": [_kinds("Stands as", "standing", columns), _kinds("Audio", "verdict", columns)],
        "marks": marks,
        "media": media(subject.address, page),
        "check": steps(subject),
        "recordings": columns,
    }


def _named(subject: Subject) -> list[str]:
    """Return the portal, as far as it is known, and the archive's address."""
    portal = [subject.portal] if subject.portal else []
    return [*map(printable, [*portal, subject.address])]


def _about(subject: Subject, *, shows_numbers: bool) -> list[Json]:
    head = subject.audit.head
    numbers = "shown" if shows_numbers else "masked but for the last three digits"
    return [
        ["Made", f"{subject.made:%Y-%m-%d %H:%M} UTC by {subject.tool}"],
        ["Archive", subject.identity.archive if subject.identity else "not known"],
        ["Head", f"{head.number}:{head.sha256[:16]}…" if head else "none"],
        ["Phone numbers", numbers],
    ]


def _calendar(days: Sequence[DayFacts]) -> dict[str, Json]:
    names: list[Json] = [
        {"name": each, "label": each.label, "meaning": each.meaning} for each in LEGEND
    ]
    return {
        "states": names,
        "first": str(days[0].day) if days else "2000-01-01",
        "codes": "".join(str(LEGEND.index(day.state)) for day in days),
        "recordings": [day.known for day in days],
        "open": [day.open for day in days],
    }


def _plot(rows: Sequence[FoundRow], tolerance: Tolerance) -> dict[str, Json]:
    """Return the rows whose lengths differ by more than is allowed, the farthest first."""
    apart: dict[int, float] = {}
    both = 0
    for index, row in enumerate(rows):
        reported, measured = row.reported_ms, row.measured_ms
        if not (reported and measured):
            continue
        both += 1
        if not tolerance.allows(reported, measured):
            apart[index] = abs(math.log(measured / reported))
    farthest = sorted(apart, key=lambda index: -apart[index])
    unknown = many(len(rows) - both, "has", "have")
    note = (
        f"{many(both, 'recording')} with both lengths; {unknown} only one of them, or none. "
        f"{many(len(apart), 'lies', 'lie')} farther apart than is allowed"
    )
    note += f": the farthest {OUTLIERS} are marked." if len(apart) > OUTLIERS else "."
    return {"outliers": [*farthest[:OUTLIERS]], "note": note}


def _kinds(label: str, column: str, columns: dict[str, Json]) -> Json:
    """Return a group of the filter: the words of a column, in their order."""
    coded = columns[column]
    words = coded["words"] if isinstance(coded, dict) else []
    named = sorted(str(word) for word in words if word) if isinstance(words, list) else []
    return {
        "label": label,
        "column": column,
        "words": [{"name": word, "label": word} for word in named],
    }
