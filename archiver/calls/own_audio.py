"""Which recordings are surely a call's own, and which calls have none that is. Pure.

Calls are those of a window, and recordings lie in it or near. ``shared`` are the objects that tell
no recording from another.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

from msgspec.structs import replace

from archiver.calls.call import LoggedCall
from archiver.calls.matching import Pair, are_of_other_audio, no_numbers, same_numbers
from archiver.calls.reconciliation import (
    MOMENT,
    SLACK,
    Match,
    by_name,
    late,
    may_be_of_another,
    same_object,
    sole,
    within,
)
from archiver.catalog import Found
from archiver.domain.times.window import Window


def surely_of(
    calls: Sequence[LoggedCall],
    recordings: Sequence[Found],
    shared: Collection[str],
    window: Window,
) -> set[Pair]:
    """Return the calls with recordings that are surely theirs, by whichever object.

    What lies within a call is its own, also beside a redial; near an edge of the window, if not
    a second of it is outside the call, or if both have one object.
    """
    every = [replace(each, object=None) for each in recordings]
    inner = [each for each in every if not may_be_of_another(each, window, SLACK)]
    same = {*same_object(calls, recordings, shared)}
    return {
        *by_name(recordings),
        *sole(calls, inner, SLACK),
        *within(calls, inner, MOMENT),
        *within(calls, every, timedelta()),
        *same.intersection(sole(calls, recordings, SLACK)),
    }


def without_audio(
    matched: Sequence[Match],
    calls: Sequence[LoggedCall],
    recordings: Sequence[Found],
    shared: Collection[str],
    window: Window,
) -> list[LoggedCall]:
    """Return the calls whose audio is not surely that of a held recording.

    What goes by numbers or by one object alone may be the recording of another call that lies
    near, of a redial, say; or near an edge of the window, of one beyond.
    """
    named = {*by_name(recordings)}
    its_own = {call_id for call_id, _ in named}
    others = [call for call in calls if call.id not in its_own]
    inner = {each.id for each in recordings if not may_be_of_another(each, window, SLACK)}
    alone = {
        pair
        for lines in (same_numbers, no_numbers)
        for pair in (*sole(others, recordings, SLACK, lines), *late(others, recordings, lines))
    }
    sure = {*named, *(pair for pair in alone if pair[1] in inner)}
    same = {pair[0] for pair in same_object(calls, recordings, shared) if pair in sure}

    def is_its(call: LoggedCall, its: Found) -> bool:
        is_other = are_of_other_audio(call, its)
        return its.held and not is_other and (call.id, its.id) in sure

    return [call for call, its in matched if call.id not in same and not is_its(call, its)]
