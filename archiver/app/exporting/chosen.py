"""What an export is asked for: which recordings of the archive, and what else there may be."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from archiver.catalog import Catalog
from archiver.catalog.questions.search_sql import Found
from archiver.domain.recordings import Report
from archiver.domain.window import Window
from archiver.get.archive_search import whole
from archiver.manifest.state import RecordingState

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an archive knows of what was asked for; nothing is kept in memory.

    Of a window, each day must be known whole, in all of these ``reports``.
    """

    catalog: Catalog
    ids: tuple[str, ...]
    window: Window | None
    reports: tuple[Report, ...]

    def recordings(self) -> Iterator[RecordingState]:
        """Yield where each recording stands that was asked for, the oldest first."""
        if self.ids:
            known = self.catalog.recordings.many(whole(self.catalog, self.ids))
            yield from sorted(known.values(), key=lambda each: (str(each.at or ""), each.id))
            return
        window = self.window
        first, last = (window.first, window.last) if window else (None, None)
        found = self.catalog.search.find((), (), first, last)
        while some := [*islice(found, _AT_ONCE)]:
            yield from self._standing(some)

    def days(self) -> Iterator[date]:
        """Yield the days of the window of which the archive may not know every recording."""
        known = self.catalog.days
        for day in self.window.each_day() if self.window else ():
            if not all(known.is_whole(report, day) for report in self.reports):
                yield day

    def _standing(self, found: list[Found]) -> Iterator[RecordingState]:
        known = self.catalog.recordings.many(each.id for each in found)
        yield from (known[each.id] for each in found)
