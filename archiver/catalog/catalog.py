"""The index of an archive: is it held, what is open, and where is the call with that number.

It follows the manifests by number and holds nothing that they and the sidecars don't. Whatever
makes it doubtful (another chain, a damaged file, another version) makes it begin anew.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

from archiver.catalog import days, search
from archiver.catalog.numbers import digits
from archiver.catalog.rows import (
    SAID,
    SELECT,
    TOLD,
    UPSERT,
    Told,
    day_text,
    id_bytes,
    id_text,
    known_of,
    row_of,
    told_by,
)
from archiver.catalog.schema import connect, is_damage, remove
from archiver.catalog.search import Found
from archiver.errors import DestinationRefused
from archiver.identity import identity
from archiver.manifest.book import Known, advance
from archiver.manifest.entry import File, Head, Kind, Manifest
from archiver.manifest.journal import Journal
from archiver.manifest.sidecar import Sidecar
from archiver.recordings import Json, RecordingId, Report
from archiver.threads import Threads
from archiver.versions import Fingerprint, call_fingerprint
from archiver.windows import Window

ReadSidecar = Callable[[File], Sidecar | None]
"""Reads a sidecar; ``None`` when it cannot be read, and then no search finds it by number."""

_MANY = 500
SAMPLE = 20


@dataclass(frozen=True, slots=True)
class OpenFindings:
    """How many findings are open, by :attr:`Known.kind`, and the oldest."""

    by_kind: Mapping[str, int]
    sample: tuple[Known, ...]

    @property
    def count(self) -> int:
        """How many there are in all."""
        return sum(self.by_kind.values())


ReadCalls = Callable[[File], list[dict[str, Json]] | None]
"""Reads a file of calls; ``None`` when it cannot be read: its rows are archived once more."""


class Catalog:
    """The catalog in the file at ``path``; one thread at a time may use it.

    It reads ``readers`` sidecars at a time: from a bucket, each takes as long as the network does.
    """

    def __init__(self, path: Path, readers: int = 1) -> None:
        self._path = path
        self._readers = Threads(readers, "sidecars")
        with self._place():
            self._db = connect(path)

    def close(self) -> None:
        """Close the file."""
        self._readers.end()
        self._db.close()

    def follow(self, journal: Journal, read_sidecar: ReadSidecar | None = None) -> None:
        """Take in every manifest since the last time; begin anew if that is not in the chain.

        Sidecars are read through the journal unless another way is given.
        """
        read_sidecar = read_sidecar or journal.sidecar
        try:
            self._catch_up(journal, read_sidecar)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise self._refusal(error) from error
            self._begin_anew()
            with self._place():
                self._catch_up(journal, read_sidecar)

    def followed(self) -> Head | None:
        """Return the head up to which the chain is taken in."""
        with self._place():
            return self._followed()

    def get(self, recording: str) -> Known | None:
        """Return where a recording stands, ``None`` when no manifest names it."""
        return self.many([recording]).get(RecordingId(recording))

    def many(self, recordings: Iterable[str]) -> dict[RecordingId, Known]:
        """Return where each of these stands; those that no manifest names are left out."""
        with self._place():
            return self._known(recordings)

    def fingerprints(self, recordings: Iterable[str]) -> dict[RecordingId, Fingerprint]:
        """Return what the portal said of these last, where their newest sidecars were read."""
        with self._place():
            question = "SELECT id, told_row, told_object FROM recordings WHERE told_row NOT NULL"
            return {
                id_text(stored): Fingerprint(str(row), None if name is None else str(name))
                for stored, row, name in self._among(f"{question} AND", recordings)
            }

    def held_in(self, window: Window) -> Iterator[tuple[date, RecordingId]]:
        """Yield the day and the id of what is held in a window of portal time, by day and id.

        What came from the call log is left out: no recording of it was listed in the first place.
        """
        question = "SELECT day, id FROM recordings WHERE held AND source = 'recordings'"
        question += " AND at BETWEEN ? AND ? ORDER BY 1, 2"
        for day, stored in self._rows(question, window.first.isoformat(), window.last.isoformat()):
            yield date.fromisoformat(str(day)), id_text(stored)

    def since(self) -> date | None:
        """Return the first day that the archive answers for, ``None`` while nobody said one."""
        with self._place():
            return days.since(self._db)

    def waiting_in(self, window: Window) -> Iterator[Known]:
        """Yield what waits for its audio in a window of portal time, of the recordings' report."""
        condition = "tries > 0 AND NOT held AND source = 'recordings' AND at BETWEEN ? AND ?"
        question = f"{SELECT} WHERE {condition} ORDER BY at, id"
        for row in self._rows(question, window.first.isoformat(), window.last.isoformat()):
            yield known_of(row)

    def was_listed(self, report: Report, day: date) -> bool:
        """Whether a run has listed all of a portal day after its end, proven or not."""
        question = "SELECT 1 FROM days WHERE report = ? AND day = ?"
        return any(self._rows(question, report, day_text(day)))

    def settled(self, reports: Iterable[Report], before: date) -> set[date]:
        """Return the portal days of before a day that need no more listing, in all these reports.

        Two runs have listed the same of each, proven, and each recording is held, accepted or
        erased; or a person has accepted its listing.
        """
        with self._place():
            return days.settled(self._db, reports, before)

    def calls(self, ids: Iterable[str]) -> dict[RecordingId, str]:
        """Return the fingerprints of these calls, as they were archived last; others left out."""
        with self._place():
            rows = self._among("SELECT id, told FROM calls WHERE", ids)
            return {id_text(stored): str(told) for stored, told in rows}

    def counts(self, first: date, last: date) -> dict[date, int]:
        """Return how many recordings are known of each portal day that has some."""
        question = "SELECT day, count(*) FROM recordings WHERE day BETWEEN ? AND ? GROUP BY day"
        rows = self._rows(question, day_text(first), day_text(last))
        return {date.fromisoformat(str(day)): int(str(count)) for day, count in rows}

    def accepted_listings(self, report: Report) -> frozenset[date]:
        """Return the portal days whose unproven listing of a report a person accepted."""
        with self._place():
            return days.accepted(self._db, report)

    def decided(self, name: str) -> object:
        """Return a setting that decided the last run of the chain, ``None`` if it had none."""
        row = next(self._rows("SELECT value FROM decided WHERE name = ?", name), None)
        return json.loads(str(row[0])) if row else None

    def unlocked(self, before: datetime) -> Iterator[Known]:
        """Yield what is held of before a moment of portal time and not noted as locked."""
        condition = "held AND at < ? AND audio NOT IN (SELECT path FROM locked)"
        for row in self._rows(f"{SELECT} WHERE {condition} ORDER BY at, id", before.isoformat()):
            yield known_of(row)

    def note_locked(self, key: str) -> None:
        """Note that what lies under a key is locked; a catalog made anew knows nothing of it."""
        with self._place():
            self._db.execute("INSERT OR IGNORE INTO locked VALUES (?)", (key,))

    def is_locked(self, key: str) -> bool:
        """Whether what lies under a key is noted as locked."""
        return any(self._rows("SELECT 1 FROM locked WHERE path = ?", key))

    def is_entered(self, key: str) -> bool:
        """Whether any manifest names this file, be it superseded since."""
        return any(self._rows("SELECT 1 FROM entered WHERE path = ?", key))

    def same_bytes(self, sha256: str, other_than: str) -> RecordingId | None:
        """Return another recording whose audio has that SHA-256."""
        question = (
            "SELECT id FROM recordings WHERE audio_sha256 = ? AND id <> ? ORDER BY id LIMIT 1"
        )
        row = next(self._rows(question, sha256, id_bytes(other_than)), None)
        return id_text(row[0]) if row else None

    def open_findings(self) -> OpenFindings:
        """Return what waits for a person, with the oldest few as a sample."""
        counts = self._rows(
            "SELECT kind, count(*) FROM recordings WHERE open GROUP BY kind ORDER BY kind"
        )
        sample = self._rows(f"{SELECT} WHERE open ORDER BY at, id LIMIT {SAMPLE}")
        return OpenFindings(
            {str(kind): int(str(count)) for kind, count in counts},
            tuple(known_of(row) for row in sample),
        )

    def findings(self, kind: str | None, day: date | None) -> tuple[Known, ...]:
        """Return what waits for a person, by id: of one :attr:`Known.kind`, of one portal day."""
        conditions = "open AND (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR day = ?2)"
        rows = self._rows(f"{SELECT} WHERE {conditions} ORDER BY id", kind, day and day_text(day))
        return tuple(known_of(row) for row in rows)

    def is_unproven(self, day: date) -> bool:
        """Whether a day's last listing was without proof, and nobody accepted that."""
        question = "SELECT 1 FROM days WHERE day = ? AND NOT (proven OR accepted)"
        return any(self._rows(question, day_text(day)))

    def held_on(self, day: date | None) -> tuple[int, str]:
        """Return how many recordings of a portal day are held, and the SHA-256 of their ids.

        The hash is that of :func:`archiver.manifest.book.ids_digest`. ``None`` asks for undated.
        """
        count, digest = 0, sha256()
        question = "SELECT id FROM recordings WHERE day = ? AND held ORDER BY id"
        for (stored,) in self._rows(question, day_text(day)):
            count += 1
            digest.update(id_bytes(id_text(stored)) + b"\n")
        return count, digest.hexdigest()

    def find(
        self,
        number: str | None = None,
        agent: str | None = None,
        first: datetime | None = None,
        last: datetime | None = None,
    ) -> Iterator[Found]:
        """Yield held recordings, oldest first, that match all that is given.

        ``number`` in any usual form; ``agent`` is any part of the name, whatever its case;
        ``first`` and ``last`` are portal time, both inclusive.
        """
        for row in self._rows(*search.matching(number, agent, first, last)):
            yield search.found_of(row)

    def stored_in(self, window: Window) -> Iterator[Found]:
        """Yield what there is audio of in a window of portal time, held or not, oldest first.

        What has no time may lie in any window, so it comes too, first of all.
        """
        for row in self._rows(*search.stored_in(window)):
            yield search.found_of(row)

    def listed_in(self, window: Window) -> Iterator[Found]:
        """Yield what the recordings' report has listed in a window, with audio or without.

        What has no time may lie in any window. Only what has a sidecar has numbers.
        """
        for row in self._rows(*search.listed_in(window)):
            yield search.found_of(row)

    def _rows(self, question: str, *values: object) -> Iterator[tuple[object, ...]]:
        with self._place():
            yield from self._db.execute(question, values)

    def _known(self, recordings: Iterable[str]) -> dict[RecordingId, Known]:
        every = (known_of(row) for row in self._among(f"{SELECT} WHERE", recordings))
        return {known.id: known for known in every}

    def _among(self, question: str, recordings: Iterable[str]) -> Iterator[tuple[object, ...]]:
        """Yield the rows of these recordings; ``question`` goes on with a condition."""
        wanted = [id_bytes(one) for one in recordings]
        for start in range(0, len(wanted), _MANY):
            some = wanted[start : start + _MANY]
            yield from self._db.execute(f"{question} id IN ({','.join('?' * len(some))})", some)

    @contextmanager
    def _place(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> DestinationRefused:
        return DestinationRefused(
            f"The catalog {self._path} cannot be used: {error}.",
            advice="Check its disk. The catalog may be deleted: it is made again from the archive.",
        )

    def _begin_anew(self) -> None:
        self._db.close()
        with self._place():
            remove(self._path)
            self._db = connect(self._path)

    def _followed(self) -> Head | None:
        row = self._db.execute("SELECT number, sha256 FROM followed").fetchone()
        return Head(*row) if row else None

    def _catch_up(self, journal: Journal, read_sidecar: ReadSidecar) -> None:
        last = self._followed()
        if last and journal.head_at(last.number) != last:
            self._begin_anew()
            last = None
        for head, manifest in journal.manifests(after=last.number if last else 0):
            self._take_in(head, manifest, read_sidecar, journal.calls)

    def _take_in(
        self, head: Head, manifest: Manifest, read_sidecar: ReadSidecar, read_calls: ReadCalls
    ) -> None:
        """Add one manifest, all of it or nothing; another process may have been first with it."""
        told = self._told(manifest, read_sidecar)
        # What a repair put back was taken in when it was new, and newer rows of its calls since.
        files = [each.file for each in manifest.calls if manifest.kind is not Kind.REPAIR]
        calls = [row for file in files for row in read_calls(file) or ()]
        written_at = manifest.run.ended or manifest.run.started
        self._db.execute("BEGIN IMMEDIATE")
        try:
            if self._followed() != manifest.previous:
                self._db.execute("ROLLBACK")
                return
            before = self._known(entry.id for entry in manifest.recordings)
            for entry in manifest.recordings:
                known = advance(before.get(entry.id), entry, manifest.kind, written_at)
                self._db.executemany(
                    "INSERT OR IGNORE INTO entered VALUES (?)",
                    ((file.path,) for file in (entry.audio, entry.sidecar) if file),
                )
                self._write(before.get(entry.id), known, told)
                before[entry.id] = known
            if manifest.kind is Kind.RUN:
                self._decide(manifest.run.settings)
            days.take_in(self._db, manifest)
            self._enter_calls(manifest, calls)
            self._db.execute("DELETE FROM followed")
            self._db.execute("INSERT INTO followed VALUES (?, ?)", (head.number, head.sha256))
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _told(self, manifest: Manifest, read_sidecar: ReadSidecar) -> dict[File, Told]:
        """Return what each sidecar tells that a manifest names."""
        files = [entry.sidecar for entry in manifest.recordings if entry.sidecar]
        told = self._readers.map(lambda file: told_by(read_sidecar(file)), files)
        return dict(zip(files, told, strict=True))

    def _enter_calls(self, manifest: Manifest, rows: Iterable[Mapping[str, Json]]) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO entered VALUES (?)",
            ((each.file.path,) for each in manifest.calls),
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO calls VALUES (?, ?)",
            ((id_bytes(identity(row, Report.CALLS)), call_fingerprint(row)) for row in rows),
        )

    def _decide(self, settings: Mapping[str, object]) -> None:
        self._db.execute("DELETE FROM decided")
        self._db.executemany(
            "INSERT INTO decided VALUES (?, ?)",
            ((name, json.dumps(value)) for name, value in settings.items()),
        )

    def _write(self, old: Known | None, new: Known, told_by_files: Mapping[File, Told]) -> None:
        """Write where a recording stands, and what sidecars of it tell that a manifest names."""
        self._db.execute(UPSERT, row_of(new))
        key, (_, newest) = id_bytes(new.id), new.newest
        if newest in told_by_files or newest != (old.newest[1] if old else None):
            self._fill(key, SAID, (told_by_files[newest] if newest else Told()).said)
        if new.sidecar not in told_by_files and new.sidecar == (old.sidecar if old else None):
            return
        told = told_by_files[new.sidecar] if new.sidecar else Told()
        self._db.execute("DELETE FROM numbers WHERE id = ?", (key,))
        self._db.executemany(
            "INSERT OR IGNORE INTO numbers VALUES (?, ?)",
            ((digits(number)[::-1], key) for number in told.numbers),
        )
        self._fill(key, TOLD, told.row)

    def _fill(self, key: bytes, columns: Sequence[str], values: Sequence[object]) -> None:
        self._db.execute(
            f"UPDATE recordings SET {' = ?, '.join(columns)} = ? WHERE id = ?",  # noqa: S608 - constants only
            (*values, key),
        )
