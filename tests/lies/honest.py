"""Honest portals of every kind: over them no night may cry wolf, and few requests may be made."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.sandbox.portal.page_layouts import SandboxShape
from tests.lies.archive import Archive, at_the_wire
from tests.lies.history import home
from tests.lies.moments import redials
from tests.lies.oracle import Oracle
from tests.lies.portal import Clock, Portal, Show
from tests.lies.truth import (
    ANNOUNCEMENT,
    DAY,
    FIRST,
    SECOND,
    Call,
    Recording,
    Truth,
    audio,
    of_days,
    uuid,
)

QUIET_AFTER = 4
CORRECTED = 0.4
"""How likely a call is corrected in a night."""
QUIET = ("447700900996", "12025550196")
"""Two who talk once, and are not recorded."""
NIGHTLY = ("447700900995", "12025550195")
"""Two whose recording is corrected."""
Told = TypeVar("Told", Call, Recording)


class Honest(Struct):
    """One honest portal's nights. ``alarms`` holds a line for each night that was not clean."""

    seed: int
    kind: str = ""
    nights: int = 0
    requests: int = 0
    alarms: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def run(self) -> "Honest":
        """Live through it."""
        random = Random(self.seed)
        made, show = _truth(random), _show(random)
        tellings = _tellings(random, made)
        self.kind = f"{show.shape}, {'times' if show.honours_times else 'days'}, {show.clock.off}"
        portal = Portal(made)
        with home() as folder, at_the_wire(portal):
            archive = Archive(portal, folder)
            oracle = Oracle(made, archive)
            for night in range(made.nights + QUIET_AFTER):
                portal.truth = next(tellings)
                portal.begin(made.night(night), show)
                # What was recorded just now arrives between two requests.
                portal.heard = lambda: archive.pass_time(SECOND)
                ran = archive.pull(*(("--since", f"{FIRST:%Y-%m-%d}") if not night else ()))
                self.nights += 1
                said = ran if ran.code else archive.run("status")
                if said.code:
                    self.alarms.append(f"night {night}: exit {said.code}: {said.err[-1200:]}")
                oracle.judge(night, ran)
            archive.close()
        self.requests = portal.asked["recordings"] + portal.asked["calls"]
        self.broken = oracle.broken
        return self

    def __str__(self) -> str:
        return "\n".join([f"honest seed {self.seed} ({self.kind})", *self.alarms, *self.broken])


def _truth(random: Random) -> Truth:
    """Return a truth with quiet days, holidays, busy days, arrivals and announcements."""
    days = random.choice(
        (
            [random.choice((0, 1, 3, 20)) for _ in range(6)],
            [2, *(0,) * 12, 3],
            [1, 0, 0, 1, 0],
            [34, 31, 0, 2],
        )
    )
    days[0] = max(1, days[0])
    made = of_days(random, days, older=random.choice((0, 2)))
    heard = audio(f"announcement {random.random()}", ANNOUNCEMENT)
    share = random.choice((0, 0, 0.3))

    def announced(one: Recording) -> Recording:
        return replace(one, body=heard, seconds=ANNOUNCEMENT) if random.random() < share else one

    recordings = _one_at_once([announced(one) for one in made.recordings], made.begins)
    arrivals = [_arriving(random, made, night, recordings) for night in range(made.nights)]
    calls = _copied(made.calls, recordings) if random.random() < 0.25 else made.calls
    made = replace(made, recordings=(*recordings, *arrivals), calls=calls)
    return redials(random, made) if random.random() < 0.4 else made


def _copied(calls: Iterable[Call], recordings: Iterable[Recording]) -> tuple[Call, ...]:
    """Let calls name a second copy of what their recordings are, under a name of its own."""
    of = {one.call: one for one in recordings}
    return tuple(
        replace(call, body=of[call.id].body, seconds=of[call.id].seconds) if call.id in of else call
        for call in calls
    )


def _tellings(random: Random, made: Truth) -> Iterator[Truth]:
    """Yield the truth night by night, with a call and a recording that the portal corrects.

    Told anew is a time, over a midnight and back, or who talked; one of both in a night.
    """
    night = random.randint(1, made.nights)
    midnight = made.begins + night * DAY
    ends = [midnight - 2 * SECOND, midnight + 3 * SECOND]
    random.shuffle(ends)
    call = Call(uuid(random, midnight), ends[0], QUIET, 9)
    id_ = uuid(random, midnight)
    body, call_id = audio(id_, 12), uuid(random, midnight)
    one = Recording(id_, ends[0], NIGHTLY, 12, body, ends[0], ends[0], call_id)
    anew = {ends[0]: ends[1], ends[1]: ends[0]}
    for number in count():
        if number >= night and random.random() < CORRECTED:
            call = _told_anew(random, call, anew)
        if number >= night and random.random() < CORRECTED:
            one = _told_anew(random, one, anew)
        recordings, calls = (*made.recordings, one), (*made.calls, call)
        yield replace(made, recordings=recordings, calls=calls)


def _told_anew(random: Random, told: Told, anew: Mapping[datetime, datetime]) -> Told:
    """Return a call or a recording with its other time, or with another caller."""
    if random.random() < 0.6:
        return replace(told, at=anew[told.at])
    return replace(told, numbers=(str(447700900900 + random.randrange(90)), told.numbers[1]))


def _one_at_once(recordings: list[Recording], begins: datetime) -> list[Recording]:
    """Let the first recording of the first day, which ``begins`` then, be there in its night.

    A portal that has none at all is one that a token without rights sees: nobody can tell.
    """
    first = min((one for one in recordings if one.at >= begins), key=lambda one: one.at)
    there = replace(first, listed_from=first.at, audio_from=first.at)
    return [there if one is first else one for one in recordings]


def _arriving(random: Random, made: Truth, night: int, like: list[Recording]) -> Recording:
    """Return a recording that arrives while the pages of a night are walked."""
    at = made.night(night) + random.randint(-8, 8) * SECOND
    one, id_ = random.choice(like), str(random.getrandbits(48))
    there = replace(one, id=id_, at=at, listed_from=at, audio_from=at)
    return replace(there, body=audio(id_, 12), seconds=12)


def _show(random: Random) -> Show:
    off = timedelta(seconds=random.choice((0, 0, 1, -2, 7, -45, 90)))
    return Show(
        shape=random.choice([*SandboxShape]),
        honours_times=random.random() < 0.7,
        clock=Clock(off=off),
        by_query=random.random() < 0.2,
    )
