"""Which of some recordings fit the filters of standing holds, as far as is known of them."""

import json
from collections.abc import Collection

from msgspec.structs import replace

from archiver.catalog.numbers import fits
from archiver.catalog.questions.asker import Asker, Questions
from archiver.catalog.questions.filtering.filter_sql import NUMBERS, may_pass, passing
from archiver.catalog.questions.filtering.filtered import Ask, FilteredRecordings, fitting_ids
from archiver.catalog.recording_rows import among as rows_among
from archiver.domain.recordings import RecordingId, id_text
from archiver.filters.filters import Filters


class FittingAmong(Questions):
    """Questions about recordings that a manifest names."""

    def __init__(self, asker: Asker, filtered: FilteredRecordings) -> None:
        super().__init__(asker)
        self._filtered = filtered

    def told(
        self, filters: Filters, among: Collection[RecordingId], *, awaits_calls: bool
    ) -> frozenset[RecordingId]:
        """Return which of these pass the filters by what is told of them, or may; none is erased.

        What calls tell is taken as it is known by now: that it is not known yet is no doubt here,
        where whoever asks ``awaits_calls``.
        """
        ids = self._meant_among(filters, among)
        fitting = self._fitting_of(filters.of_recordings, ids, passing, may_pass)
        if not filters.asks_of_calls:
            return fitting
        asks = (passing,) if awaits_calls else (passing, may_pass)
        return self._fitting_of(filters.of_calls, tuple(fitting), *asks)

    def listed(self, filters: Filters, among: Collection[RecordingId]) -> frozenset[RecordingId]:
        """Return which of these, of which no sidecar tells, pass by what is known of them.

        Their numbers are those of the row that was listed last, where this catalog has noted it.
        """
        ids = self._meant_among(filters, among)
        if filters.numbers:
            listed = self._listed_numbers(ids)
            ids = tuple(
                id_
                for id_ in ids
                if any(
                    fits(each, served) for each in filters.numbers for served in listed.get(id_, ())
                )
            )
        return self._fitting_of(replace(filters, numbers=()), ids, passing)

    def _meant_among(
        self, filters: Filters, among: Collection[RecordingId]
    ) -> tuple[RecordingId, ...]:
        meant = {*self._filtered.ids(filters)} if filters.ids else {*among}
        return tuple(id_ for id_ in among if id_ in meant)

    def _listed_numbers(self, ids: Collection[RecordingId]) -> dict[RecordingId, list[str]]:
        with self._asker.reading() as database:
            rows = rows_among(database, "SELECT id, numbers FROM listed WHERE", ids)
            return {id_text(stored): json.loads(str(numbers)) for stored, numbers in rows}

    def _fitting_of(
        self, filters: Filters, ids: tuple[RecordingId, ...], *asks: Ask
    ) -> frozenset[RecordingId]:
        """Return which of these, the ids that are meant, fit by any of some questions."""
        narrowed = replace(filters, ids=ids)
        questions = (ask(narrowed, ids, NUMBERS) for ask in asks if ids)
        return frozenset(id_ for each in questions for id_ in fitting_ids(self._asker, each))
