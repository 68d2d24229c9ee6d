"""Lies of a moment: one answer of a night is wrong, or a right ends while the night's run lasts."""

from collections.abc import Callable
from datetime import datetime
from random import Random

from msgspec.structs import replace

from archiver.sandbox.portal.page_layouts import SandboxShape
from tests.lies.portal import Show
from tests.lies.trick import Trick, reports_of, some, some_nights, trick
from tests.lies.truth import DAY, SECOND, Call, Recording, Truth, audio, uuid

LAST_REQUEST = 12
"""Most runs ask so often for a report."""
Moment = Callable[[int], bool]


def _at(moment: Moment, wrong: Callable[[Show], Show]) -> Callable[[Show, int], Show]:
    return lambda show, number: wrong(show) if moment(number) else show


@trick
def one_empty_answer(random: Random, truth: Truth) -> Trick:
    """Say once a night that there is nothing."""
    number, reports = random.randint(1, LAST_REQUEST), reports_of(random)
    lapse = _at(lambda each: each == number, lambda show: replace(show, blind=True))
    return Trick(
        "one empty answer", "4", some_nights(random, truth),
        lambda show, _now: replace(show, lapse=lapse, reports=reports),
    )  # fmt: skip


@trick
def one_answer_behind(random: Random, truth: Truth) -> Trick:
    """Leave rows out of one answer a night, and out of its total."""
    number = random.randint(1, LAST_REQUEST)
    ids = frozenset(one.id for one in some(random, truth))
    lapse = _at(lambda each: each == number, lambda show: replace(show, hidden=ids))
    return Trick(
        "rows left out of one answer", "4", some_nights(random, truth),
        lambda show, _now: replace(show, lapse=lapse),
    )  # fmt: skip


@trick
def one_wrong_total(random: Random, truth: Truth) -> Trick:
    """Count wrong once a night, beside a limit on all other answers."""
    number, most = random.randint(1, LAST_REQUEST), random.randint(2, 16)
    lapse = _at(lambda each: each == number, lambda show: replace(show, most=None, total_off=500))
    return Trick(
        "one wrong total beside a limit", "4", range(truth.nights),
        lambda show, _now: replace(show, most=most, lapse=lapse),
    )  # fmt: skip


@trick
def right_lost_meanwhile(random: Random, truth: Truth) -> Trick:
    """Ignore the filter, perhaps, and show nothing any more from some request on."""
    number, unfiltered = random.randint(2, LAST_REQUEST), random.random() < 0.7
    shape = random.choice([*SandboxShape])
    lapse = _at(lambda each: each >= number, lambda show: replace(show, blind=True))
    return Trick(
        "right lost while a run lasts", "4", some_nights(random, truth),
        lambda show, _now: replace(show, unfiltered=unfiltered, shape=shape, lapse=lapse),
    )  # fmt: skip


@trick
def redialled(random: Random, truth: Truth) -> Trick:
    """Let a call with audio of its own end before a midnight, and the same people talk over it."""
    midnight = truth.begins + random.randint(1, truth.nights) * DAY
    numbers, seconds = ("447700900998", "12025550198"), random.choice((14, 21))
    began = midnight - random.randint(2, 12) * SECOND
    ended = began - random.randint(3, 30) * SECOND
    id_, call = uuid(random, began), uuid(random, began - SECOND)
    again = Recording(id_, began, numbers, seconds, audio(id_, seconds), began, began, call)
    own = uuid(random, ended)
    calls = (
        Call(own, ended, numbers, 26, audio(f"call {own}", 26)),
        Call(call, began + seconds * SECOND, numbers, seconds),
    )
    return Trick(
        "a call before midnight, redialled over it", "4", range(truth.nights),
        change=lambda made: replace(
            made, recordings=(*made.recordings, again), calls=(*made.calls, *calls)
        ),
    )  # fmt: skip


def _spoken(random: Random, at: datetime, seconds: int) -> tuple[Call, Recording]:
    """Return a call that began at a moment, and its recording."""
    numbers, ended = ("447700900997", "12025550197"), at + seconds * SECOND
    id_, call = uuid(random, ended), uuid(random, at)
    one = Recording(id_, ended, numbers, seconds, audio(id_, seconds), ended, ended, call)
    return Call(call, ended, numbers, seconds), one


def redials(random: Random, truth: Truth) -> Truth:
    """Let calls that were recorded be redialled: only the second call names its own audio.

    Some of the first were transferred, and have a second recording.
    """
    calls, recordings = [*truth.calls], [*truth.recordings]
    for night in range(truth.nights):
        at = truth.begins + night * DAY + random.randrange(4_000, 80_000) * SECOND
        first, its = _spoken(random, at, random.choice((14, 26)))
        recordings.append(its)
        ended = first.at
        if random.random() < 0.5:
            part, other = _spoken(random, ended, 21)
            recordings.append(other)
            first = replace(first, at=part.at, seconds=first.seconds + 21)
        again = first.at + random.randint(2, 50) * SECOND
        seconds = random.choice((14, 17, 26))
        later, _ = _spoken(random, again, seconds)
        calls += [first, replace(later, body=audio(f"call {later.id}", seconds))]
    return replace(truth, calls=(*calls,), recordings=(*recordings,))


@trick
def redialled_at_once(random: Random, truth: Truth) -> Trick:
    """Let the same two people talk again within a minute, each day."""
    made = redials(random, truth)
    more = made.recordings[len(truth.recordings) :], made.calls[len(truth.calls) :]
    return Trick(
        "calls that are redialled within a minute", "33", range(truth.nights),
        change=lambda before: replace(
            before,
            recordings=(*before.recordings, *more[0]),
            calls=(*before.calls, *more[1]),
        ),
    )  # fmt: skip


@trick
def in_a_bucket(random: Random, truth: Truth) -> Trick:
    """Name the audio of calls as objects of a bucket, where no link leads."""
    some = frozenset(each.id for each in truth.calls if random.random() < 0.7)
    return Trick(
        "audio of calls named as in a bucket", "33", some_nights(random, truth),
        lambda show, _now: replace(show, in_bucket=some),
    )  # fmt: skip
