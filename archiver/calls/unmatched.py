"""Recordings of which nothing tells which call is theirs, while calls lie near that may be.

Or whose call has its id with another: which rows are theirs, an id doesn't tell.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from archiver.calls.linking import pairs_of, recordings_of
from archiver.calls.reconciliation import MARGIN
from archiver.catalog import Catalog, Found
from archiver.catalog.numbers import digits_of, is_same
from archiver.catalog.questions.calls.linked_calls import ToldCall
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.times.window import Window
from archiver.manifest.state import RecordingState


def unmatched(catalog: Catalog, recordings: Iterable[RecordingState]) -> tuple[RecordingId, ...]:
    """Return those of these recordings that no call is known of, and of which one near may be.

    It is the call of no other recording, and tells no other people, by any of its rows. Or of a
    call that is known, another one has the id.
    """
    known = [*recordings]
    pairs = pairs_of(catalog, known)
    several = catalog.calls.of_several({call for _, call in pairs})
    unclear = {id_ for id_, call in pairs if call in several}
    listed = [each.id for each in known if each.source is Report.RECORDINGS]
    matched = {id_ for id_, _ in pairs}
    left = [id_ for id_ in listed if id_ not in matched]
    may_be = (each.id for each in catalog.search.of(left) if _has_call_near(catalog, each))
    return tuple(sorted({*catalog.erased.unmatched(left), *may_be, *unclear}))


def _has_call_near(catalog: Catalog, found: Found) -> bool:
    near = {call.id for call in _near(catalog, found) if _may_talk_in(call, found)}
    return any(some <= {found.id} for some in recordings_of(catalog, near).values())


def _near(catalog: Catalog, found: Found) -> Iterator[ToldCall]:
    """Yield what was told of calls near a recording, or at no time; of an undated one, of all."""
    if found.at is None:
        return catalog.links.told_in(None)
    length = timedelta(milliseconds=found.reported_ms or 0)
    return catalog.links.told_in(Window(found.at, found.at).grown(length + MARGIN))


def _may_talk_in(call: ToldCall, found: Found) -> bool:
    """Whether both tell the same number; or one of them tells none, and both tell a time."""
    own, others = digits_of(found.numbers), digits_of(call.numbers)
    if not (own and others):
        return call.is_dated and found.at is not None
    return any(is_same(one, other) for one in own for other in others)
