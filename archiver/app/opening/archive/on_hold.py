"""Which recordings of an archive are on hold, by what its catalog took in of the chain."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from archiver.catalog import Catalog
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.manifest.documents import Documents
from archiver.overview.archive_figures import OnHold
from archiver.removal.in_force import HoldsInForce
from archiver.store.base import Store


def with_holds(rows: Iterable[FoundRow], store: Store, catalog: Catalog) -> Iterator[FoundRow]:
    """Return rows, each with the numbers of the holds that are in force now and bind it."""
    holds = _in_force(Documents(store), catalog)
    return (_with_those_of(row, holds) for row in rows)


def counted_holds(documents: Documents, catalog: Catalog) -> OnHold:
    """Return how many recordings the holds in force bind."""
    holds = _in_force(documents, catalog)
    return OnHold(len(holds.everything_bound()), len(holds.holds))


def _in_force(documents: Documents, catalog: Catalog) -> HoldsInForce:
    return HoldsInForce([*catalog.holds.in_force().values()], documents, catalog)


def _with_those_of(row: FoundRow, holds: HoldsInForce) -> FoundRow:
    bound = holds.binding([row.id]) if holds.holds else {}
    return replace(row, holds=bound[row.id]) if bound else row
