"""Which recordings pass filters, and which may: nothing tells what was asked of them."""

from collections.abc import Callable, Iterator, Sequence

from archiver.catalog.questions.asker import Asker, Questions
from archiver.catalog.questions.filtering.filter_sql import (
    NUMBERS,
    NUMBERS_EVER_TOLD,
    Question,
    may_pass,
    passing,
)
from archiver.catalog.questions.filtering.found_rows import FOUND, FoundRow, found_row
from archiver.catalog.sql import select
from archiver.domain.recordings import RecordingId, id_bytes, id_text
from archiver.domain.row.identity import aliases, goes_by
from archiver.filters.filters import Filters
from archiver.filters.short_ids import begins, is_long_enough, see_one, spellings

Ask = Callable[[Filters, Sequence[str], Sequence[str]], Question | None]
ROWS_AT_A_TIME = 500
_BETWEEN = "SELECT id FROM recordings WHERE id > ? AND id < ? ORDER BY id"
_GOING_BY = "SELECT id FROM recordings WHERE id = ? OR id >= ? AND id < ? ORDER BY id"
_OLDEST_FIRST = "ORDER BY +recordings.at, recordings.id"
"""Sorted once it is found: no index by time shall be taken for the sake of the order."""


class FilteredRecordings(Questions):
    """Questions by filters.

    Which rows it is are known when the question was asked, and no lock is held while they are
    yielded: however long whoever asks takes over each, a run can enter what it has. Each tells of
    the head that it was read under. ``numbers`` are the tables that tell who talked.
    """

    def __init__(self, asker: Asker, numbers: Sequence[str] = NUMBERS) -> None:
        super().__init__(asker)
        self._numbers = numbers

    def ever_told(self) -> "FilteredRecordings":
        """Return the same questions, by each number that was ever told of a recording."""
        return FilteredRecordings(self._asker, NUMBERS_EVER_TOLD)

    def matching(self, filters: Filters) -> Iterator[FoundRow]:
        """Yield what passes all filters, held or not, oldest first; what has no time before all.

        Raises :class:`UsageError` for the beginning of several ids.
        """
        return self._each(self._asked(passing, filters))

    def count(self, filters: Filters) -> int:
        """Return how many recordings pass all filters."""
        return self._count(self._asked(passing, filters))

    def untold(self, filters: Filters) -> Iterator[FoundRow]:
        """Yield what fails no filter and may pass: of something that is asked, nothing tells.

        No sidecar tells its numbers in a form that is known, it has no time, or its call is not
        known.
        """
        return self._each(self._asked(may_pass, filters))

    def count_untold(self, filters: Filters) -> int:
        """Return how many there are of these."""
        return self._count(self._asked(may_pass, filters))

    def fitting(self, filters: Filters) -> frozenset[RecordingId]:
        """Return the ids of all that passes the filters, or may, and is not erased."""
        questions = (self._asked(ask, filters) for ask in (passing, may_pass))
        return frozenset(id_ for each in questions for id_ in fitting_ids(self._asker, each))

    def ids(self, filters: Filters) -> tuple[RecordingId, ...]:
        """Return the ids that are meant, made whole, as far as the archive knows them.

        Of an id that the portal gives to several recordings, each of them is meant.
        """
        found = {id_: None for text in filters.ids for id_ in self.meant(text)}
        return tuple(found)

    def unknown_ids(self, filters: Filters) -> tuple[str, ...]:
        """Return those of the ids that are no recording's of the archive."""
        return tuple(text for text in filters.ids if not self.meant(text))

    def meant(self, text: str) -> list[RecordingId]:
        """Return the ids that a text means: with it as their id, in a file's name, or begun by it.

        An id comes with its aliases. Raises :class:`UsageError` for the beginning of several ids.
        """
        own = next(filter(None, map(self._named, spellings(text))), [])
        if own or not is_long_enough(text):
            return own
        small = text.lower()
        after = self._ids(_BETWEEN, small, f"{small}\x7f")
        found = [id_ for id_ in after if begins(text, id_)]
        see_one(text, found)
        return found

    def _named(self, served: str) -> list[RecordingId]:
        """Return the ids of what the portal gave this id."""
        among = self._ids(_GOING_BY, served, *aliases(served))
        return [id_ for id_ in among if goes_by(id_, served)]

    def _ids(self, question: str, *sides: str) -> list[RecordingId]:
        return [*self._asker.each(lambda row: id_text(row[0]), question, *map(id_bytes, sides))]

    def _asked(self, ask: Ask, filters: Filters) -> Question | None:
        """Return the question that filters are; none where nothing can be found by it."""
        ids = self.ids(filters)
        return ask(filters, ids, self._numbers) if ids or not filters.ids else None

    def _each(self, question: Question | None) -> Iterator[FoundRow]:
        if question is None:
            return iter(())
        where, *values = question
        numbers = _of_recordings("rowid", f"{where} {_OLDEST_FIRST}")
        return self._read([row[0] for row in self._asker.rows(numbers, *values)])

    def _read(self, rows: Sequence[object]) -> Iterator[FoundRow]:
        for start in range(0, len(rows), ROWS_AT_A_TIME):
            some = rows[start : start + ROWS_AT_A_TIME]
            marks = ",".join("?" * len(some))
            these = f"{FOUND} WHERE recordings.rowid IN ({marks}) {_OLDEST_FIRST}"
            with self._asker.reading() as database:
                found = [found_row(row) for row in database.execute(these, some)]
            yield from found

    def _count(self, question: Question | None) -> int:
        if question is None:
            return 0
        where, *values = question
        (row,) = self._asker.rows(_of_recordings("count(*)", where), *values)
        return int(str(row[0]))


def fitting_ids(asker: Asker, question: Question | None) -> Iterator[RecordingId]:
    """Yield the ids of what a question finds and that is not erased."""
    if question is None:
        return iter(())
    where, *values = question
    among = _of_recordings("rowid", where)
    asked = _of_recordings("id", f"WHERE outcome <> 'erased' AND rowid IN ({among})")
    return asker.each(lambda row: id_text(row[0]), asked, *values)


def _of_recordings(wanted: str, where: str) -> str:
    """Return a question for something of recordings; ``where`` holds marks for all values."""
    return select(wanted, f"recordings {where}")
