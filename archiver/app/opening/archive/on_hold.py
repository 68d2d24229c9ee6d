"""Which recordings of an archive are on hold, by what its catalog took in of the chain."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.open_archive import OpenArchive
from archiver.overview.archive_figures import OnHold
from archiver.removal.holds.in_force import HoldsInForce


def with_holds(rows: Iterable[FoundRow], archive: OpenArchive) -> Iterator[FoundRow]:
    """Return rows, each with the numbers of the holds that are in force now and bind it."""
    holds = _in_force(archive)
    return (_with_those_of(row, holds) for row in rows)


def counted_holds(archive: OpenArchive) -> OnHold:
    """Return how many recordings the holds in force bind."""
    holds = _in_force(archive)
    return OnHold(len(holds.everything_bound()), len(holds.holds))


def _in_force(archive: OpenArchive) -> HoldsInForce:
    return HoldsInForce([*archive.catalog.holds.in_force().values()], archive)


def _with_those_of(row: FoundRow, holds: HoldsInForce) -> FoundRow:
    bound = holds.binding([row.id]) if holds.holds else {}
    return replace(row, holds=bound[row.id]) if bound else row
