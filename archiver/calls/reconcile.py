"""The call log beside the archive: which call has its recording, and which has none.

Neither report names the other's row for sure. A recording belongs to the call that it names, or
whose audio is the same object, if no other has that and neither row speaks against it; else to the
nearest call between the same two numbers. One of which
no number is known may belong to the call that is nearest in time: that is said of one call, so that
it casts no doubt on others. A call has at most one recording and a recording one call. A call's own
audio that was archived is its recording where there is no other. Decides by what it is given: it
asks nobody.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from archiver.calls.call import LoggedCall
from archiver.calls.matching import Pair, are_same, in_turn, nearest, no_numbers
from archiver.catalog import Found
from archiver.catalog.numbers import digits_of
from archiver.domain.recordings import RecordingId, Report
from archiver.domain.row_id import identity
from archiver.domain.window import EARLIEST, Window

MARGIN = timedelta(hours=1)
"""How far beyond a window calls are laid beside the archive too: a recording near the window's edge
may be theirs. Further than that from a call no recording has its audio."""

SLACK = timedelta(seconds=60)
"""How far a recording may begin or end from its call, where a run has to tell."""

Match = tuple[LoggedCall, Found]
_Item = TypeVar("_Item", LoggedCall, Found)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Calls with their recordings, calls without, and recordings without a call; oldest first.

    ``near`` are calls without, each with a recording that names no number and may be its.
    """

    matched: tuple[Match, ...]
    gaps: tuple[LoggedCall, ...]
    unrecorded: tuple[LoggedCall, ...]
    alone: tuple[Found, ...]
    near: tuple[Match, ...]

    @property
    def in_quarantine(self) -> int:
        """How many of the matched have their recording in quarantine only."""
        return sum(not found.held for _, found in self.matched)

    @property
    def not_understood(self) -> int:
        """How many of the calls tell something in a form that is not understood."""
        calls = (*(call for call, _ in self.matched), *self.gaps, *self.unrecorded)
        return sum(bool(call.unread) for call in calls)

    def within(self, window: Window) -> "Reconciled":
        """Return what of this is of a window: calls that ended in it or at no time that is told."""

        def ended(call: LoggedCall) -> bool:
            return call.when is None or call.when.last in window

        return Reconciled(
            matched=tuple((call, found) for call, found in self.matched if ended(call)),
            gaps=tuple(filter(ended, self.gaps)),
            unrecorded=tuple(filter(ended, self.unrecorded)),
            alone=tuple(found for found in self.alone if found.at in window),
            near=tuple((call, found) for call, found in self.near if ended(call)),
        )


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
    every: bool = False,
    shared: Collection[str] = (),
) -> Reconciled:
    """Lay calls beside recordings.

    A recording may begin or end up to ``slack`` away from its call. ``shared`` are objects that
    more than one recording of the archive has: they tell none of them. A call without a recording
    is a gap when it says that there is audio, or when somebody talked and ``every`` call is
    recorded.
    """
    left = {call.id: call for call in sorted(calls, key=_age)}
    everything = {found.id: found for found in recordings}
    own = {id_: found for id_, found in everything.items() if found.source is Report.CALLS}
    free = {id_: found for id_, found in everything.items() if id_ not in own}
    of_these = own.keys() & left.keys()
    matched = [
        *_take(by_name(free.values()), left, free),
        *_take(same_object(left.values(), free.values(), shared), left, free),
        *_take(nearest(left.values(), free.values(), slack), left, free),
        *_take(in_turn(left.values(), free.values(), slack), left, free),
        *_take(_same_id(own), left, own),
    ]
    gaps = {id_ for id_, call in left.items() if call.says_recorded or (every and call.has_talk)}
    alone = (*free.values(), *(each for id_, each in own.items() if id_ not in of_these))
    return Reconciled(
        matched=_by_age(matched),
        gaps=tuple(left[id_] for id_ in left if id_ in gaps),
        unrecorded=tuple(call for id_, call in left.items() if call.has_talk and id_ not in gaps),
        alone=alone,
        near=_by_age(_near(left, free, slack)),
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
    calls: Iterable[LoggedCall], recordings: Iterable[Found], shared: Collection[str] = ()
) -> Iterator[Pair]:
    """Yield what has the same audio.

    Some portals name their audio in a link's query only, so any call and any recording seem to have
    one object. Where several rows have it, or ``shared`` names it, it tells none of them apart. Nor
    does it where the numbers differ, or the times do by more than :data:`MARGIN`.
    """
    of_found = _by_object(recordings)
    for name, some in _by_object(calls).items():
        others = of_found.get(name, [])
        is_one = len(some) == len(others) == 1 and name not in shared
        if is_one and not _contradict(some[0], others[0]):
            yield some[0].id, others[0].id


def _contradict(call: LoggedCall, found: Found) -> bool:
    """Whether a call and a recording tell of other people, or of other times."""
    numbers = digits_of(found.numbers)
    if call.numbers and numbers and not are_same(call.numbers, numbers):
        return True
    if call.when is None or found.at is None:
        return False
    return found.at not in call.when.grown(MARGIN)


def _take(
    pairs: Iterable[Pair], left: dict[RecordingId, LoggedCall], free: dict[RecordingId, Found]
) -> Iterator[Match]:
    """Yield the pairs of which neither is taken yet, and take them."""
    for call_id, found_id in pairs:
        if call_id in left and found_id in free:
            yield left.pop(call_id), free.pop(found_id)


def _near(
    left: Mapping[RecordingId, LoggedCall], free: Mapping[RecordingId, Found], slack: timedelta
) -> list[Match]:
    """Return calls that may have a recording of which no number is known: as many as can be."""
    calls, recordings = dict(left), dict(free)
    return [
        *_take(nearest(calls.values(), recordings.values(), slack, no_numbers), calls, recordings),
        *_take(in_turn(calls.values(), recordings.values(), slack, no_numbers), calls, recordings),
    ]


def _same_id(recordings: Mapping[RecordingId, Found]) -> Iterator[Pair]:
    """Yield each recording with the call of the same id, should there be one."""
    for id_ in tuple(recordings):
        yield id_, id_


def _by_object(items: Iterable[_Item]) -> dict[str, list[_Item]]:
    by_object: defaultdict[str, list[_Item]] = defaultdict(list)
    for item in items:
        if item.object is not None:
            by_object[item.object].append(item)
    return by_object


def _by_age(matches: Iterable[Match]) -> tuple[Match, ...]:
    return tuple(sorted(matches, key=lambda match: _age(match[0])))


def _age(call: LoggedCall) -> tuple[datetime, RecordingId]:
    return call.when.first if call.when else EARLIEST, call.id
