"""The call log beside the archive: which call has its recording, and which has none.

Neither report names the other's row for sure. A recording belongs to the call that it names, or
whose audio is the same object, if no other has that and neither row speaks against it; else to the
nearest call between the same two numbers, unless that names other audio; else to one of the same
object that is further off. One of which no number is known may belong to the call that is nearest
in time: that is said of one call, so that it casts no doubt on others. A call has at most one
recording and a recording one call. A call's own audio that was archived is its recording where
there is no other. Decides by what it is given: it asks nobody.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from archiver.calls.call import LoggedCall
from archiver.calls.matching import (
    Dating,
    Lines,
    Pair,
    are_same,
    by_object,
    in_turn,
    nearest,
    no_numbers,
    of_one_audio,
    same_numbers,
)
from archiver.catalog import Found
from archiver.catalog.numbers import digits_of
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.row.identity import identity
from archiver.domain.times.window import EARLIEST, LATEST, Window

MARGIN = timedelta(hours=1)
"""How far beyond a window calls are laid beside the archive too: a recording near the window's edge
may be theirs. Further than that from a call no recording has its audio."""

SLACK = timedelta(seconds=60)
"""How far a recording may begin or end from its call, where a run has to tell."""

MOMENT = timedelta(seconds=3)
"""How much later than its end a recording is dated that was made within a call."""

Match = tuple[LoggedCall, Found]


class Reconciled(Struct, frozen=True):
    """Calls with their recordings, and gaps: calls without that say they have audio; oldest first.

    ``near`` are calls without, each with a recording that names no number and may be its.
    """

    matched: tuple[Match, ...]
    gaps: tuple[LoggedCall, ...]
    near: tuple[Match, ...]


def reach(window: Window, calls: Iterable[LoggedCall], slack: timedelta) -> Window:
    """Return where the recordings of a window and of these calls may lie."""
    all_ = [window, *(call.when for call in calls if call.when)]
    return Window(min(each.first for each in all_), max(each.last for each in all_)).grown(slack)


def may_be_of_another(found: Found, window: Window, slack: timedelta) -> bool:
    """Whether a recording begins or ends so near a window's edge that a call beyond may be its own.

    A portal dates a recording by its beginning or by its end.
    """
    if found.at is None:
        return True
    length = timedelta(milliseconds=found.reported_ms or 0)
    return found.at - slack < window.first or found.at + length + slack > window.last


def reconcile(
    calls: Iterable[LoggedCall],
    recordings: Iterable[Found],
    slack: timedelta,
    *,
    shared: Collection[str] = (),
    dating: Dating = Dating.EITHER,
) -> Reconciled:
    """Lay calls beside recordings.

    A recording may begin or end up to ``slack`` away from its call. ``shared`` are objects that
    more than one recording of the archive has: they tell none of them. ``dating`` is how the portal
    dates recordings, as far as that is known. A second recording that names a call is no other
    call's.
    """
    left = {call.id: call for call in sorted(calls, key=_age)}
    everything = {found.id: found for found in recordings}
    own = {id_: found for id_, found in everything.items() if found.source is Report.CALLS}
    free = {id_: found for id_, found in everything.items() if id_ not in own}
    told = [id_ for call_id, id_ in by_name(free.values()) if call_id in left]
    matched = [
        *_take(by_name(free.values()), left, free),
        *_take(same_object(left.values(), free.values(), shared, slack), left, free),
    ]
    for id_ in told:
        free.pop(id_, None)
    matched += _take_near(left, free, slack, same_numbers, dating)
    matched += _take(same_object(left.values(), free.values(), shared), left, free)
    matched += _take(_same_id(own), left, own)
    return Reconciled(
        matched=_by_age(matched),
        gaps=tuple(call for call in left.values() if call.says_recorded),
        near=_by_age(_take_near(dict(left), _silent(free.values()), slack, no_numbers)),
    )


def by_name(recordings: Iterable[Found]) -> Iterator[Pair]:
    """Yield each recording with the call of the same id, then with the one that it names.

    Either need not be there.
    """
    recordings = tuple(recordings)
    yield from ((found.id, found.id) for found in recordings)
    for found in recordings:
        if found.call_id is not None:
            yield identity({"id": found.call_id}, Report.CALLS), found.id


def same_object(
    calls: Iterable[LoggedCall],
    recordings: Iterable[Found],
    shared: Collection[str] = (),
    apart: timedelta = MARGIN,
) -> Iterator[Pair]:
    """Yield what has the same audio.

    Some portals name their audio in a link's query only, so any call and any recording seem to have
    one object. Where several rows have it, or ``shared`` names it, it tells none of them apart. Nor
    does it where the numbers differ, or the times do by more than ``apart``.
    """
    of_found = by_object(recordings)
    for name, some in by_object(calls).items():
        others = of_found.get(name, [])
        is_one = len(some) == len(others) == 1 and name not in shared
        if name is not None and is_one and not _contradict(some[0], others[0], apart):
            yield some[0].id, others[0].id


def sole(
    calls: Iterable[LoggedCall],
    recordings: Iterable[Found],
    slack: timedelta,
    lines: Lines = same_numbers,
) -> frozenset[Pair]:
    """Return the calls that have a recording near them that is near no other of these calls.

    Of a redial, say, numbers and time can't tell which of the two a recording is of. A call in
    which nobody talked has none.
    """
    talks = (call for call in calls if call.has_talk or call.says_recorded)
    pairs = [*nearest(talks, recordings, slack, lines)]
    count = Counter(found_id for _, found_id in pairs)
    return frozenset(pair for pair in pairs if count[pair[1]] == 1)


def within(
    calls: Collection[LoggedCall], recordings: Collection[Found], slack: timedelta
) -> Iterator[Pair]:
    """Yield the calls in whose time a recording lies wholly, if it is near no other of these calls.

    Two people talk once at a time: it is of no redial, nor of a call that is not known.
    """
    when = {call.id: call.when.grown(slack) for call in calls if call.when}
    spans = {found.id: _spans(found) for found in recordings}
    for call_id, found_id in sole(calls, recordings, slack):
        its = when[call_id]
        if any(each.first in its and each.last in its for each in spans[found_id]):
            yield call_id, found_id


def parts(call: LoggedCall, recordings: Iterable[Found]) -> Iterator[RecordingId]:
    """Yield the recordings between the two of a call that lie wholly within its time.

    Of one whose length is not known, its date lies there.
    """
    times = [span.grown(MOMENT) for span in call.spans]
    for found in recordings:
        its = _spans(found) or ((Window(found.at, found.at),) if found.at else ())
        lies_there = any(one.first in each and one.last in each for one in its for each in times)
        if lies_there and call.numbers and are_same(call.numbers, digits_of(found.numbers)):
            yield found.id


def late(
    calls: Collection[LoggedCall], recordings: Collection[Found], lines: Lines = same_numbers
) -> Iterator[Pair]:
    """Yield the calls with a recording dated up to :data:`MARGIN` after them, and near no other.

    A portal may date a recording by when it came; none dates it before its call.
    """
    begins = {call.id: call.when.first for call in calls if call.when}
    at = {found.id: found.at for found in recordings}
    for call_id, found_id in sole(calls, recordings, MARGIN, lines):
        if begins[call_id] - SLACK <= (at[found_id] or EARLIEST):
            yield call_id, found_id


def _spans(found: Found) -> tuple[Window, ...]:
    """Return when a recording may have been made: until its date, or from it on."""
    length = timedelta(milliseconds=found.reported_ms or 0)
    if found.at is None or not length:
        return ()
    first = found.at - min(length, found.at - EARLIEST)
    return Window(first, found.at), Window(found.at, found.at + min(length, LATEST - found.at))


def _contradict(call: LoggedCall, found: Found, apart: timedelta) -> bool:
    """Whether a call and a recording tell of other people, or of other times."""
    numbers = digits_of(found.numbers)
    if call.numbers and numbers and not are_same(call.numbers, numbers):
        return True
    if call.when is None or found.at is None:
        return False
    return found.at not in call.when.grown(apart)


def _take(
    pairs: Iterable[Pair], left: dict[RecordingId, LoggedCall], free: dict[RecordingId, Found]
) -> Iterator[Match]:
    """Yield the pairs of which neither is taken yet, and take them."""
    for call_id, found_id in pairs:
        if call_id in left and found_id in free:
            yield left.pop(call_id), free.pop(found_id)


def _take_near(
    left: dict[RecordingId, LoggedCall],
    free: dict[RecordingId, Found],
    slack: timedelta,
    lines: Lines,
    dating: Dating = Dating.EITHER,
) -> list[Match]:
    """Take calls with the recordings of their lines that lie near them: as many as can be."""
    near = nearest(left.values(), free.values(), slack, lines, dating)
    matched = [*_take(near, left, free)]
    for calls, recordings in of_one_audio(left.values(), free.values()):
        still = [call for call in calls if call.id in left]
        there = [found for found in recordings if found.id in free]
        matched += _take(in_turn(still, there, slack, lines), left, free)
    return matched


def _silent(recordings: Iterable[Found]) -> dict[RecordingId, Found]:
    """Return those of which no number is known, as what they are for calls: a time and no more."""
    silent = (found for found in recordings if not digits_of(found.numbers))
    return {found.id: replace(found, object=None) for found in silent}


def _same_id(recordings: Mapping[RecordingId, Found]) -> Iterator[Pair]:
    """Yield each recording with the call of the same id, should there be one."""
    for id_ in tuple(recordings):
        yield id_, id_


def _by_age(matches: Iterable[Match]) -> tuple[Match, ...]:
    return tuple(sorted(matches, key=lambda match: _age(match[0])))


def _age(call: LoggedCall) -> tuple[datetime, RecordingId]:
    return call.when.first if call.when else EARLIEST, call.id
