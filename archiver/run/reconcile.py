"""The call log beside the archive: which call has its recording, and which has none. Pure.

Neither report names the other's row for sure. A recording belongs to the call that it names, or
whose audio is the same object; else to the nearest call between the same two numbers. A call has at
most one recording and a recording one call.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from archiver.catalog import Found
from archiver.catalog.numbers import digits
from archiver.recordings import RecordingId, Row
from archiver.versions import fingerprint


@dataclass(frozen=True, slots=True)
class Call:
    """A row of the Call Logs Report, portal time.

    ``numbers`` are both ends, in no order; ``object`` is that of its own audio, if it has some.
    """

    id: RecordingId
    start: datetime | None
    end: datetime | None
    numbers: frozenset[str]
    object: str | None

    @property
    def seconds(self) -> int:
        """How long was talked."""
        return int((self.end - self.start).total_seconds()) if self.start and self.end else 0

    @property
    def says_recorded(self) -> bool:
        """Whether the portal itself says that there is audio of it."""
        return self.object is not None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """Calls with their recordings, calls without, and recordings without a call."""

    matched: tuple[tuple[Call, Found], ...]
    gaps: tuple[Call, ...]
    unrecorded: tuple[Call, ...]
    alone: tuple[Found, ...]


def call_of(row: Row) -> Call:
    """Return what a row of the Call Logs Report tells of its call."""
    length = timedelta(milliseconds=row.reported_ms or 0)
    numbers = (row.fields.get(name) for name in ("call_from", "call_to"))
    return Call(
        id=row.id,
        start=row.at and row.at - length,
        end=row.at,
        numbers=_numbers(str(number) for number in numbers if isinstance(number, str | int)),
        object=fingerprint(row.fields).object,
    )


def reconcile(
    calls: Iterable[Call], recordings: Iterable[Found], slack: timedelta, *, every: bool = False
) -> Reconciled:
    """Lay calls beside recordings.

    A recording may begin or end up to ``slack`` away from its call. A call without a recording is a
    gap when it says that there is audio, or when somebody talked and ``every`` call is recorded.
    """
    left, free = {call.id: call for call in calls}, {each.id: each for each in recordings}
    matched = []
    for pairs in (
        _sharing(left, free, lambda call: call.id, lambda found: found.call_id),
        _sharing(left, free, lambda call: call.object, lambda found: found.object),
        _nearest(left, free, slack),
    ):
        for call, found in pairs:
            if call.id in left and found.id in free:
                matched.append((left.pop(call.id), free.pop(found.id)))
    gaps = {id_ for id_, call in left.items() if call.says_recorded or (every and call.seconds)}
    return Reconciled(
        matched=tuple(matched),
        gaps=tuple(left[id_] for id_ in left if id_ in gaps),
        unrecorded=tuple(call for id_, call in left.items() if call.seconds and id_ not in gaps),
        alone=tuple(free.values()),
    )


def _sharing(
    calls: dict[RecordingId, Call],
    recordings: dict[RecordingId, Found],
    of_call: Callable[[Call], Hashable],
    of_found: Callable[[Found], Hashable],
) -> Iterator[tuple[Call, Found]]:
    """Yield pairs that have something in common; ``None`` is nothing."""
    by_value: defaultdict[Hashable, list[Found]] = defaultdict(list)
    for found in recordings.values():
        by_value[of_found(found)].append(found)
    for call in tuple(calls.values()):
        value = of_call(call)
        if value is not None:
            yield from ((call, found) for found in by_value[value])


def _nearest(
    calls: dict[RecordingId, Call], recordings: dict[RecordingId, Found], slack: timedelta
) -> Iterator[tuple[Call, Found]]:
    """Yield pairs of the same numbers that are close enough in time, the nearest first."""
    by_numbers: defaultdict[frozenset[str], list[Found]] = defaultdict(list)
    for found in recordings.values():
        by_numbers[_numbers(found.numbers)].append(found)
    pairs = [
        (_misfit(call, found, found.at), call, found)
        for call in calls.values()
        if call.numbers
        for found in by_numbers[call.numbers]
        if found.at and _is_near(call, found.at, slack)
    ]
    for _, call, found in sorted(pairs, key=lambda pair: (pair[0], pair[1].id, pair[2].id)):
        yield call, found


def _is_near(call: Call, at: datetime, slack: timedelta) -> bool:
    return bool(call.start and call.end and call.start - slack <= at <= call.end + slack)


def _misfit(call: Call, found: Found, at: datetime) -> timedelta:
    """Return how far the ends of a recording lie from those of a call, both together.

    A portal dates a recording by its beginning or by its end; whichever fits better is taken. That
    tells a call from the next one between the same two, begun a second after it.
    """
    length = timedelta(milliseconds=found.reported_ms or 0)
    start, end = call.start or at, call.end or at
    return min(
        abs(at - length - start) + abs(at - end),
        abs(at - start) + abs(at + length - end),
    )


def _numbers(numbers: Iterable[str]) -> frozenset[str]:
    return frozenset(each for each in map(digits, numbers) if each)


def oldest_first(calls: Sequence[Call]) -> list[Call]:
    """Return calls in the order of their beginning; those without a time come first."""
    return sorted(calls, key=lambda call: (call.start or datetime.min, call.id))  # noqa: DTZ901  # portal time is naive
