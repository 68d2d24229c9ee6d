"""What filters of standing holds match of recordings of which a manifest may tell something else.

It is noted before the manifest is entered: what a hold matched once it binds, whatever number,
agent or time the portal tells of it later.
"""

import sqlite3
from collections.abc import Collection, Mapping
from contextlib import suppress

from msgspec import Struct

from archiver.catalog.questions.filtering.filtered import FilteredRecordings
from archiver.catalog.questions.known_holds import KnownHolds
from archiver.catalog.questions.recording_states import RecordingStates
from archiver.domain.recordings import RecordingId, id_bytes
from archiver.errors import UsageError
from archiver.filters.filters import Filters
from archiver.filters.hold_filter import filters_in
from archiver.manifest.documents import Documents
from archiver.manifest.model import Manifest
from archiver.manifest.state import entries_of

Matches = Mapping[int, frozenset[RecordingId]]
"""Recordings by the number of the hold whose filter they match, or may."""


class StandingMatches(Struct, frozen=True):
    """Asks a catalog, as it is before a manifest is entered."""

    holds: KnownHolds
    recordings: RecordingStates
    filtered: FilteredRecordings

    def of(self, manifest: Manifest, documents: Documents) -> Matches:
        """Return what matches by rows that were told before.

        Doubt binds: all that rows were told of, where a filter can't be read.
        """
        standing = self.holds.standing()
        named = [entry.id for entry in entries_of(manifest)] if standing else []
        told = [id_ for id_, each in self.recordings.many(named).items() if each.sidecar]
        return {
            hold: self._fitting(filters_in(documents, file), told)
            for hold, file in standing.items()
        }

    def _fitting(
        self, filters: Filters | None, told: Collection[RecordingId]
    ) -> frozenset[RecordingId]:
        with suppress(UsageError):  # an id in it is the beginning of several by now
            if filters is not None:
                return self.filtered.fitting_among(filters, told)
        return frozenset(told)


def note(database: sqlite3.Connection, matches: Matches) -> None:
    """Note what matches, for as long as the catalog follows this chain."""
    pairs = ((hold, id_bytes(each)) for hold, ids in matches.items() for each in ids)
    database.executemany("INSERT OR IGNORE INTO once_matched VALUES (?, ?)", pairs)
