"""An archive that has grown: its catalog and its chain, to measure single steps of a run on it.

The catalog is laid in its tables (:mod:`tests.bench.finding`), and the chain has as many manifests
as it would have, all but the last without entries: nothing that is measured reads the others.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from msgspec import Struct

from archiver.catalog import Catalog
from archiver.domain.layout import PRIVATE
from archiver.domain.outcomes import Outcome
from archiver.domain.recordings import RecordingId, Report, Row
from archiver.manifest.journal import Journal
from archiver.manifest.state import entry_from_state
from archiver.portal.proving.page_query import PageQuery
from archiver.portal.proving.walk import Listed
from archiver.pull.ledger.gathered import ENTRIES_A_MANIFEST
from archiver.pull.plan import divide, noticing_offers
from archiver.pull.stored.held_check import HeldCheck
from archiver.store.local import LocalStore
from tests.archives import manifest_of
from tests.bench import finding
from tests.bench.held import entered, fresh, made_up
from tests.bench.standing import take_for_followed

EVERYTHING = PageQuery.first(Report.RECORDINGS, None)
SEED = 99


class Grown(Struct, frozen=True):
    """An archive, open; ``newest`` are what its last manifest archived."""

    journal: Journal
    catalog: Catalog
    newest: tuple[RecordingId, ...]

    def plan_us(self) -> float:
        """Divide rows of what is held, as a pull does; return microseconds a row."""
        rows = [Listed(Row(id_, None, None, None, {"id": id_}), EVERYTHING) for id_ in self.newest]

        def planned() -> None:
            recordings = self.catalog.recordings
            known, told = recordings.many(self.newest), recordings.fingerprints(self.newest)
            noticing_offers(divide(rows, known, told), recordings.noted_objects(self.newest))
            if HeldCheck(self.journal, self.catalog).denies(self.newest):
                raise AssertionError("the chain does not hold what the catalog says")

        return busy_ms(planned) * 1_000 / len(rows)

    def manifest_and_catalog_ms(self, turn: int) -> tuple[float, float]:
        """Write a manifest and enter it in the catalog; return what each took, in milliseconds."""
        told = entered(made_up(ENTRIES_A_MANIFEST, SEED + turn), Random(turn))
        build = manifest_of(self.journal.archive().archive, (entry for entry, _ in told))
        written_ms = busy_ms(lambda: self.journal.append(build))
        return written_ms, busy_ms(lambda: self.catalog.follow(self.journal, fresh=fresh(told)))


@contextmanager
def grown(folder: Path, endpoint: str, count: int) -> Iterator[Grown]:
    """Make an archive of the portal at ``endpoint`` that says it holds so many recordings."""
    journal, catalog = Journal(LocalStore(folder)), Catalog(folder / PRIVATE)
    identity = journal.create_or_open(endpoint).archive
    try:
        finding.grow(catalog, finding.firm(), count)
        last = 1 + (count - 1) // ENTRIES_A_MANIFEST
        newest = _archived_in(catalog, last)
        states = catalog.recordings.many(newest)
        entries = [entry_from_state(each, Outcome.ARCHIVED, files=True) for each in states.values()]
        for number in range(1, last + 1):
            journal.append(manifest_of(identity, entries if number == last else ()))
        head = journal.head()
        if head is None:
            raise AssertionError("there is no chain")
        take_for_followed(catalog, identity, head)
        yield Grown(journal, catalog, newest)
    finally:
        catalog.close()


def busy_ms(work: Callable[[], object]) -> float:
    """Do something and return the processor's time for it, in milliseconds."""
    began = time.process_time()
    work()
    return 1_000 * (time.process_time() - began)


def _archived_in(catalog: Catalog, number: int) -> tuple[RecordingId, ...]:
    """Return what the catalog says that a manifest archived."""
    question = "SELECT id FROM recordings WHERE proof = ? ORDER BY at"
    rows = catalog._file.database.execute(question, (number,))  # noqa: SLF001 - nobody else asks so
    return tuple(RecordingId(id_.decode()) for (id_,) in rows)
