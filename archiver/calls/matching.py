"""Which recordings lie near which calls: between the same numbers, or where none is known.

Of a busy line not every recording is weighed against every call: only those nearest to a call's
beginning and its end. Where so many crowd together that this leaves some over, :func:`in_turn`
deals with them.
"""

import heapq
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from itertools import permutations
from typing import TypeVar

from archiver.calls.call import LoggedCall
from archiver.catalog import Found
from archiver.catalog.numbers import SHORTEST_END, digits_of, is_same
from archiver.domain.recordings import RecordingId
from archiver.domain.times.window import Window

Pair = tuple[RecordingId, RecordingId]
"""The ids of a call and of a recording that may be its."""

Item = TypeVar("Item", LoggedCall, Found)


class Dating(Enum):
    """How a portal dates its recordings, as far as that is known."""

    BY_END = "by the end"
    BY_BEGINNING = "by the beginning"
    EITHER = "by either"


NEAREST = 8
"""How many recordings are weighed before and after each end of a call."""
_SOME = 5
_PLAIN = timedelta(minutes=1)
"""So much better must a recording fit by one of its ends to tell by which it is dated."""


class _Line:
    """Recordings that may belong to the same calls, oldest first."""

    def __init__(self, recordings: Iterable[Found]) -> None:
        dated = ((found.at, found) for found in recordings if found.at)
        self.dated: Sequence[tuple[datetime, Found]] = sorted(
            dated, key=lambda each: (each[0], each[1].id)
        )
        self._times = [at for at, _ in self.dated]

    def nearest_to(self, call: Window, slack: timedelta) -> Iterator[tuple[datetime, Found]]:
        reach = call.grown(slack)
        first, last = bisect_left(self._times, reach.first), bisect_right(self._times, reach.last)
        near = set[int]()
        for end in (call.first, call.last):
            middle = bisect_left(self._times, end)
            near.update(range(max(first, middle - NEAREST), min(last, middle + NEAREST)))
        return (self.dated[each] for each in near)


Lines = Callable[[Iterable[LoggedCall], Iterable[Found]], Iterable[tuple[_Line, list[LoggedCall]]]]
"""Divides calls and recordings into those that may belong together."""


def same_numbers(
    calls: Iterable[LoggedCall], recordings: Iterable[Found]
) -> Iterator[tuple[_Line, list[LoggedCall]]]:
    """Yield the recordings between two numbers, however they are written, with the calls."""
    calls_of, found_of = defaultdict(list), defaultdict(list)
    for call in calls:
        calls_of[call.numbers].append(call)
    for found in recordings:
        found_of[digits_of(found.numbers)].append(found)
    alike = defaultdict(list)
    for numbers in found_of:
        alike[last_digits(numbers)].append(numbers)
    for numbers, some in calls_of.items():
        same = [each for each in alike[last_digits(numbers)] if are_same(numbers, each)]
        if numbers and same:
            yield _Line(found for each in same for found in found_of[each]), some


def no_numbers(
    calls: Iterable[LoggedCall], recordings: Iterable[Found]
) -> tuple[tuple[_Line, list[LoggedCall]]]:
    """Return the recordings of which no number is known, with all calls: each may be any's."""
    silent = (found for found in recordings if not digits_of(found.numbers))
    return ((_Line(silent), [*calls]),)


def nearest(
    calls: Iterable[LoggedCall],
    recordings: Iterable[Found],
    slack: timedelta,
    lines: Lines = same_numbers,
    dating: Dating = Dating.EITHER,
) -> Iterator[Pair]:
    """Yield pairs of a line within ``slack`` of each other, the best fitting first.

    A call with other audio than the recording's is no pair with it, however well they fit.
    """
    pairs = [
        (_misfit(span, found, at, dating), call.id, found.id)
        for line, some in lines(calls, recordings)
        for call in some
        for span in call.spans
        for at, found in line.nearest_to(span, slack)
        if not are_of_other_audio(call, found)
    ]
    for _, call_id, found_id in sorted(pairs):
        yield call_id, found_id


