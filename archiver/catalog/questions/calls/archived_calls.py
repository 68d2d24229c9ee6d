"""What the archive knows of calls: the files that have their rows, and what each told last."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache, partial

from archiver.catalog.numbers import fits
from archiver.catalog.questions.asker import Questions
from archiver.catalog.questions.recording_states import file_of
from archiver.catalog.recording_rows import among, day_text
from archiver.domain.layout import day_folder
from archiver.domain.recordings import RecordingId, id_bytes, id_text
from archiver.domain.times.window import Window
from archiver.filters.filters import NumberPattern
from archiver.filters.short_ids import begins, is_long_enough
from archiver.manifest.records.files import ArchivedFile

Row = tuple[object, ...]
Told = tuple[RecordingId, str]
"""A call's id as served, and the fingerprint of what its row told last."""
EndAndTalkers = tuple[str, str]
"""When a row's call ended, if it tells that, and the hash of who talked."""
_TOLD_BY = "SELECT id, at, talkers FROM calls WHERE"
_KEPT = 8_192
"""Of so many pairs of numbers it stays known whether they fit."""
_UNREAD = (
    "SELECT path, bytes, sha256, version FROM call_files JOIN unread USING (path) ORDER BY path"
)
_OF_DAY = "SELECT id, told FROM last_calls WHERE at >= ?1 AND at < ?1 || 'U'"
_UNDATED = "SELECT id, told FROM last_calls WHERE at = ''"
_BETWEEN = "SELECT DISTINCT id FROM calls WHERE id > ? AND id < ? ORDER BY id"
_HELD = """SELECT 1 FROM recordings WHERE held AND (id = ?1 OR call_id = ?2
    OR told_object = ?3 AND (SELECT count(*) FROM recordings WHERE told_object = ?3) = 1)"""
"""An object that several recordings have tells none of them."""


class ArchivedCallRows(Questions):
    """Questions about the call log as it is archived."""

    def files_of(self, day: date | None) -> tuple[ArchivedFile, ...]:
        """Return the files of calls that ended on a day, or at no time that is told."""
        folder = f"calls/{day_folder(day)}/"
        question = "SELECT path, bytes, sha256, version FROM call_files"
        question += " WHERE path > ?1 AND path < ?1 || '~' ORDER BY path"
        return tuple(self._asker.each(file_of, question, folder))

    def unread(self) -> Iterator[ArchivedFile]:
        """Yield the files whose rows could not be read so far."""
        yield from self._asker.each(file_of, _UNREAD)

    def is_unread(self, path: str) -> bool:
        """Whether a file could not be read so far."""
        return any(self._asker.rows("SELECT 1 FROM unread WHERE path = ?", path))

    def told_on(self, day: date | None) -> frozenset[Told]:
        """Return the calls that ended on a day, by what they told last.

        A call whose end was told anew is of the day of that.
        """
        question = (_UNDATED,) if day is None else (_OF_DAY, day_text(day))
        return frozenset(self._asker.each(_told, *question))

    def begun_by(self, text: str) -> list[RecordingId]:
        """Return the ids of the calls whose ids begin with a text, if it may be taken for that."""
        if not is_long_enough(text):
            return []
        small = text.lower()
        sides = id_bytes(small), id_bytes(f"{small}\x7f")
        after = self._asker.each(lambda row: id_text(row[0]), _BETWEEN, *sides)
        return [id_ for id_ in after if begins(text, id_)]

    def days_of(self, served: str) -> Iterator[date | None]:
        """Yield the days on which a call ended, as its rows told."""
        question = "SELECT DISTINCT substr(at, 1, 10) FROM calls WHERE id = ?"
        yield from self._asker.each(_day, question, id_bytes(served))

    def last_day_of(self, served: str) -> date | None:
        """Return the day on which a call ended, as its row told last; ``None`` if none is told."""
        question = (
            "SELECT substr(at, 1, 10) FROM calls WHERE id = ? ORDER BY manifest DESC, at DESC"
        )
        return next(self._asker.each(_day, question, id_bytes(served)), None)

    def of_several(self, ids: Iterable[RecordingId]) -> frozenset[RecordingId]:
        """Return those of these ids that the portal has given to several calls.

        Rows of one id are of one call where they tell the same people, or the same end.
        """
        told: defaultdict[RecordingId, set[EndAndTalkers]] = defaultdict(set)
        with self._asker.reading() as database:
            for stored, end, talkers in among(database, _TOLD_BY, ids):
                told[id_text(stored)].add((str(end), str(talkers)))
        return frozenset(id_ for id_, rows in told.items() if _are_several(rows))

    def with_numbers(
        self, patterns: Sequence[NumberPattern], window: Window | None
    ) -> Iterator[tuple[RecordingId, date | None]]:
        """Yield the calls of which a row has one of these numbers, with the day of its end.

        Former rows count as well. A row without a time may lie in any window.
        """
        fitting = lru_cache(_KEPT)(partial(_has_number, patterns))
        for stored, at, numbers in self._asker.rows("SELECT id, at, numbers FROM calls"):
            end = datetime.fromisoformat(str(at)) if at else None
            is_within = window is None or end is None or end in window
            if is_within and fitting(str(numbers)):
                yield id_text(stored), end.date() if end else None

    def has_recording(self, call: RecordingId, object_name: str | None) -> bool:
        """Whether audio of a call is held under its own id, or by what a recording names."""
        values = id_bytes(call), call.removeprefix("call-"), object_name
        return any(self._asker.rows(_HELD, *values))


def _are_several(rows: Iterable[EndAndTalkers]) -> bool:
    first, *left = rows
    of_one = [first]
    for end, talkers in of_one:  # it grows as it is gone through
        same = [each for each in left if each[1] == talkers or (end and each[0] == end)]
        of_one += same
        left = [each for each in left if each not in same]
    return bool(left)


def _has_number(patterns: Sequence[NumberPattern], numbers: str) -> bool:
    return any(fits(each, served) for served in json.loads(numbers) for each in patterns)


def _told(row: Row) -> Told:
    return id_text(row[0]), str(row[1])


def _day(row: Row) -> date | None:
    return date.fromisoformat(str(row[0])) if row[0] else None
