"""What an archive has audio of and the portal did not list, though it was asked for.

The audio of a call is in no row of the recordings' report, and a portal forgets. Where it gives one
id to several recordings, a row is of the one of its time.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from archiver.catalog import Catalog
from archiver.domain.recordings import RecordingId, Row
from archiver.domain.row.identity import alias_of
from archiver.filters.filters import Filters
from archiver.get.archive_search import Archived, by_id, going_by, matching
from archiver.get.from_portal import SearchTerms


def archived_only(
    catalog: Catalog, wanted: SearchTerms, rows: Sequence[Row]
) -> tuple[Archived, ...]:
    """Return what the archive has audio of that is wanted and that none of the rows is of."""
    times: dict[RecordingId, list[datetime | None]] = defaultdict(list)
    for row in rows:
        times[row.served].append(row.at)
    of_one_id: dict[RecordingId, list[Archived]] = defaultdict(list)
    with_audio = _with_audio(catalog, wanted, times)
    for each in (known for known in with_audio if wanted.is_then(known.at, known.id)):
        of_one_id[alias_of(each.id) or each.id].append(each)
    return tuple(
        each for served, known in of_one_id.items() for each in _unlisted(known, times[served])
    )


def _with_audio(
    catalog: Catalog, wanted: SearchTerms, served: Iterable[RecordingId]
) -> tuple[Archived, ...]:
    """Return what the archive has audio of that is wanted: of ids, all that go by one of them."""
    if not wanted.ids:
        return matching(catalog, wanted.numbers, wanted.agents, wanted.window).given
    every = dict.fromkeys((*wanted.ids, *served))
    ids = [each.id for id_ in every for each in going_by(catalog, id_)]
    also = Filters(numbers=wanted.numbers, agents=wanted.agents, window=wanted.window)
    return by_id(catalog, ids, also).given


def _unlisted(known: Sequence[Archived], times: Sequence[datetime | None]) -> Sequence[Archived]:
    """Return those of one id that have no row: all of them, where no time tells which."""
    if len(times) >= len(known):
        return ()
    return [each for each in known if each.at not in times] or known
