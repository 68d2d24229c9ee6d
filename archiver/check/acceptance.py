"""Accepting findings: a person decides, with a reason, that what was found may stay as it is.

No byte changes. The decision is a manifest, so the chain says who, when and why; it takes no run
lock, and where a run or another person was first in the chain, it is made again on what they wrote.
"""

from collections.abc import Callable, Sequence
from datetime import date

from msgspec import Struct

from archiver.catalog import Catalog
from archiver.domain.expectation import GapKind
from archiver.domain.recordings import RecordingId
from archiver.errors import UsageError
from archiver.manifest.builder import Statement
from archiver.manifest.model import Entry, FindingCounts, Manifest, ManifestKind
from archiver.manifest.records.decisions import AcceptedGap, Decision
from archiver.manifest.records.files import Head
from archiver.manifest.records.listings import ListedDay
from archiver.manifest.state import RecordingState, entry_from_state
from archiver.open_archive import OpenArchive

NAMED = 20


class Selection(Struct, frozen=True):
    """What is to be accepted: findings by their ids, or all open ones of a verdict, a day, or both.

    ``what`` is a :attr:`RecordingState.kind`. ``listings`` are portal days whose listing was not
    proven, or lacked rows that were listed before. ``gap`` is of all that is missing or left over
    on a ``day``, of one kind.
    """

    ids: tuple[str, ...] = ()
    what: str | None = None
    day: date | None = None
    listings: tuple[date, ...] = ()
    gap: GapKind | None = None


Gaps = Callable[[], tuple[AcceptedGap, ...]]
"""Tells which open gaps are chosen, as they stand now."""


def choose(catalog: Catalog, selection: Selection) -> tuple[RecordingState, ...]:
    """Return the open findings that were chosen; all of what was named must be open.

    Raises :class:`UsageError` with everything that is not.
    """
    known = catalog.recordings.many(selection.ids)
    wrong = [why for id_ in selection.ids if (why := _wrong(id_, known.get(RecordingId(id_))))]
    wrong += [
        f"The last listing of {day} is proven and whole, accepted, or not known."
        for day in selection.listings
        if not catalog.days.doubtful_listings(day)
    ]
    if wrong:
        more = [f"and {len(wrong) - NAMED} more"] if len(wrong) > NAMED else []
        raise UsageError(
            "\n".join([*wrong[:NAMED], *more]),
            advice="Nothing was accepted. Leave these out, and run it again.",
        )
    if selection.ids:
        return tuple(known[RecordingId(id_)] for id_ in dict.fromkeys(selection.ids))
    if selection.what is None and selection.day is None:
        return ()
    found = catalog.findings.matching(selection.what, selection.day)
    if not found:
        raise UsageError("No open finding is like that.", advice="Nothing was accepted.")
    return found


def listings_of(catalog: Catalog, selection: Selection) -> tuple[ListedDay, ...]:
    """Return the listings that were chosen, of each report, as they stand now."""
    return tuple(each for day in selection.listings for each in catalog.days.doubtful_listings(day))


def enter(
    archive: OpenArchive,
    selection: Selection,
    chosen: Sequence[RecordingState],
    decision: Decision,
    gaps: Gaps = tuple,
) -> tuple[Head, int]:
    """Enter a decision; return the new head and how many findings are open after it.

    Raises :class:`UsageError` when what was ``chosen``, a listing, or one of the ``gaps`` is no
    longer what it was.
    """
    statement = Statement(ManifestKind.ACCEPT, archive.id, decision)
    catalog = archive.catalog

    def decide(below: Head | None) -> tuple[Manifest, int]:
        is_same = choose(catalog, selection) == tuple(chosen) and gaps() == decision.gaps
        if not is_same or listings_of(catalog, selection) != decision.listed:
            raise UsageError(
                "What was to be accepted has changed meanwhile.",
                advice="Nothing was accepted. Look at it again.",
            )
        left = catalog.findings.counted().count - len(chosen)
        return statement.on(below, map(_as_it_stands, chosen), FindingCounts(0, left)), left

    return archive.enter(decide)


def _as_it_stands(known: RecordingState) -> Entry:
    """Return the entry that shows what was accepted."""
    return entry_from_state(known, known.outcome, *known.reasons, files=True)


def _wrong(id_: str, known: RecordingState | None) -> str | None:
    if known is None:
        return f"No manifest names a recording {id_}."
    return None if known.is_open else f"Recording {id_} is no open finding ({known.outcome})."
