"""Which archived call each recording is of, worked out day by day and kept in the catalog.

Calls and recordings are laid beside each other as a run does it (``reconcile``), so a recording is
of the call that it names, or that has the same audio, else of the nearest one between the same
numbers. It is done when somebody asks by what is said of calls: most questions are by other things.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import date

from archiver.calls.call import LoggedCall, call_of_archived
from archiver.calls.matching import Pair
from archiver.calls.reconciliation import (
    MARGIN,
    MOMENT,
    SLACK,
    by_name,
    parts,
    reach,
    reconcile,
)
from archiver.catalog import Catalog
from archiver.catalog.entering.call_links import Link
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.window import Window, beside
from archiver.manifest.state import RecordingState

DAYS_AT_ONCE = 100
"""So many days are noted at once: each time, all of the catalog is sealed anew."""


def link_calls(catalog: Catalog, first: date, last: date, heard: Callable[[int], object]) -> None:
    """Work out the calls of recordings of the days from one to another, where that is to be done.

    ``heard`` is told how many days are left.
    """
    days = catalog.links.unlinked(first, last)
    for start in range(0, len(days), DAYS_AT_ONCE):
        heard(len(days) - start)
        some = days[start : start + DAYS_AT_ONCE]
        links: dict[RecordingId, Link] = {}
        for day in some:
            links |= links_of(catalog, day)
        catalog.note_links(some, links)


def calls_of(
    catalog: Catalog, recordings: Iterable[RecordingState]
) -> dict[RecordingId, tuple[RecordingId, ...]]:
    """Return the calls that are of these recordings alone: its own, the one it names or is of.

    A call that a recording names need not be archived: its row may come yet. A call that has a
    recording beside these is left out, whichever days are linked by now. So is one whose id
    another call has as well: what goes is told by ids alone.
    """
    known = {each.id: each for each in recordings}
    pairs = pairs_of(catalog, known.values())
    calls: defaultdict[RecordingId, list[RecordingId]] = defaultdict(list)
    ids = {call for _, call in pairs}
    sharing = recordings_of(catalog, ids - catalog.calls.of_several(ids))
    for id_, call in pairs:
        if call in sharing and sharing[call] <= known.keys():
            calls[id_].append(call)
    return {id_: tuple(some) for id_, some in calls.items()}


def pairs_of(
    catalog: Catalog, recordings: Iterable[RecordingState]
) -> list[tuple[RecordingId, RecordingId]]:
    """Return these recordings with the calls that each is of: its own, one it names or is near."""
    known = {each.id: each for each in recordings}
    days = {each.day for each in known.values() if each.day}
    _link_around(catalog, days)
    own = [(each.id, each.id) for each in known.values() if each.source is Report.CALLS]
    named = (pair for day in days for pair in _named_on(catalog, day))
    own += [(id_, call) for call, id_ in named if id_ in known]
    return [*dict.fromkeys([*own, *catalog.erased.linked(known)])]


def recordings_of(
    catalog: Catalog, calls: Collection[RecordingId]
) -> dict[RecordingId, set[RecordingId]]:
    """Return the recordings that are of each of these calls, on whichever day it ended."""
    _link_around(catalog, {day for call in calls for day in catalog.calls.days_of(call) if day})
    sharing = catalog.erased.sharing(calls)
    for call in catalog.links.last_of(calls):
        sharing[call.id].update(_parts_of(catalog, call_of_archived(call)))
    return sharing


def _parts_of(catalog: Catalog, call: LoggedCall) -> frozenset[RecordingId]:
    """Return the recordings between the same numbers wholly within a call's time, of no other.

    A call that was transferred may have several, and numbers and time match it with one of them.
    """
    if call.when is None:
        return frozenset()
    lying = frozenset(parts(call, catalog.search.known_in(call.when.grown(MOMENT))))
    others = {id_ for id_, its in catalog.erased.linked(lying) if its != call.id}
    return lying - others


def _link_around(catalog: Catalog, days: Collection[date]) -> None:
    """See that recordings of these days, and of those beside them, are linked to their calls."""
    for near in sorted({near for day in days for near in (day, *beside(day))}):
        link_calls(catalog, near, near, bool)


def _named_on(catalog: Catalog, day: date) -> list[Pair]:
    """Return the recordings of a day, and of the hours around it, with the calls that they name."""
    found = [*catalog.search.known_in(Window.day(day).grown(2 * MARGIN))]
    return [pair for pair in by_name(found) if pair[0] != pair[1]]


def links_of(catalog: Catalog, day: date) -> dict[RecordingId, Link]:
    """Return the calls of the recordings of a day, as far as they have one.

    What is stored goes first; what is not is of a call that is left, by its row as it was listed.
    """
    window = Window.day(day)
    known = {each.id: each for each in catalog.links.ended_in(window.grown(2 * MARGIN))}
    calls = {id_: call_of_archived(each) for id_, each in known.items()}
    recordings = [*catalog.search.known_in(reach(window, calls.values(), SLACK))]
    shared = catalog.search.shared_objects(call.object for call in calls.values())
    links: dict[RecordingId, Link] = {}
    for is_stored in (True, False):
        some = [found for found in recordings if bool(found.audio) is is_stored]
        for call, found in reconcile(calls.values(), some, SLACK, shared=shared).matched:
            del calls[call.id]
            if found.at in window:
                links[found.id] = call.id, known[call.id].words
    return links
