"""What is needed to work out which call a recording is of: the calls as they were archived last."""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from msgspec import Struct

from archiver.catalog.call_words import CallWords
from archiver.catalog.questions.asker import Questions
from archiver.catalog.recording_rows import among, day_text, sides
from archiver.domain.recordings import RecordingId, id_text
from archiver.domain.times.window import DAY, EARLIEST, LATEST, Window

Row = tuple[object, ...]
_LAST = (
    "SELECT id, at, length_ms, numbers, object, status, service, region, notes, unread"
    " FROM last_calls WHERE"
)
_CALLS = f"{_LAST} at BETWEEN ? AND ? ORDER BY at, id"
_DATED = f"{_LAST} at <> '' AND"
_TOLD = "SELECT id, at, length_ms, numbers FROM calls WHERE at = '' OR at BETWEEN ? AND ?"
_UNLINKED = "SELECT day FROM unlinked WHERE day BETWEEN ? AND ? ORDER BY day"


class ArchivedCall(Struct, frozen=True):
    """A row of the call log: when the call ended, who talked, and what is said of it."""

    id: RecordingId
    end: datetime
    length_ms: int
    numbers: tuple[str, ...]
    object: str | None
    words: CallWords


class ToldCall(Struct, frozen=True):
    """Who talked in a call, as one of its rows told, be it a former one."""

    id: RecordingId
    numbers: tuple[str, ...]
    is_dated: bool


class LinkedCalls(Questions):
    """Questions about recordings and their calls."""

    def unlinked(self, first: date, last: date) -> tuple[date, ...]:
        """Return the days of which it is not worked out which recording is of which call."""
        days = self._asker.each(_day, _UNLINKED, day_text(first), day_text(last))
        return tuple(days)

    def ended_in(self, window: Window) -> Iterator[ArchivedCall]:
        """Yield the calls that ended in a window, each as its row was archived last."""
        yield from self._asker.each(_call, _CALLS, *sides(window))

    def last_of(self, calls: Iterable[RecordingId]) -> Iterator[ArchivedCall]:
        """Yield the calls of these ids, each as its row was archived last, if that tells its end.

        There are several of an id that the portal has given to several calls.
        """
        with self._asker.reading() as database:
            rows = [*among(database, _DATED, calls)]
        yield from map(_call, rows)

    def told_in(self, window: Window | None) -> Iterator[ToldCall]:
        """Yield what was told of calls that were under way in a window, or at no time; or of all.

        A call is at most a day long.
        """
        around = Window(EARLIEST, LATEST) if window is None else window
        first, last = sides(Window(around.first, around.grown(DAY).last))
        for stored, end, length_ms, numbers in self._asker.rows(_TOLD, first, last):
            began = _began(str(end), int(str(length_ms or 0))) if end else around.first
            if began <= around.last:
                yield ToldCall(id_text(stored), tuple(json.loads(str(numbers))), bool(end))


def _began(end: str, length_ms: int) -> datetime:
    ended = datetime.fromisoformat(end)
    return ended - min(timedelta(milliseconds=length_ms), ended - EARLIEST)


def _day(row: Row) -> date:
    return date.fromisoformat(str(row[0]))


def _call(row: Row) -> ArchivedCall:
    stored, at, length_ms, numbers, name, *words, unread = row
    status, service, region, notes = (None if each is None else str(each) for each in words)
    return ArchivedCall(
        id_text(stored),
        datetime.fromisoformat(str(at)),
        int(str(length_ms or 0)),
        tuple(json.loads(str(numbers))),
        None if name is None else str(name),
        CallWords(status, service, region, notes, str(unread)),
    )
