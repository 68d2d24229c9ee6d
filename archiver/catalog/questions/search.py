"""Where is the call with that number, and which recordings share audio or an object."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from archiver.catalog.questions import search_sql
from archiver.catalog.questions.asker import Questions
from archiver.catalog.questions.search_sql import Found
from archiver.domain.recordings import RecordingId, id_bytes, id_text
from archiver.domain.times.window import Window
from archiver.filters.filters import NumberPattern


class CatalogSearch(Questions):
    """Questions by number, agent and time."""

    def find(
        self,
        numbers: Sequence[NumberPattern] = (),
        agents: Sequence[str] = (),
        first: datetime | None = None,
        last: datetime | None = None,
    ) -> Iterator[Found]:
        """Yield what is known, held or not, and matches all that is given, oldest first.

        One of ``numbers``, one of ``agents``, as any part of the name; ``first``
        and ``last`` are portal time, inclusive. What has no time may lie in any, so it comes too.
        """
        question = search_sql.matching(numbers, agents, first, last)
        yield from self._asker.each(search_sql.found_of, *question)

    def beginning_with(self, beginning: str) -> tuple[RecordingId, ...]:
        """Return the ids of which that is the beginning."""
        question = "SELECT id FROM recordings WHERE id >= ? AND id < ? ORDER BY id"
        first = id_bytes(beginning)
        ids = self._asker.each(lambda row: id_text(row[0]), question, first, first + b"\xff")
        return tuple(ids)

    def listed_in(self, window: Window) -> Iterator[Found]:
        """Yield what the recordings' report has listed in a window, with audio or without.

        What has no time may lie in any window. What has no sidecar has the numbers of its row, as
        far as that was noted.
        """
        yield from self._asker.each(search_sql.found_of, *search_sql.listed_in(window))

    def known_in(self, window: Window) -> Iterator[Found]:
        """Yield all that is known in a window: what is held, and what has no audio, of any report.

        What has no time may lie in any window, so it comes too.
        """
        yield from self._asker.each(search_sql.found_of, *search_sql.known_in(window))

    def of(self, recordings: Iterable[RecordingId]) -> Iterator[Found]:
        """Yield what is known of these recordings, but for those that are erased."""
        for id_ in recordings:
            yield from self._asker.each(search_sql.found_of, *search_sql.known_as(id_))

    def same_audio(
        self, sha256: str, other_than: str, near: datetime | None, *, held: bool
    ) -> tuple[int, tuple[Found, ...]]:
        """Return how many other recordings have audio of that SHA-256, and the nearest few."""
        rows = [*self._asker.rows(*search_sql.same_audio(sha256, other_than, near, held=held))]
        count = int(str(rows[0][-1])) if rows else 0
        return count, tuple(search_sql.found_of(row[:-1]) for row in rows)

    def shared_objects(self, objects: Iterable[str | None]) -> frozenset[str]:
        """Return which objects more than one recording has, so that they tell none of them."""
        names = {name for name in objects if name is not None}
        rows = self._asker.rows(*search_sql.shared_objects(names)) if names else ()
        return frozenset(str(name) for (name,) in rows)
