"""Where recordings stand: what is held, what waits, what is locked, what the portal said."""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from archiver.catalog.questions.asker import Questions
from archiver.catalog.recording_rows import (
    COLUMNS,
    SELECT,
    among,
    day_and_id,
    known_among,
    known_of,
    sides,
)
from archiver.catalog.sql import select
from archiver.domain.recordings import RecordingId, Report, id_text
from archiver.domain.row.fingerprint import Fingerprint
from archiver.domain.times.portal_offsets import FAR, SPREAD, Nearest, nearest
from archiver.domain.times.portal_zone import own_offset
from archiver.domain.times.window import Window
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.state import RecordingState

WAITS = "tries > 0 AND NOT (held OR open OR accepted)"
"""Whether audio is waited for, and no person is told of it."""
TRIED = "coalesce(tried_at, '0001-01-01T00:00:00+00:00')"
"""When that was tried last. Of what is to be fetched again after an erasure, it never was."""

_TOLD = "SELECT id, told_row, told_object FROM recordings WHERE told_row NOT NULL"
_VERIFIED = (
    "held AND +outcome = 'archived' AND verdict = 'verified' AND concerns = '[]' AND +at NOT NULL"
)
"""What is good; each plus keeps SQLite from reading all that is, to find a few by their ids."""
_HAS_MOMENT = "source = 'recordings' AND length(id) = 36 AND substr(id, 15, 1) = x'31'"
"""What may tell the portal's clock: a call is dated by its end, while its id holds its start."""
_UNREAD_AT_ONCE = 500
"""So many are tried again: in an archive that has lost a folder it may be all of them."""
_UNREAD = select(
    ", ".join(f"recordings.{name}" for name in COLUMNS),
    "unread JOIN recordings ON id = recording WHERE path IN (sidecar, refusal)"
    f" ORDER BY random() LIMIT {_UNREAD_AT_ONCE}",
)
"""Picks any of them: what stays unread is not always in the way of the others."""


