"""The chain itself, asked before a run acts on what the catalog says of it.

The catalog is an index, and an index can be wrong. So what it calls held must be archived in the
manifest that it names for it, and a file that it does not know is moved only if no manifest names
it. Where the two disagree, the chain is right and the catalog is made anew.
"""

from collections.abc import Collection, Iterable
from functools import lru_cache, partial

from archiver.catalog import Catalog
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId
from archiver.json_documents import BadDocument, loads
from archiver.manifest.journal import Journal
from archiver.manifest.model import MAX_BYTES

_ARCHIVED = Outcome.ARCHIVED.value
MANIFESTS_KEPT = 16
"""So many manifests are not read again: what is listed together was mostly archived together."""


class HeldCheck:
    """Holds what the ``catalog`` says against the chain of ``journal``."""

    def __init__(self, journal: Journal, catalog: Catalog) -> None:
        self._journal = journal
        self._catalog = catalog
        self._archived_in = lru_cache(MANIFESTS_KEPT)(partial(_archived_in, journal))

    def denies(self, held: Iterable[RecordingId]) -> bool:
        """Whether the chain does not say that all of these are archived."""
        ids = [*held]
        proofs = self._catalog.recordings.proofs(ids)
        return not all(id_ in proofs and id_ in self._archived_in(proofs[id_]) for id_ in ids)

    def naming(self, keys: Collection[str]) -> frozenset[str]:
        """Return which of these files the chain names, though the catalog knows none of them."""
        manifests = (manifest for _, manifest in self._journal.manifests()) if keys else ()
        files = (file for manifest in manifests for file in manifest.files())
        return frozenset(file.path for file in files if file.path in keys)

    def correct(self) -> None:
        """Make the catalog anew."""
        self._catalog.begin_anew(self._journal)


def _archived_in(journal: Journal, number: int) -> frozenset[str]:
    """Return the ids that a manifest says were archived; empty where it can't be read."""
    try:
        document = loads(journal.text_at(number) or b"", max_bytes=MAX_BYTES)
    except BadDocument:
        return frozenset()
    entries = document.get("recordings") if isinstance(document, dict) else None
    entries = entries if isinstance(entries, list) else []
    said = [each for each in entries if isinstance(each, dict)]
    return frozenset(str(each.get("id")) for each in said if each.get("outcome") == _ARCHIVED)
