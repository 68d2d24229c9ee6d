"""Which recordings of an archive are on hold, by what its catalog took in of the chain."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from archiver.catalog import Catalog
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.manifest.documents import Documents
from archiver.overview.archive_figures import OnHold
from archiver.removal.in_force import HoldsInForce


def on_hold(documents: Documents, catalog: Catalog) -> HoldsInForce:
    """Return the holds in force."""
    return HoldsInForce([*catalog.holds.in_force().values()], documents, catalog)


def with_holds(rows: Iterable[FoundRow], holds: HoldsInForce) -> Iterator[FoundRow]:
    """Yield rows, each with the numbers of the holds that bind it."""
    for row in rows:
        bound = holds.binding([row.id]) if holds.holds else {}
        yield replace(row, holds=bound[row.id]) if bound else row


def counted_holds(holds: HoldsInForce) -> OnHold:
    """Return how many recordings the holds in force bind."""
    return OnHold(len(holds.everything_bound()), len(holds.holds))
