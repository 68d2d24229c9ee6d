"""What was erased: recordings whose erasure is not at its end, calls, and the hashes of audio."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from archiver.catalog.questions.asker import Questions
from archiver.catalog.recording_rows import among, day_text
from archiver.domain.recordings import RecordingId, id_text

_AUDIO = """SELECT sha256, id, recordings.at FROM erased_audio JOIN recordings USING (id)
    WHERE NOT EXISTS (SELECT 1 FROM recordings AS left
        WHERE left.audio_sha256 = erased_audio.sha256)
    AND sha256 NOT IN (SELECT sha256 FROM shared_audio) ORDER BY id"""
_TIMES = "SELECT DISTINCT id, recordings.at FROM erased_audio JOIN recordings USING (id)"

_FOUND_OF = "SELECT call, recording FROM (SELECT call, id AS recording, call AS id FROM call_words)"
_FOUND_OF += " WHERE call NOT NULL AND"
_UNMATCHED = """SELECT id FROM recordings WHERE source = 'recordings'
    AND sidecar IS NULL AND refusal IS NULL AND id NOT IN (SELECT id FROM listed)
    AND EXISTS (SELECT 1 FROM calls WHERE recordings.day = '' OR calls.at = ''
        OR calls.at >= date(recordings.day, '-1 day')
        AND calls.at < date(recordings.day, '+2 days'))
    AND"""
"""Picks what was never stored and not listed to this catalog, with calls that may be near it."""
_OWN_AUDIO = "SELECT id FROM recordings WHERE source = 'calls' AND outcome <> 'erased' AND"
_NAMING = """SELECT call_id, id FROM recordings
    WHERE outcome <> 'erased' AND call_id IN (SELECT value FROM json_each(?))"""


class ErasedRecordings(Questions):
    """Questions about what was taken away."""

    def begun(self) -> tuple[int, ...]:
        """Return the numbers of the manifests that begin erasures which are not at their end."""
        rows = self._asker.rows("SELECT DISTINCT manifest FROM begun_erasures ORDER BY 1")
        return tuple(int(str(number)) for (number,) in rows)

    def begun_recordings(self) -> frozenset[RecordingId]:
        """Return the recordings whose erasure was begun, and is not at its end."""
        return frozenset(
            id_text(row[0]) for row in self._asker.rows("SELECT id FROM begun_erasures")
        )

    def calls_among(self, calls: Iterable[str]) -> frozenset[RecordingId]:
        """Return those of these calls whose rows were erased with a recording."""
        with self._asker.reading() as database:
            rows = among(database, "SELECT id FROM erased_calls WHERE", calls)
            return frozenset(id_text(stored) for (stored,) in rows)

    def days_of_calls(self, calls: Iterable[str]) -> dict[RecordingId, date]:
        """Return the days on which those of these calls ended that were erased, if it is told."""
        with self._asker.reading() as database:
            rows = [*among(database, "SELECT id, day FROM erased_calls WHERE", calls)]
        return {id_text(stored): date.fromisoformat(str(day)) for stored, day in rows if day}

    def calls(self) -> frozenset[RecordingId]:
        """Return all calls whose rows were erased with a recording."""
        rows = self._asker.rows("SELECT id FROM erased_calls")
        return frozenset(id_text(stored) for (stored,) in rows)

    def calls_on(self, day: date) -> dict[RecordingId, RecordingId]:
        """Return the calls that ended on a day and were erased, each with the recording it was of.

        Nothing tells whether the portal ever listed each of them.
        """
        rows = self._asker.rows(
            "SELECT id, recording FROM erased_calls WHERE day = ?", day_text(day)
        )
        return {id_text(call): id_text(recording) for call, recording in rows}

    def audio(self) -> dict[str, dict[RecordingId, datetime | None]]:
        """Return the SHA-256 of files that were erased, and that no recording has that is left.

        Each with the recordings that had it, and with their portal times.
        """
        found: defaultdict[str, dict[RecordingId, datetime | None]] = defaultdict(dict)
        for sha256, id_, at in self._asker.each(_erased_file, _AUDIO):
            found[sha256][id_] = at
        return {**found}

    def times(self) -> dict[RecordingId, datetime | None]:
        """Return the portal times of the recordings that were erased with audio."""
        rows = self._asker.rows(_TIMES)
        return {id_text(stored): _moment(at) for stored, at in rows}

    def linked(self, recordings: Iterable[str]) -> Iterator[tuple[RecordingId, RecordingId]]:
        """Yield these recordings with the calls that they were found to be of."""
        with self._asker.reading() as database:
            question = "SELECT id, call FROM call_words WHERE call NOT NULL AND"
            found = [*among(database, question, recordings)]
        yield from ((id_text(stored), id_text(call)) for stored, call in found)

    def unmatched(self, recordings: Iterable[str]) -> tuple[RecordingId, ...]:
        """Return those of these recordings of which nothing here tells which call is theirs.

        No sidecar has their row, and this catalog has not seen it listed.
        """
        with self._asker.reading() as database:
            rows = [*among(database, _UNMATCHED, recordings)]
        return tuple(sorted(id_text(stored) for (stored,) in rows))

    def sharing(self, calls: Iterable[RecordingId]) -> dict[RecordingId, set[RecordingId]]:
        """Return the recordings that are of each of these calls, and are not erased.

        They were found to be of it, name it, or are its own audio.
        """
        wanted = [*calls]
        by_name = {call.removeprefix("call-"): call for call in wanted}
        of_each: dict[RecordingId, set[RecordingId]] = {call: set() for call in wanted}
        with self._asker.reading() as database:
            for stored, recording in among(database, _FOUND_OF, wanted):
                of_each[id_text(stored)].add(id_text(recording))
            for (stored,) in among(database, _OWN_AUDIO, wanted):
                of_each[id_text(stored)].add(id_text(stored))
            for name, recording in database.execute(_NAMING, (json.dumps([*by_name]),)):
                of_each[by_name[str(name)]].add(id_text(recording))
        return of_each


def _erased_file(row: tuple[object, ...]) -> tuple[str, RecordingId, datetime | None]:
    sha256, stored, at = row
    return str(sha256), id_text(stored), _moment(at)


def _moment(stored: object) -> datetime | None:
    return datetime.fromisoformat(str(stored)) if stored else None
