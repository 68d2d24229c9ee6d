"""The index of an archive: is it held, what is open, and where is the call with that number.

It follows the manifests by number and holds nothing that they and the sidecars don't. Whatever
makes it doubtful (another archive or chain, a file that is not as it was left) makes it begin anew.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from archiver.catalog import listed, search, sharing
from archiver.catalog.days import settlement as days
from archiver.catalog.entering import enter, known_among
from archiver.catalog.findings import SAMPLE, OpenFindings
from archiver.catalog.known_rows import KnownRows
from archiver.catalog.rows import (
    SELECT,
    SearchFields,
    among,
    day_text,
    id_bytes,
    id_text,
    known_of,
    told_by,
)
from archiver.catalog.schema import Damaged, as_written, is_damage
from archiver.catalog.sealed import DAMAGED, SealedFile
from archiver.catalog.search import Found
from archiver.concurrency.threads import Threads
from archiver.domain.fingerprint import Fingerprint
from archiver.domain.recordings import RecordingId, Report, Row
from archiver.domain.window import Window
from archiver.errors import DestinationError
from archiver.json_documents import Json
from archiver.manifest.journal import Journal
from archiver.manifest.model import ArchivedFile, Backlog, Head, ListedDay, Manifest, ManifestKind
from archiver.manifest.sidecar import Sidecar
from archiver.manifest.state import RecordingState

T = TypeVar("T")
ReadSidecar = Callable[[ArchivedFile], Sidecar | None]
"""Reads a sidecar; ``None`` when it cannot be read, and then no search finds it by number."""
Tell = Callable[[ArchivedFile], SearchFields]
NOTHING: Mapping[ArchivedFile, SearchFields] = {}

_WAITS = "tries > 0 AND NOT (held OR open OR accepted)"
"""Whether audio is waited for, and no person is told of it."""
A_ROUND = 5_000
"""So many recordings are taken in, or a manifest more, before other processes get a turn."""
_FOREIGN = "The catalog was of another archive; it is made anew."
_WRONG = "The catalog contradicted the manifests; it is made anew from them."
_ELSEWHERE = "The catalog followed manifests that are not in the chain; it is made anew."

ReadCalls = Callable[[ArchivedFile], list[dict[str, Json]] | None]
"""Reads a file of calls; ``None`` when it cannot be read: its rows are archived once more."""


class Catalog:
    """The catalog in ``folder``; one thread at a time may use it.

    It reads ``readers`` sidecars at a time: from a bucket, each takes as long as the network does.
    ``tell`` is told in a line when the catalog had to be made anew, and why. ``rows`` is asked what
    the archive knows of the portal's rows.
    """

    def __init__(
        self, folder: Path, readers: int = 1, tell: Callable[[str], object] = bool
    ) -> None:
        self._folder = folder
        self._readers = Threads(readers, "sidecars")
        with self._place():
            self._file = SealedFile(folder, tell)
        self.rows = KnownRows(lambda: self._db, self._reading)

    @property
    def _db(self) -> sqlite3.Connection:
        return self._file.database

    def close(self) -> None:
        """Close the file."""
        self._readers.end()
        self._file.close()

    def follow(
        self,
        journal: Journal,
        read_sidecar: ReadSidecar | None = None,
        fresh: Mapping[ArchivedFile, SearchFields] = NOTHING,
    ) -> None:
        """Take in every manifest since the last time; begin anew if that is not in the chain.

        Sidecars are read through the journal unless another way is given. What ``fresh`` ones tell,
        who calls has just written: from a bucket, reading them takes as long as writing did.
        """

        def tell(file: ArchivedFile) -> SearchFields:
            return fresh.get(file) or told_by((read_sidecar or journal.sidecar)(file))

        with self._place():
            while self._follow_on(journal, tell):
                pass

    def begin_anew(self, journal: Journal) -> None:
        """Take in the whole chain once more: what this says is not what the chain says."""
        with self._place(), self._file.exclusively(or_anew=True):
            self._file.begin_anew(_WRONG)
        self.follow(journal)

    def followed(self) -> Head | None:
        """Return the head up to which the chain is taken in."""
        with self._reading():
            row = self._db.execute("SELECT number, sha256 FROM followed").fetchone()
            return Head(*row) if row else None

    def get(self, recording: str) -> RecordingState | None:
        """Return where a recording stands, ``None`` when no manifest names it."""
        return self.many([recording]).get(RecordingId(recording))

    def many(self, recordings: Iterable[str]) -> dict[RecordingId, RecordingState]:
        """Return where each of these stands; those that no manifest names are left out."""
        with self._reading():
            return known_among(self._db, recordings)

    def fingerprints(self, recordings: Iterable[str]) -> dict[RecordingId, Fingerprint]:
        """Return what the portal said of these last, where their newest sidecars were read."""
        with self._reading():
            question = "SELECT id, told_row, told_object FROM recordings WHERE told_row NOT NULL"
            return {
                id_text(stored): Fingerprint(str(row), None if name is None else str(name))
                for stored, row, name in among(self._db, f"{question} AND", recordings)
            }

    def proofs(self, recordings: Iterable[str]) -> dict[RecordingId, int]:
        """Return the numbers of manifests that say that these are archived, of those held."""
        with self._reading():
            rows = among(self._db, "SELECT id, proof FROM recordings WHERE held AND", recordings)
            return {id_text(stored): int(str(number)) for stored, number in rows}

    def held_in(self, window: Window) -> Iterator[tuple[date, RecordingId]]:
        """Yield the day and the id of what is held in a window of portal time, by day and id.

        What came from the call log is left out: no recording of it was listed in the first place.
        """
        question = "SELECT day, id FROM recordings WHERE held AND source = 'recordings'"
        question += " AND at BETWEEN ? AND ? ORDER BY 1, 2"
        sides = window.first.isoformat(), window.last.isoformat()
        yield from self._each(_day_and_id, question, *sides)

    def since(self) -> date | None:
        """Return the first day that the archive answers for, ``None`` while nobody said one."""
        with self._reading():
            return days.since(self._db)

    def backlog(self) -> Backlog | None:
        """Return what the last run over all that is due left undone; ``None`` if none told."""
        with self._reading():
            return days.backlog(self._db)

    def count_in(self, window: Window) -> int:
        """Return of how many rows of the recordings' report in a window nothing more is waited for.

        What waits for its audio is left out, unless a person is told of it, or has accepted it.
        """
        question = "SELECT count(*) FROM recordings WHERE source = 'recordings'"
        question += f" AND NOT ({_WAITS}) AND at BETWEEN ? AND ?"
        (row,) = self._rows(question, window.first.isoformat(), window.last.isoformat())
        return int(str(row[0]))

    def waiting_in(self, window: Window, report: Report) -> Iterator[RecordingState]:
        """Yield what waits for its audio in a window of portal time, of one report."""
        condition = "tries > 0 AND NOT held AND source = ? AND at BETWEEN ? AND ?"
        question = f"{SELECT} WHERE {condition} ORDER BY at, id"
        sides = window.first.isoformat(), window.last.isoformat()
        yield from self._each(known_of, question, report, *sides)

    def was_listed(self, report: Report, day: date) -> bool:
        """Whether a run has listed all of a portal day after its end, proven or not."""
        question = "SELECT 1 FROM days WHERE report = ? AND day = ?"
        return any(self._rows(question, report, day_text(day)))

    def rows_of(self, report: Report, days: Collection[date]) -> dict[date, int]:
        """Return how many rows each of these days had when it was listed last, by the larger word.

        That is what was seen, or what the portal said.
        """
        if not days:
            return {}
        question = (
            "SELECT day, max(count, ifnull(total, 0)) FROM days"
            " WHERE report = ? AND day BETWEEN ? AND ?"
        )
        ends = day_text(min(days)), day_text(max(days))
        every = {
            date.fromisoformat(str(day)): int(str(count))
            for day, count in self._rows(question, report, *ends)
        }
        return {day: every[day] for day in days if day in every}

    def has_left(self, report: Report, day: date) -> bool:
        """Whether a portal day was never listed to its end, or something of it waits for audio."""
        question = "SELECT 1 FROM recordings WHERE source = ? AND day = ?"
        question += f" AND {_WAITS}"
        waits = any(self._rows(question, report, day_text(day)))
        return waits or not self.was_listed(report, day)

    def is_whole(self, report: Report, day: date) -> bool:
        """Whether the last listing of a portal day says what all of it is.

        It is proven, or accepted, and of a time when nothing of the day comes any more.
        """
        with self._reading():
            return days.is_whole(self._db, report, day)

    def settled(self, reports: Iterable[Report], before: date) -> set[date]:
        """Return the portal days of before a day that need no more listing, in all these reports.

        Two runs have listed the same of each, proven, and each recording is held, accepted or
        erased; or a person has accepted its listing, and it was listed so when nothing of it came
        any more.
        """
        with self._reading():
            return days.settled(self._db, reports, before)

    def counts(self, first: date, last: date) -> dict[date, int]:
        """Return how many recordings are known of each portal day that has some."""
        question = "SELECT day, count(*) FROM recordings WHERE day BETWEEN ? AND ? GROUP BY day"
        return dict(self._each(_day_and_count, question, day_text(first), day_text(last)))

    def accepts(self, listed: ListedDay) -> bool:
        """Whether a person accepted the listing of a day, with just these ids and this total."""
        with self._reading():
            return days.accepts(self._db, listed)

    def doubtful_listings(self, day: date) -> tuple[ListedDay, ...]:
        """Return the last listings of a day that a person may accept.

        They were without proof, or without rows that the archive has, and nobody accepted that.
        """
        with self._reading():
            return days.doubtful(self._db, day)

    def last_run(self) -> datetime | None:
        """Return when the last run of the chain wrote, by the clock that it believed (UTC)."""
        with self._reading():
            return days.last_run(self._db)

    def decided(self, name: str) -> object:
        """Return a setting that decided the last run of the chain, ``None`` if it had none."""
        question = "SELECT value FROM decided WHERE name = ?"
        return next(self._each(lambda row: json.loads(str(row[0])), question, name), None)

    def unlocked(self, before: datetime) -> Iterator[RecordingState]:
        """Yield what is held of before a moment of portal time and not noted as locked."""
        condition = "held AND at < ? AND audio NOT IN (SELECT path FROM locked)"
        question = f"{SELECT} WHERE {condition} ORDER BY at, id"
        yield from self._each(known_of, question, before.isoformat())

    def note_locked(self, keys: Collection[str]) -> None:
        """Note that what lies under these keys is locked; a catalog made anew knows it no more."""
        if not keys:
            return
        paths = ((key,) for key in keys)
        with self._place(), suppress(Damaged), self._file.exclusively(), self._file.change() as db:
            db.executemany("INSERT OR IGNORE INTO locked VALUES (?)", paths)

    def is_locked(self, key: str) -> bool:
        """Whether what lies under a key is noted as locked."""
        return any(self._rows("SELECT 1 FROM locked WHERE path = ?", key))

    def is_entered(self, key: str) -> bool:
        """Whether any manifest names this file, be it superseded since."""
        return any(self._rows("SELECT 1 FROM entered WHERE path = ?", key))

    def same_audio(
        self, sha256: str, other_than: str, near: datetime | None, *, held: bool
    ) -> tuple[int, tuple[Found, ...]]:
        """Return how many other recordings have audio of that SHA-256, and the nearest few."""
        rows = [*self._rows(*search.same_audio(sha256, other_than, near, held=held))]
        count = int(str(rows[0][-1])) if rows else 0
        return count, tuple(search.found_of(row[:-1]) for row in rows)

    def shared_objects(self, objects: Iterable[str | None]) -> frozenset[str]:
        """Return which objects more than one recording has, so that they tell none of them."""
        names = {name for name in objects if name is not None}
        rows = self._rows(*search.shared_objects(names)) if names else ()
        return frozenset(str(name) for (name,) in rows)

    def may_be_shared(self, sha256: str) -> bool:
        """Whether a person has accepted that several recordings have audio of that SHA-256."""
        with self._reading():
            return sharing.is_accepted(self._db, sha256)

    def note_rows(self, rows: Iterable[Row]) -> None:
        """Note what is listed of recordings whose sidecar tells nothing, or isn't there yet."""
        noted = [*rows]
        if not noted:
            return
        with self._place(), suppress(Damaged), self._file.exclusively(), self._file.change() as db:
            listed.note(db, noted)

    def open_findings(self) -> OpenFindings:
        """Return what waits for a person, with the oldest few as a sample."""
        question = "SELECT kind, count(*) FROM recordings WHERE open GROUP BY kind ORDER BY kind"
        counts = self._each(lambda row: (str(row[0]), int(str(row[1]))), question)
        sample = f"{SELECT} WHERE open ORDER BY at, id LIMIT {SAMPLE}"
        return OpenFindings(dict(counts), tuple(self._each(known_of, sample)))

    def findings(self, kind: str | None, day: date | None) -> tuple[RecordingState, ...]:
        """Return what waits for a person, by id: of one kind, of one portal day."""
        conditions = "open AND (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR day = ?2)"
        question = f"{SELECT} WHERE {conditions} ORDER BY id"
        return tuple(self._each(known_of, question, kind, day and day_text(day)))

    def held_on(self, day: date | None) -> tuple[int, str]:
        """Return how many recordings of a portal day are held, and the SHA-256 of their ids.

        The hash is that of :func:`archiver.manifest.state.ids_digest`. ``None`` asks for undated.
        """
        count, digest = 0, sha256()
        question = "SELECT id FROM recordings WHERE day = ? AND held ORDER BY id"
        for id_ in self._each(lambda row: id_text(row[0]), question, day_text(day)):
            count += 1
            digest.update(id_bytes(id_) + b"\n")
        return count, digest.hexdigest()

    def find(
        self,
        numbers: Collection[str] = (),
        agents: Collection[str] = (),
        first: datetime | None = None,
        last: datetime | None = None,
    ) -> Iterator[Found]:
        """Yield what is known, held or not, and matches all that is given, oldest first.

        One of ``numbers``, in any usual form; one of ``agents``, as any part of the name; ``first``
        and ``last`` are portal time, inclusive. What has no time may lie in any, so it comes too.
        """
        yield from self._each(search.found_of, *search.matching(numbers, agents, first, last))

    def beginning_with(self, beginning: str) -> tuple[RecordingId, ...]:
        """Return the ids of which that is the beginning."""
        question = "SELECT id FROM recordings WHERE id >= ? AND id < ? ORDER BY id"
        first = id_bytes(beginning)
        return tuple(self._each(lambda row: id_text(row[0]), question, first, first + b"\xff"))

    def untold(self, first: datetime | None, last: datetime | None) -> Iterator[Found]:
        """Yield what may match any number and agent: no sidecar tells its own."""
        yield from self._each(search.found_of, *search.untold(first, last))

    def stored_in(self, window: Window) -> Iterator[Found]:
        """Yield what there is audio of in a window of portal time, held or not, oldest first.

        What has no time may lie in any window, so it comes too, first of all.
        """
        yield from self._each(search.found_of, *search.stored_in(window))

    def listed_in(self, window: Window) -> Iterator[Found]:
        """Yield what the recordings' report has listed in a window, with audio or without.

        What has no time may lie in any window. What has no sidecar has the numbers of its row, as
        far as that was noted.
        """
        yield from self._each(search.found_of, *search.listed_in(window))

    def _rows(self, question: str, *values: object) -> Iterator[tuple[object, ...]]:
        return self._each(tuple, question, *values)

    def _each(
        self, read: Callable[[tuple[object, ...]], T], question: str, *values: object
    ) -> Iterator[T]:
        """Yield what each row of the answer is read as."""
        with self._place():
            for row in self._db.execute(question, values):
                with as_written():
                    one = read(row)
                yield one

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Say in words what goes wrong. What is found to be damaged is not opened again."""
        try:
            yield
        except (OSError, sqlite3.Error, Damaged) as error:
            raise self._damage() if is_damage(error) else self._refusal(error) from error

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Say so as well where what was read makes no sense."""
        with self._place(), as_written():
            yield

    def _refusal(self, error: Exception) -> DestinationError:
        if _is_locked(error):
            return DestinationError(
                f"The catalog in {self._folder} stayed locked for a minute.",
                advice="Run it again when no other archiver works on it; archiver doctor tells "
                "whether its file system grants locks at all.",
            )
        return DestinationError(
            f"The catalog in {self._folder} cannot be used: {error}.",
            advice="Check its disk. The catalog may be deleted: it is made again from the archive.",
        )

    def _damage(self) -> DestinationError:
        with suppress(OSError):
            self._file.distrust()
        return DestinationError(
            f"The catalog in {self._folder} was damaged while it was in use.",
            advice="Run it again: the catalog is made anew from the archive.",
        )

    def _follow_on(self, journal: Journal, tell: Tell) -> bool:
        """Take in a round of manifests; return whether there may be more."""
        with self._file.exclusively(or_anew=True):
            try:
                return self._catch_up(journal, tell)
            except (Damaged, sqlite3.DatabaseError) as error:
                if not is_damage(error):
                    raise
            self._file.begin_anew(DAMAGED)
            return self._catch_up(journal, tell)

    def _catch_up(self, journal: Journal, tell: Tell) -> bool:
        taken = 0
        for head, manifest in journal.manifests(after=self._standing(journal)):
            self._take_in(head, manifest, tell, journal.calls)
            taken += len(manifest.recordings) + sum(each.rows for each in manifest.calls)
            if taken >= A_ROUND:
                return True
        return False

    def _standing(self, journal: Journal) -> int:
        """Return the number up to which the chain is taken in, after beginning anew if it isn't."""
        row = self._db.execute("SELECT archive, number, sha256 FROM followed").fetchone()
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

    def _take_in(self, head: Head, manifest: Manifest, tell: Tell, read_calls: ReadCalls) -> None:
        """Add one manifest, all of it or nothing."""
        told = self._told(manifest, tell)
        # What a repair put back was taken in when it was new, and newer rows of its calls since.
        files = [each.file for each in manifest.calls if manifest.kind is not ManifestKind.REPAIR]
        calls = [row for file in files for row in read_calls(file) or ()]
        with self._file.change() as database:
            enter(database, head, manifest, told, calls)

    def _told(self, manifest: Manifest, tell: Tell) -> dict[ArchivedFile, SearchFields]:
        """Return what each sidecar tells that a manifest names."""
        files = [entry.sidecar for entry in manifest.recordings if entry.sidecar]
        told = self._readers.map(tell, files)
        return dict(zip(files, told, strict=True))


def _day_and_id(row: tuple[object, ...]) -> tuple[date, RecordingId]:
    day, stored = row
    return date.fromisoformat(str(day)), id_text(stored)


def _day_and_count(row: tuple[object, ...]) -> tuple[date, int]:
    day, count = row
    return date.fromisoformat(str(day)), int(str(count))


def _is_locked(error: Exception) -> bool:
    """Whether SQLite, or whoever holds the seal, waited for a lock in vain."""
    if isinstance(error, TimeoutError):
        return True
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
