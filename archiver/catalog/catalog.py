"""The index of an archive: is it held, what is open, and where is the call with that number.

It follows the manifests by number and holds nothing that they and the sidecars don't. Whatever
makes it doubtful (another archive or chain, a file that is not as it was left) makes it begin anew.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import date
from pathlib import Path

from archiver.catalog.days.certification import note_reviewed
from archiver.catalog.entering.call_links import Link, link
from archiver.catalog.entering.listed import note as note_listed
from archiver.catalog.entering.matched_once import StandingMatches
from archiver.catalog.following import Following
from archiver.catalog.questions.asker import Asker
from archiver.catalog.questions.calls.archived_calls import ArchivedCallRows
from archiver.catalog.questions.calls.linked_calls import LinkedCalls
from archiver.catalog.questions.days.certified_days import CertifiedDays
from archiver.catalog.questions.days.known_days import KnownDays
from archiver.catalog.questions.days.known_runs import KnownRuns
from archiver.catalog.questions.erased import ErasedRecordings
from archiver.catalog.questions.filtering.filtered import FilteredRecordings
from archiver.catalog.questions.filtering.fitting_among import FittingAmong
from archiver.catalog.questions.holdings import Holdings
from archiver.catalog.questions.known_holds import KnownHolds
from archiver.catalog.questions.known_rows import KnownRows
from archiver.catalog.questions.open_findings import OpenRecordings
from archiver.catalog.questions.recording_states import RecordingStates
from archiver.catalog.questions.search import CatalogSearch
from archiver.catalog.recording_rows import SearchFields, told_by
from archiver.catalog.refusals import refusals
from archiver.catalog.schema import Damaged, as_written
from archiver.catalog.sealed import SealedFile
from archiver.domain.recordings import RecordingId, Row
from archiver.manifest.journal import Journal
from archiver.manifest.named_files.sidecar import Sidecar
from archiver.manifest.records.files import ArchivedFile, Head
from archiver.overview.seal import Seal

ReadSidecar = Callable[[ArchivedFile], Sidecar | None]
"""Reads a sidecar; ``None`` when it cannot be read, and then no search finds it by number."""
NOTHING: Mapping[ArchivedFile, SearchFields] = {}

WRONG = "The catalog contradicted the manifests; it is made anew from them."
ASKED_FOR = "The catalog is made anew from the archive."


class Catalog:
    """The catalog in ``folder``; one thread at a time may use it.

    It reads ``readers`` sidecars at a time: from a bucket, each takes as long as the network does.
    ``tell`` is told in a line when the catalog had to be made anew, and why. What it can be asked
    stands by subject: ``recordings``, ``days``, ``runs``, ``findings``, ``rows`` of the portal,
    ``search``, ``filtered``, ``holdings``, ``links`` to calls, ``calls`` as they are archived,
    ``certified`` days, what is ``erased``, the ``holds``.
    """

    def __init__(
        self, folder: Path, readers: int = 1, tell: Callable[[str], object] = bool
    ) -> None:
        with refusals(folder):
            self._file = SealedFile(folder, tell)
        asker = Asker(lambda: self._db, self._place)
        self.recordings = RecordingStates(asker)
        self.days = KnownDays(asker)
        self.runs = KnownRuns(asker)
        self.findings = OpenRecordings(asker)
        self.rows = KnownRows(asker)
        self.search = CatalogSearch(asker)
        self.filtered = FilteredRecordings(asker)
        self.holdings = Holdings(asker)
        self.links = LinkedCalls(asker)
        self.calls = ArchivedCallRows(asker)
        self.certified = CertifiedDays(asker)
        self.erased = ErasedRecordings(asker)
        self.holds = KnownHolds(asker)
        matches = StandingMatches(
            self.holds, self.recordings, FittingAmong(asker, self.filtered), self.runs
        )
        self._following = Following(self._file, self.recordings, self.calls, matches, readers)

    @property
    def _db(self) -> sqlite3.Connection:
        return self._file.database

    def close(self) -> None:
        """Close the file."""
        self._following.end()
        self._file.close()

    def follow(
        self,
        journal: Journal,
        read_sidecar: ReadSidecar | None = None,
        fresh: Mapping[ArchivedFile, SearchFields] = NOTHING,
    ) -> None:
        """Take in every manifest since the last time; begin anew if that is not in the chain.

        Sidecars are read through the journal unless another way is given. What ``fresh`` ones tell,
        who calls has just written: from a bucket, reading them takes as long as writing did. What
        could not be read before is tried again, once.
        """

        def tell(file: ArchivedFile) -> SearchFields:
            return fresh.get(file) or told_by((read_sidecar or journal.documents.sidecar)(file))

        with self._place():
            self._following.follow(journal, tell)

    def begin_anew(self, journal: Journal, why: str = WRONG) -> None:
        """Take in the whole chain once more: what this says is not what the chain says.

        ``why`` is told, where it was asked for another reason.
        """
        with self._place(), self._file.exclusively(or_anew=True):
            self._file.begin_anew(why)
        self.follow(journal)

    @contextmanager
    def unchanged(self) -> Iterator[Seal]:
        """Keep all others from changing the catalog while the block runs, and yield its seal."""
        with self._place(), self._file.exclusively():
            yield self._file.seal

    def followed(self) -> Head | None:
        """Return the head up to which the chain is taken in."""
        with self._place(), as_written():
            row = self._db.execute("SELECT number, sha256 FROM followed").fetchone()
            return Head(*row) if row else None

    @contextmanager
    def in_one_state(self) -> Iterator[None]:
        """Let all that the block asks be answered from one state, whatever a run enters meanwhile.

        The run waits for the end of the block, a minute at most: nothing slow belongs in it.
        """
        with self._place():
            self._db.execute("BEGIN")
        try:
            yield
        finally:
            with self._place():
                self._db.execute("COMMIT")

    def note_locked(self, keys: Collection[str]) -> None:
        """Note that what lies under these keys is locked; a catalog made anew knows it no more."""
        paths = ((key,) for key in keys)
        if keys:
            self._note(lambda db: db.executemany("INSERT OR IGNORE INTO locked VALUES (?)", paths))

    def note_rows(self, rows: Iterable[Row]) -> None:
        """Note what is listed of recordings whose sidecar tells nothing, or isn't there yet."""
        if noted := [*rows]:
            self._note(lambda db: note_listed(db, noted))

    def note_links(self, days: Collection[date], calls: Mapping[RecordingId, Link]) -> None:
        """Note which call each recording of these days is of; of the others it is not known."""
        self._note(lambda db: link(db, days, calls))

    def note_reviewed(
        self, days: Collection[date], number: int, rules: str, *, stands: bool
    ) -> None:
        """Note which days were looked at for a certificate, up to a manifest, by which rules.

        ``stands`` where each closes, and has a certificate that says so.
        """
        if days:
            self._note(lambda db: note_reviewed(db, days, number, rules, stands=stands))

    def _note(self, write: Callable[[sqlite3.Connection], object]) -> None:
        """Write what no manifest tells; where the file is damaged, that is lost with it."""
        with self._place(), suppress(Damaged), self._file.exclusively(), self._file.change() as db:
            write(db)

    def _place(self) -> AbstractContextManager[None]:
        return refusals(self._file.folder, self._file.distrust)
