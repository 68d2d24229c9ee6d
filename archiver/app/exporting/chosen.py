"""What an export is asked for: which recordings of the archive, and what else there may be."""

from collections.abc import Iterator
from datetime import datetime, time

from msgspec import Struct

from archiver.app.opening.filtering import MayBeMissing
from archiver.catalog import Catalog
from archiver.catalog.questions.filtering.found_rows import FoundRow
from archiver.filters.filters import Filters
from archiver.handover.handed_over import WHOLE_DAY, LeftOut

MAY_BE_MORE = "the archive has no proven listing of all of this day"
MAY_STILL_COME = (
    "it may still get recordings, or have got some: it was listed, proven, before all can have come"
)
MAY_MATCH = "nothing in the archive tells whether it is one of those that were asked for"
UNKNOWN = "the archive knows no recording of that id"


class Chosen(Struct, frozen=True):
    """What an archive knows of what was asked for, and what may be ``missing`` there."""

    catalog: Catalog
    filters: Filters
    missing: MayBeMissing

    def recordings(self) -> Iterator[FoundRow]:
        """Yield the recordings that were asked for, held or not, the oldest first."""
        return self.catalog.filtered.matching(self.filters)

    def doubts(self) -> Iterator[LeftOut]:
        """Yield what there may be more: whole days, ids, recordings that may be meant."""
        for day in self.missing.not_whole:
            at = datetime.combine(day, time())
            why = MAY_STILL_COME if day in self.missing.early else MAY_BE_MORE
            yield LeftOut(WHOLE_DAY, at=at, reasons=(why,))
        for id_ in self.missing.unknown_ids:
            yield LeftOut("unknown", id_, reasons=(UNKNOWN,))
        for row in self.catalog.filtered.untold(self.filters):
            yield LeftOut("may_match", row.id, row.at, reasons=(MAY_MATCH,))
