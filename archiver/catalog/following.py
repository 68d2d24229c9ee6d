"""Takes the chain into the catalog, a round of manifests at a time."""

import sqlite3

from archiver.catalog.entering.manifest_rows import enter, enter_late
from archiver.catalog.entering.matched_once import StandingMatches
from archiver.catalog.entering.matched_once import note as note_matched
from archiver.catalog.entering.reading import DocumentReader, Tell
from archiver.catalog.questions.calls.archived_calls import ArchivedCallRows
from archiver.catalog.questions.recording_states import RecordingStates
from archiver.catalog.schema import Damaged, as_written, is_damage
from archiver.catalog.sealed import DAMAGED, SealedFile
from archiver.concurrency.threads import Threads
from archiver.manifest.journal import Journal
from archiver.manifest.model import Manifest, ManifestKind
from archiver.manifest.records.files import Head

A_ROUND = 5_000
"""So many recordings are taken in, or a manifest more, before other processes get a turn."""
_FOREIGN = "The catalog was of another archive; it is made anew."
_ELSEWHERE = "The catalog followed manifests that are not in the chain; it is made anew."


class Following:
    """What a catalog's ``file`` has of the chain; it reads ``readers`` sidecars at a time."""

    def __init__(
        self,
        file: SealedFile,
        recordings: RecordingStates,
        calls: ArchivedCallRows,
        matches: StandingMatches,
        readers: int,
    ) -> None:
        self._file = file
        self._recordings = recordings
        self._calls = calls
        self._matches = matches
        self._readers = Threads(readers, "sidecars")
        self._has_tried_unread = False

    def follow(self, journal: Journal, tell: Tell) -> None:
        """Take in every manifest since the last time; ``tell`` reads a sidecar.

        Between the rounds, other processes get a turn.
        """
        reader = DocumentReader(self._readers, tell, journal.documents)
        while self._follow_on(journal, reader):
            pass

    def end(self) -> None:
        """End the threads that read."""
        self._readers.end()

    def _follow_on(self, journal: Journal, reader: DocumentReader) -> bool:
        """Take in a round of manifests; return whether there may be more."""
        with self._file.exclusively(or_anew=True):
            try:
                return self._catch_up(journal, reader)
            except (Damaged, sqlite3.DatabaseError) as error:
                if not is_damage(error):
                    raise
            self._file.begin_anew(DAMAGED)
            return self._catch_up(journal, reader)

    def _catch_up(self, journal: Journal, reader: DocumentReader) -> bool:
        taken = 0
        for head, manifest in journal.manifests(after=self._standing(journal)):
            self._take_in(head, manifest, reader)
            taken += len(manifest.recordings) + sum(each.rows for each in manifest.calls)
            if taken >= A_ROUND:
                return True
        self._read_again(reader)
        return False

    def _standing(self, journal: Journal) -> int:
        """Return the number up to which the chain is taken in, after beginning anew if it isn't."""
        row = self._file.database.execute("SELECT archive, number, sha256 FROM followed").fetchone()
        if row is None:
            return 0
        archive, *head = row
        with as_written():
            followed = Head(*head)
        if archive != journal.archive().archive:
            self._file.begin_anew(_FOREIGN)
        elif journal.head_at(followed.number) != followed:
            self._file.begin_anew(_ELSEWHERE)
        else:
            return followed.number
        return 0

    def _take_in(self, head: Head, manifest: Manifest, reader: DocumentReader) -> None:
        """Add one manifest, all of it or nothing."""
        told = reader.told([entry.sidecar for entry in manifest.recordings if entry.sidecar])
        # What a repair stores was taken in when it was new, if it could be read then, and newer
        # rows since.
        is_new = manifest.kind is not ManifestKind.REPAIR
        files = [each.file for each in manifest.calls]
        calls = reader.rows(each for each in files if is_new or self._calls.is_unread(each.path))
        standing = self._matches.filters(reader.documents)
        with self._file.change() as database:
            note_matched(database, self._matches.before(manifest, standing))
            enter(database, head, manifest, told, calls)
            note_matched(database, self._matches.after(manifest, standing))

    def _read_again(self, reader: DocumentReader) -> None:
        """Take in what could not be read when its manifest was, as far as it can be now."""
        if self._has_tried_unread:
            return
        self._has_tried_unread = True
        lacking = [*self._recordings.unread()]
        told, calls = reader.told_now(lacking), reader.rows_now(self._calls.unread())
        if told or calls:
            with self._file.change() as database:
                enter_late(database, lacking, told, calls)
