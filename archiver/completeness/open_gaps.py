"""Which gaps of an archive a person may accept: those that are open, by id or by day."""

from collections.abc import Iterable, Iterator
from datetime import date

from archiver.completeness.review import Reviewer
from archiver.domain.expectation import GapKind
from archiver.domain.recordings import RecordingId
from archiver.domain.times.window import beside
from archiver.manifest.records.decisions import AcceptedGap
from archiver.manifest.state import RecordingState


def gaps_on(reviewer: Reviewer, day: date) -> Iterator[AcceptedGap]:
    """Yield the open gaps of a day."""
    found = reviewer.review(day).balance
    for missing in found.missing:
        if not missing.accepted:
            yield AcceptedGap(GapKind.MISSING, missing.call.id, day)
    for each in found.without_call:
        if not each.accepted:
            yield AcceptedGap(GapKind.WITHOUT_CALL, each.found.id, day)


def gaps_named(reviewer: Reviewer, ids: Iterable[str]) -> dict[str, AcceptedGap]:
    """Return the open gaps of calls, or of recordings, by their ids; others are left out."""
    found: dict[str, AcceptedGap] = {}
    undated = {call.id for call in reviewer.undated}
    for id_ in ids:
        for day in _days_of(reviewer, id_):
            open_ = gaps_on(reviewer, day) if day else ()
            found |= {gap.id: gap for gap in open_ if gap.id == id_}
        if id_ in undated:
            found[id_] = AcceptedGap(GapKind.MISSING, RecordingId(id_), None)
    return found


def gaps_of(reviewer: Reviewer, recordings: Iterable[RecordingState]) -> Iterator[AcceptedGap]:
    """Yield the open gaps of calls whose recordings these are, without a sidecar.

    Which call such a one is of, its row alone told when it was listed: no manifest does.
    """
    unstored = {each.id: each.day for each in recordings if each.day and each.sidecar is None}
    days = {near for day in unstored.values() for near in (day, *beside(day))}
    for day in sorted(days):
        for missing in reviewer.review(day).balance.missing:
            if not missing.accepted and missing.not_held and missing.not_held.id in unstored:
                yield AcceptedGap(GapKind.MISSING, missing.call.id, day)


def _days_of(reviewer: Reviewer, id_: str) -> set[date | None]:
    known = reviewer.catalog.recordings.get(id_)
    return {*reviewer.catalog.calls.days_of(id_), *([known.day] if known else [])}
