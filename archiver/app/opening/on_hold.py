"""Which recordings of an archive are on hold, by what its catalog took in of the chain."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from archiver.catalog import Catalog
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.manifest.documents import Documents
from archiver.removal.in_force import HoldsInForce
from archiver.store.base import Store


def on_hold(store: Store, catalog: Catalog) -> HoldsInForce:
    """Return the holds in force."""
    return HoldsInForce([*catalog.holds.in_force().values()], Documents(store), catalog)


def with_holds(rows: Iterable[FoundRow], holds: HoldsInForce) -> Iterator[FoundRow]:
    """Yield rows, each with the numbers of the holds that bind it."""
    for row in rows:
        bound = holds.binding([row.id]) if holds.holds else {}
        yield replace(row, holds=bound[row.id]) if bound else row


@dataclass(frozen=True, slots=True)
class OnHold:
    """How many recordings are on hold, and by how many holds."""

    recordings: int = 0
    holds: int = 0


def counted_holds(holds: HoldsInForce) -> OnHold:
    """Return how many recordings the holds in force bind."""
    return OnHold(len(holds.everything_bound()), len(holds.holds))
