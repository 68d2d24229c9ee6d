"""What filters of standing holds match of recordings of which a manifest may tell something else.

It is noted before the manifest is entered: what a hold matched once it binds, whatever number,
agent or time the portal tells of it later. What has no sidecar is noted at once, by what is known
of it: the next row may come with one that tells something else.
"""

import sqlite3
from collections.abc import Collection, Mapping
from contextlib import suppress

from msgspec import Struct

from archiver.catalog.questions.days.known_runs import KnownRuns
from archiver.catalog.questions.filtering.fitting_among import FittingAmong
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
StandingFilters = Mapping[int, Filters | None]
"""What standing holds go by, by their numbers; ``None`` where it can't be read."""


class StandingMatches(Struct, frozen=True):
    """Asks a catalog, before a manifest is entered and after it."""

    holds: KnownHolds
    recordings: RecordingStates
    fitting: FittingAmong
    runs: KnownRuns

    def filters(self, documents: Documents) -> StandingFilters:
        """Return what the standing holds in force go by."""
        standing = self.holds.standing()
        return {hold: filters_in(documents, file) for hold, file in standing.items()}

    def before(self, manifest: Manifest, standing: StandingFilters) -> Matches:
        """Return what matches by rows that were told before.

        Doubt binds: all that rows were told of, where a filter can't be read. That a call is not
        known is a doubt where none is archived: else it passes.
        """
        told = self._named(manifest, standing, told=True)
        return {hold: self._fitting(filters, told) for hold, filters in standing.items()}

    def after(self, manifest: Manifest, standing: StandingFilters) -> Matches:
        """Return what matches without a sidecar, by its time and the row that was listed last.

        That nothing tells the rest of it is no doubt here: it would bind for ever.
        """
        untold = self._named(manifest, standing, told=False)
        return {
            hold: self._passing(filters, untold) for hold, filters in standing.items() if filters
        }

    def _named(
        self, manifest: Manifest, standing: StandingFilters, *, told: bool
    ) -> list[RecordingId]:
        """Return what a manifest names, told by sidecars or not, as far as it is known."""
        named = [entry.id for entry in entries_of(manifest)] if standing else []
        known = self.recordings.many(named)
        return [id_ for id_, each in known.items() if (each.sidecar is not None) is told]

    def _fitting(
        self, filters: Filters | None, told: Collection[RecordingId]
    ) -> frozenset[RecordingId]:
        with suppress(UsageError):  # an id in it is the beginning of several by now
            if filters is not None:
                awaits = self.runs.awaits_calls()
                return self.fitting.told(filters, told, awaits_calls=awaits)
        return frozenset(told)

    def _passing(self, filters: Filters, untold: Collection[RecordingId]) -> frozenset[RecordingId]:
        with suppress(UsageError):  # the same
            return self.fitting.listed(filters, untold)
        return frozenset()


def note(database: sqlite3.Connection, matches: Matches) -> None:
    """Note what matches, for as long as the catalog follows this chain."""
    pairs = ((hold, id_bytes(each)) for hold, ids in matches.items() for each in ids)
    database.executemany("INSERT OR IGNORE INTO once_matched VALUES (?, ?)", pairs)
