"""What really happened: recordings, calls and their audio over some nights, made from a seed.

Nothing here lies. A portal shows a truth, honestly or not; the oracle holds an archive to it.
Times are moments (aware, UTC); the portal's wall clock is ``offset`` away.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from archiver.sandbox.world.tones import Encoding, Tone, render

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
AT_NIGHT = timedelta(hours=2, minutes=30)
"""When the job of the night after a day runs, on the portal's wall clock."""
LATEST = timedelta(days=2)
"""A row comes this long after its moment at the latest: inside the look-back of three days."""
LENGTHS = (12, 14, 17, 21, 26, 33)
"""Seconds: further apart than the tolerance, and longer than an announcement may be."""
ANNOUNCEMENT = 5
_UUID_EPOCH = datetime(1582, 10, 15, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Recording(Struct, frozen=True):
    """One recording: its row is listed from ``listed_from`` on, its audio is there a while later.

    ``call`` is the id of its call.
    """

    id: str
    at: datetime
    numbers: tuple[str, str]
    seconds: int
    body: bytes
    listed_from: datetime
    audio_from: datetime
    call: str

    @property
    def key(self) -> str:
        """The name of its object."""
        return f"rc/{self.id}.mp3"

    @property
    def sha256(self) -> str:
        """The hash of its whole audio."""
        return _sha256_of_its_own(self.body)


class Call(Struct, frozen=True):
    """One call, that ended at ``at``; ``body`` is audio of its own for which nothing is listed."""

    id: str
    at: datetime
    numbers: tuple[str, str]
    seconds: int
    body: bytes | None = None

    @property
    def audio_from(self) -> datetime:
        """From when on its audio is there."""
        return self.at

    @property
    def key(self) -> str:
        """The name of its object, where it has one."""
        return f"rc/call-{self.id}.mp3"


class Truth(Struct, frozen=True):
    """All of it. ``nights`` are those in which the portal may lie."""

    recordings: tuple[Recording, ...]
    calls: tuple[Call, ...]
    offset: timedelta
    nights: int

    def night(self, number: int) -> datetime:
        """Return the moment of the run after day ``number``, from 0."""
        return FIRST + (number + 1) * DAY + AT_NIGHT - self.offset

    def wall(self, moment: datetime) -> datetime:
        """Return what the portal's clock shows: naive, with fractions of a second."""
        return (moment + self.offset).replace(tzinfo=None)

    @property
    def begins(self) -> datetime:
        """The first moment that an archive from the first day on answers for."""
        return FIRST - self.offset

    def listed(self, now: datetime) -> tuple[Recording, ...]:
        """Return what an honest portal lists by now."""
        return tuple(each for each in self.recordings if each.listed_from <= now)


def sha256(body: bytes) -> str:
    """Return the hash of a body."""
    return hashlib.sha256(body).hexdigest()


_sha256_of_its_own = lru_cache(maxsize=256)(sha256)
"""The same of what never changes: every night asks for it."""


def truth(random: Random, *, short: bool = False) -> Truth:
    """Return a truth of some nights, with quiet days and busy ones, and perhaps older days."""
    nights = 3 if short else random.randint(4, 8)
    busy = 5 if short else random.choice((3, 5, 9, 24))
    days = [random.choice((0, 1, 2, busy)) for _ in range(nights)]
    days[0] = max(1, days[0])
    return of_days(random, days, older=random.choice((0, 2)))


def of_days(random: Random, days: Sequence[int], *, older: int) -> Truth:
    """Return a truth with so many recordings a day, and some on each of as many ``older`` days."""
    offset = timedelta(minutes=random.choice((0, 0, 0, 330, -300)))
    counts = [*((number, 2) for number in range(-older, 0)), *enumerate(days)]
    made = [
        one
        for number, count in counts
        for one in _day(random, FIRST + number * DAY - offset, count)
    ]
    calls = [Call(one.call, one.at - 2 * SECOND, one.numbers, one.seconds) for one in made]
    calls += _others(random, len(days), offset)
    return Truth(tuple(made), tuple(calls), offset, len(days))


def in_last_second(made: Truth, ids: frozenset[str]) -> Truth:
    """Return the truth with these recordings in the last half second of their day."""
    return _at(made, ids, DAY - timedelta(milliseconds=400))


def at_midnight(made: Truth, ids: frozenset[str]) -> Truth:
    """Return the truth with these recordings at the very moment at which their day begins."""
    return _at(made, ids, timedelta())


def _at(made: Truth, ids: frozenset[str], time: timedelta) -> Truth:
    """Return the truth with these recordings at a time of their day, listed then or later."""

    def moved(one: Recording) -> Recording:
        if one.id not in ids:
            return one
        midnight = made.wall(one.at).replace(hour=0, minute=0, second=0, microsecond=0)
        at = midnight.replace(tzinfo=UTC) - made.offset + time
        listed_from = max(one.listed_from, at)
        return replace(one, at=at, listed_from=listed_from, audio_from=listed_from)

    return replace(made, recordings=tuple(map(moved, made.recordings)))


def uuid(random: Random, at: datetime) -> str:
    """Return a version 1 UUID of a moment (RFC 9562, 5.1)."""
    ticks = (at - _UUID_EPOCH) // _MICROSECOND * 10 + random.randrange(10)
    low, middle, high = ticks & 0xFFFFFFFF, ticks >> 32 & 0xFFFF, ticks >> 48 & 0x0FFF
    sequence = random.getrandbits(14)
    node = random.getrandbits(48) | 1 << 40
    return str(UUID(fields=(low, middle, high, sequence >> 8, sequence & 0xFF, node), version=1))


def audio(name: str, seconds: int) -> bytes:
    """Return audio of its own: a tone behind an ID3v2.3 tag that nothing else has."""
    text = hashlib.sha256(name.encode()).hexdigest().encode()
    frame = b"TXXX" + (len(text) + 2).to_bytes(4, "big") + b"\0\0\0\0" + text
    size = len(frame)
    safe = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + safe + frame + _sound(seconds)


@lru_cache(maxsize=64)
def _sound(seconds: int) -> bytes:
    return render(Tone(Encoding.BARE, seconds)).body


def _day(random: Random, midnight: datetime, count: int) -> Iterator[Recording]:
    """Yield the recordings of one portal day, some of them late."""
    for number in range(count):
        at = midnight + timedelta(seconds=random.randrange(86_399), microseconds=51_355)
        late = random.choice((0, 0, 0, 1)) * random.random() * LATEST
        id_ = uuid(random, at) if random.random() < 0.9 else str(random.getrandbits(40))
        numbers = f"447700900{random.randrange(1_000):03}", f"120255501{number % 100:02}"
        seconds = random.choice(LENGTHS)
        call = uuid(random, at - timedelta(seconds=seconds + 2))
        later = random.choice((0, 0, 0, 0, 0, 1)) * DAY
        body = audio(id_, seconds)
        yield Recording(id_, at, numbers, seconds, body, at + late, at + late + later, call)


def _others(random: Random, nights: int, offset: timedelta) -> Iterator[Call]:
    """Yield calls without a recording, some with audio of their own."""
    for _ in range(random.choice((0, 1, 3))):
        at = FIRST - offset + random.random() * (nights - 1) * DAY
        id_, seconds = uuid(random, at), random.choice(LENGTHS)
        body = audio(id_, seconds) if random.random() < 0.5 else None
        numbers = f"447700900{random.randrange(1_000):03}", "12025550199"
        yield Call(id_, at, numbers, seconds, body)
