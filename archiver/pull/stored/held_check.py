"""The chain itself, asked before a run acts on what the catalog says of it.

The catalog is an index, and an index can be wrong. So what it calls held must be archived in the
manifest that it names for it, and a file that it does not know is moved only if no manifest names
it. Where the two disagree, the chain is right and the catalog is made anew.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache

from archiver.catalog import Catalog
from archiver.domain.recordings import RecordingId
from archiver.manifest.journal import Journal

MANIFESTS_KEPT = 16
"""So many manifests are not read again: what is listed together was mostly archived together."""


class HeldCheck:
    """Holds what the ``catalog`` says against the chain of ``journal``."""

    def __init__(self, journal: Journal, catalog: Catalog) -> None:
        self._journal = journal
        self._catalog = catalog
        self._archived_in = lru_cache(MANIFESTS_KEPT)(journal.archived_in)

    def denies(self, held: Iterable[RecordingId]) -> bool:
        """Whether the chain does not say that all of these are archived."""
        ids = [*held]
        proofs = self._catalog.recordings.proofs(ids)
        return not all(id_ in proofs and id_ in self._archived_in(proofs[id_]) for id_ in ids)

    def naming(self, keys: Collection[str]) -> frozenset[str]:
        """Return which of these files the chain names, though the catalog knows none of them."""
        return self._journal.naming(keys) if keys else frozenset()

    def correct(self) -> None:
        """Make the catalog anew."""
        self._catalog.begin_anew(self._journal)
