"""Where else a number lies that is asked for to be erased: in other rows, and in those of calls."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from msgspec.structs import replace

from archiver.catalog import Catalog
from archiver.domain.recordings import RecordingId
from archiver.filters.filters import Filters


def by_other_row(
    catalog: Catalog, filters: Filters, ids: Sequence[RecordingId]
) -> tuple[RecordingId, ...]:
    """Return those of these that fit by the number of a former row, or of one that was refused."""
    if not filters.numbers:
        return ()
    own = {row.id for row in catalog.filtered.matching(filters)}
    return tuple(id_ for id_ in ids if id_ not in own)


def calls_left(
    catalog: Catalog, filters: Filters, going: Collection[RecordingId]
) -> Mapping[date | None, int]:
    """Return of how many calls rows with the number stay, by the days on which they ended.

    The rows of calls that are ``going`` don't. It is asked where a person is meant, by a number
    alone or in some time: who asks for more means single recordings.
    """
    is_person = replace(filters, numbers=(), window=None).is_empty
    if not (filters.numbers and is_person):
        return {}
    with_it = catalog.calls.with_numbers(filters.numbers, filters.window)
    return Counter(day for call, day in with_it if call not in going)
