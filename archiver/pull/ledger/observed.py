"""What a run has seen of one report: its rows, by the ids that they go by, and its days."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime

from archiver.catalog import Catalog
from archiver.concurrency.stop import NEVER, StopRequested, in_pieces
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.row.fingerprint import Mark
from archiver.domain.times.window import Window
from archiver.manifest.state import RecordingState
from archiver.portal.proving.walk import Listed
from archiver.portal.proving.window_listing import Listing
from archiver.pull.ledger.day_log import Days, EndedWindow
from archiver.pull.ledger.naming import named, undecided
from archiver.pull.ledger.seen_ids import SeenIds
from archiver.pull.ledger.unlisted import Unlisted, unlisted


class ObservedReport:
    """One report of a run, held against what the archive knows of it. Used from one thread."""

    def __init__(self, report: Report, catalog: Catalog) -> None:
        self.report = report
        self._catalog = catalog
        self.seen = SeenIds(report)
        self.days = Days(report, self.seen, self._lost)
        self.has_rows = False
        self._all_believed = True

    def named(self, listing: Listing, stop_requested: StopRequested = NEVER) -> tuple[Listed, ...]:
        """Take in what a listing says of its days; return its rows by the ids that they go by."""
        self.days.list(listing)
        self.has_rows = self.has_rows or bool(listing.listed)
        return self.named_rows(listing.listed, stop_requested)

    def named_rows(
        self, listed: Sequence[Listed], stop_requested: StopRequested = NEVER
    ) -> tuple[Listed, ...]:
        """Return rows by the ids that they go by."""
        ids = [*dict.fromkeys(each.row.id for each in listed)]
        known = dict[RecordingId, dict[RecordingId, Mark]]()
        seen = dict[RecordingId, dict[RecordingId, Mark]]()
        for some in in_pieces(ids, stop_requested):
            known |= self._catalog.rows.namesakes(self.report, some)
            seen |= self.seen.namesakes(some)
        decided = undecided(known) if self.report is Report.CALLS else known
        rows = (each for some in in_pieces(listed, stop_requested) for each in some)
        return named(rows, decided, seen, self.seen.mark_of)

    def add(
        self, listed: tuple[Listed, ...], stop_requested: StopRequested = NEVER
    ) -> tuple[Listed, ...]:
        """Take in rows by the ids that they go by; return those that are new to the run."""
        return tuple(
            row for some in in_pieces(listed, stop_requested) for row in self.seen.add(some)
        )

    def end(self, window: Window) -> None:
        """Note that all listings of a window are in: proven, or accepted as they stand, or not."""
        self._all_believed = self._is_believed(self.days.end(window)) and self._all_believed

    @property
    def is_believed(self) -> bool:
        """Whether all listings so far are proven, or accepted."""
        return self._all_believed and self.days.is_proven

    def unlisted(self) -> Unlisted:
        """Return what the archive has of the run's windows, and no proven listing has any more."""
        agreed = self._catalog.days.agreed(self.report)

        def is_settled(day: date) -> bool:
            listed = self.days.ended.get(day)
            return day in agreed or (listed is not None and self._catalog.days.accepts(listed))

        lost = (each for window in self.days.proven for each in self._lost(window))
        return unlisted(self.report, lost, is_settled)

    def lacking(self) -> set[RecordingId]:
        """Return what the days that are listed so far lack."""
        windows = [Window.day(listed.day) for listed in self.days.lacking]
        return {id_ for window in windows for _, id_ in self._lost(window)}

    def waiting_unlisted(self) -> Iterator[RecordingState]:
        """Yield what waits for its audio in the run's windows, and no proven listing has it."""
        for window in self.days.proven:
            for known in self._catalog.recordings.waiting_in(window, self.report):
                if known.id not in self.seen:
                    yield known

    def waiting_undated(self) -> Iterator[RecordingState]:
        """Yield the same of what has no date: only the first page shows such, and it doesn't."""
        for known in self._catalog.recordings.waiting_undated():
            if known.id not in self.seen:
                yield known

    def times_of(
        self, ids: Collection[RecordingId]
    ) -> dict[RecordingId, Collection[datetime | None]]:
        """Return at which times rows of these ids, as served, were listed so far."""
        seen = self.seen.namesakes(ids)
        return {id_: [mark.at for mark in marks.values()] for id_, marks in seen.items()}

    def close(self) -> None:
        """Forget the rows."""
        self.seen.close()

    def _is_believed(self, ended: EndedWindow) -> bool:
        return ended.proven or (ended.is_whole and all(map(self._catalog.days.accepts, ended.days)))

    def _lost(self, window: Window) -> Iterator[tuple[date, RecordingId]]:
        """Yield what the archive has of a window and the run has not seen, by day."""
        if self.report is Report.CALLS:
            calls = self._catalog.rows.calls_in(window)
            has = self.seen.has_call
            return ((c.at.date(), c.id) for c in calls if not has(c.id, c.at, c.talkers))
        held = self._catalog.recordings.held_in(window)
        return ((day, id_) for day, id_ in held if id_ not in self.seen)