class RecordingStates(Questions):
    """Questions about recordings that a manifest names."""

    def get(self, recording: str) -> RecordingState | None:
        """Return where a recording stands, ``None`` when no manifest names it."""
        return self.many([recording]).get(RecordingId(recording))

    def many(self, recordings: Iterable[str]) -> dict[RecordingId, RecordingState]:
        """Return where each of these stands; those that no manifest names are left out."""
        with self._asker.reading() as database:
            return known_among(database, recordings)

    def fingerprints(self, recordings: Iterable[str]) -> dict[RecordingId, Fingerprint]:
        """Return what the portal said of these last, where their newest sidecars were read."""
        with self._asker.reading() as database:
            return _fingerprints(among(database, f"{_TOLD} AND", recordings))

    def told_of_verified(self, recordings: Iterable[str]) -> dict[RecordingId, Fingerprint]:
        """Return the same of those that are held, verified, dated, and without a concern."""
        with self._asker.reading() as database:
            return _fingerprints(among(database, f"{_TOLD} AND {_VERIFIED} AND", recordings))

    def noted_objects(self, recordings: Iterable[str]) -> dict[RecordingId, str | None]:
        """Return the objects that the rows of these named, of those that no sidecar tells of."""
        with self._asker.reading() as database:
            rows = among(database, "SELECT id, object FROM listed WHERE", recordings)
            return {id_text(stored): None if name is None else str(name) for stored, name in rows}

    def proofs(self, recordings: Iterable[str]) -> dict[RecordingId, int]:
        """Return the numbers of manifests that say that these are archived, of those held."""
        with self._asker.reading() as database:
            rows = among(database, "SELECT id, proof FROM recordings WHERE held AND", recordings)
            return {id_text(stored): int(str(number)) for stored, number in rows}

    def held_in(self, window: Window) -> Iterator[tuple[date, RecordingId]]:
        """Yield the day and the id of what is held in a window of portal time, by day and id.

        What came from the call log is left out: no recording of it was listed in the first place.
        """
        question = "SELECT day, id FROM recordings WHERE held AND source = 'recordings'"
        question += " AND at BETWEEN ? AND ? ORDER BY 1, 2"
        yield from self._asker.each(day_and_id, question, *sides(window))

    def offsets_around(self, moment: datetime) -> Nearest:
        """Return which offsets the ids and times show of what lies next to a moment of UTC."""
        near = Window(moment, moment).grown(FAR + SPREAD)
        within = Window(moment, moment).grown(SPREAD)
        question = select("at, id", f"recordings WHERE {_HAS_MOMENT} AND at BETWEEN ? AND ?")
        question += " ORDER BY at"
        before = self._asker.each(
            _time, f"{question} DESC", *sides(Window(near.first, within.last))
        )
        after = self._asker.each(_time, question, *sides(Window(within.first, near.last)))
        return nearest(before, after, moment)

    def has_dated(self, window: Window) -> bool:
        """Whether anything is dated in a window of portal time, whatever became of it."""
        question = "SELECT 1 FROM recordings WHERE at BETWEEN ? AND ? LIMIT 1"
        return any(self._asker.rows(question, *sides(window)))

    def has_mute(self, window: Window) -> bool:
        """Whether anything is dated there whose id does not tell what the portal's clock showed."""
        telling = f"CASE WHEN {_HAS_MOMENT} THEN id ELSE x'' END"
        question = select(f"at, {telling}", "recordings WHERE at BETWEEN ? AND ?")
        rows = self._asker.each(_time, question, *sides(window))
        return any(own_offset(at, id_) is None for at, id_ in rows)

    def count_in(self, window: Window) -> int:
        """Return of how many rows of the recordings' report in a window nothing more is waited for.

        What waits for its audio is left out, unless a person is told of it, or has accepted it.
        """
        question = "SELECT count(*) FROM recordings WHERE source = 'recordings'"
        question += f" AND NOT ({WAITS}) AND at BETWEEN ? AND ?"
        (row,) = self._asker.rows(question, *sides(window))
        return int(str(row[0]))

    def waiting_in(self, window: Window, report: Report) -> Iterator[RecordingState]:
        """Yield what waits for its audio in a window of portal time, of one report."""
        condition = "tries > 0 AND NOT held AND source = ? AND at BETWEEN ? AND ?"
        question = f"{SELECT} WHERE {condition} ORDER BY at, id"
        yield from self._asker.each(known_of, question, report, *sides(window))

    def waiting_undated(self) -> Iterator[RecordingState]:
        """Yield what waits for its audio and has no date, of the recordings' report."""
        condition = "tries > 0 AND NOT held AND source = 'recordings' AND at IS NULL"
        yield from self._asker.each(known_of, f"{SELECT} WHERE {condition} ORDER BY id")

    def unlocked(self, before: datetime) -> Iterator[RecordingState]:
        """Yield what is held and not noted as locked: undated, or of before that portal time."""
        noted = "(SELECT path FROM locked)"
        condition = f"held AND (at IS NULL OR at < ?) AND audio NOT IN {noted}"
        question = f"{SELECT} WHERE {condition} ORDER BY at, id"
        yield from self._asker.each(known_of, question, before.isoformat())

    def unlocked_calls(self) -> Iterator[ArchivedFile]:
        """Yield the files of calls that are not noted as locked, by day."""
        question = "SELECT path, bytes, sha256, version FROM call_files"
        question += " WHERE path NOT IN (SELECT path FROM locked) ORDER BY path"
        yield from self._asker.each(file_of, question)

    def is_locked(self, key: str) -> bool:
        """Whether what lies under a key is noted as locked."""
        return any(self._asker.rows("SELECT 1 FROM locked WHERE path = ?", key))

    def not_locked(self, keys: Iterable[str]) -> frozenset[str]:
        """Return those of these keys that are not noted as locked."""
        asked = [*keys]
        question = "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT path FROM locked)"
        return frozenset(str(key) for (key,) in self._asker.rows(question, json.dumps(asked)))

    def entered(self, keys: Iterable[str]) -> frozenset[str]:
        """Return those of these files that a manifest names, be they superseded since."""
        asked = [*keys]
        if not asked:
            return frozenset()
        question = "SELECT path FROM entered WHERE path IN (SELECT value FROM json_each(?))"
        found = self._asker.rows(question, json.dumps(asked))
        return frozenset(str(path) for (path,) in found)

    def unread(self) -> Iterator[RecordingState]:
        """Yield recordings with a sidecar that could not be read, some of them where many have."""
        yield from self._asker.each(known_of, _UNREAD)

    def may_be_shared(self, sha256: str) -> bool:
        """Whether a person has accepted that several recordings have audio of that SHA-256."""
        return any(self._asker.rows("SELECT 1 FROM shared_audio WHERE sha256 = ?", sha256))


def _time(row: tuple[object, ...]) -> tuple[datetime, str]:
    at, stored = row
    return datetime.fromisoformat(str(at)), id_text(stored)


def _fingerprints(rows: Iterable[tuple[object, ...]]) -> dict[RecordingId, Fingerprint]:
    return {
        id_text(stored): Fingerprint(str(row), None if name is None else str(name))
        for stored, row, name in rows
    }


def file_of(row: tuple[object, ...]) -> ArchivedFile:
    """Return the file that a row of path, size, SHA-256 and version names."""
    path, size, sha256, version = row
    named = None if version is None else str(version)
    return ArchivedFile(str(path), int(str(size)), str(sha256), named)