def in_turn(
    calls: Iterable[LoggedCall],
    recordings: Iterable[Found],
    slack: timedelta,
    lines: Lines = same_numbers,
) -> Iterator[Pair]:
    """Yield as many pairs as there can be, whatever fits best: each recording in turn.

    It goes to the call that the next ones can't reach (F. Glover, "Maximum matching in a convex
    bipartite graph", 1967).
    """
    for line, some in lines(calls, recordings):
        reaches = sorted((call.when.grown(slack), call.id) for call in some if call.when)
        reaches.reverse()
        within: list[tuple[datetime, RecordingId]] = []
        for at, found in line.dated:
            while reaches and reaches[-1][0].first <= at:
                reach, call_id = reaches.pop()
                heapq.heappush(within, (reach.last, call_id))
            while within and within[0][0] < at:
                heapq.heappop(within)
            if within:
                yield heapq.heappop(within)[1], found.id


def are_of_other_audio(call: LoggedCall, found: Found) -> bool:
    """Whether a call and a recording name two objects: the one audio need not be the other."""
    return None not in {call.object, found.object} and call.object != found.object


def of_one_audio(
    calls: Iterable[LoggedCall], recordings: Iterable[Found]
) -> Iterator[tuple[list[LoggedCall], list[Found]]]:
    """Yield calls with recordings of which none names another object than any of the calls.

    First the calls that name none, with all recordings; then those that name one, with the
    recordings that name the same or none.
    """
    calls_of, found_of = by_object(calls), by_object(recordings)
    silent, unnamed = calls_of.pop(None, []), found_of.pop(None, [])
    yield silent, [*unnamed, *(found for some in found_of.values() for found in some)]
    for name in calls_of.keys() & found_of.keys():
        yield calls_of[name], found_of[name]
    yield [call for some in calls_of.values() for call in some], unnamed


def by_object(items: Iterable[Item]) -> dict[str | None, list[Item]]:
    """Return calls or recordings by the object that they name."""
    by_name: defaultdict[str | None, list[Item]] = defaultdict(list)
    for item in items:
        by_name[item.object].append(item)
    return by_name


def last_digits(numbers: frozenset[str]) -> frozenset[str]:
    """Return what the same numbers have in common, however they are written."""
    return frozenset(number[-SHORTEST_END:] for number in numbers)


def are_same(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether numbers are the same ones, in any order and however they are written."""
    return len(some) == len(others) and any(
        all(map(is_same, some, order)) for order in permutations(others)
    )


def misfit(call: LoggedCall, found: Found, dating: Dating = Dating.EITHER) -> timedelta | None:
    """Return how far the ends of a recording lie from those of a call, both together.

    Of a recording whose length is not known, one end is compared. ``None`` where either has no
    time.
    """
    at, spans = found.at, call.spans
    if at is None or not spans:
        return None
    if found.reported_ms is None:
        return min(abs(at - end) for span in spans for end in (span.first, span.last))
    return min(_misfit(span, found, at, dating) for span in spans)


def dating_of(matches: Iterable[tuple[LoggedCall, Found]]) -> Dating:
    """Return how recordings are dated, by those of their calls that are long enough to tell.

    Nearly all of them must say the same, and some must say it at all.
    """
    votes = Counter[Dating]()
    for call, found in matches:
        by_end, by_beginning = (
            misfit(call, found, dating) for dating in (Dating.BY_END, Dating.BY_BEGINNING)
        )
        if by_end is not None and by_beginning is not None and abs(by_end - by_beginning) > _PLAIN:
            votes[Dating.BY_END if by_end < by_beginning else Dating.BY_BEGINNING] += 1
    ((most, count),) = votes.most_common(1) or ((Dating.EITHER, 0),)
    is_clear = count >= _SOME and count >= votes.total() * 0.9
    return most if is_clear else Dating.EITHER


def _misfit(call: Window, found: Found, at: datetime, dating: Dating = Dating.EITHER) -> timedelta:
    """Return how far the ends of a recording lie from those of a call, both together.

    Where it is not known how a portal dates, whichever fits better is taken. That tells a call from
    the next one between the same two, begun a second after it.
    """
    length = timedelta(milliseconds=found.reported_ms or 0)
    from_first, from_last = at - call.first, at - call.last
    by_end = abs(from_first - length) + abs(from_last)
    by_beginning = abs(from_first) + abs(from_last + length)
    match dating:
        case Dating.BY_END:
            return by_end
        case Dating.BY_BEGINNING:
            return by_beginning
        case Dating.EITHER:
            return min(by_end, by_beginning)
