"""What the sandbox's portal knows: recordings, calls and stored objects, made from a seed.

Ids are version 1 UUIDs of the moment they stand for, as the portal's are; numbers are the British
and American ones reserved for fiction. Times are kept as moments (aware, UTC) and served on the
portal's wall clock, ``utc_offset_minutes`` away. Everything can be changed while it is served.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.sandbox.chance import chance
from archiver.sandbox.world.timeline import Timeline
from archiver.sandbox.world.tones import Encoding, StoredObject, Tone, render

_UUID_EPOCH = datetime(1582, 10, 15, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_MOST_DAYS = 10_000
"""So many days have serial numbers of their own."""
_HANGING_UP = timedelta(seconds=2)
_AGENTS = ("Asha", "Ben", "Chitra", None)
_SECONDS = (7, 12, 31, 47, 93, 185)


class Recording(Struct, frozen=True):
    """A recording, created at ``at``, of ``seconds``; its audio is the object ``key``, if any.

    ``fields`` overrides or adds to the row as served: ``{"duration": None}``, ``{"id": "../x"}``.
    """

    id: str
    at: datetime
    call_from: str
    call_to: str
    agent: str | None
    seconds: int
    key: str | None
    fields: Mapping[str, object] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.id)


class Call(Struct, frozen=True):
    """A call that ended at ``at`` after ``seconds``; ``key`` and ``fields`` as with a recording."""

    id: str
    at: datetime
    call_from: str
    call_to: str
    seconds: int
    key: str | None = None
    fields: Mapping[str, object] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.id)


class World:
    """Recordings, their calls, and the objects with their audio. The same seed, the same world.

    ``objects`` maps an object's key to a tone, rendered when it is asked for, or to its bytes.
    """

    def __init__(self, seed: int = 1, utc_offset_minutes: int = 0) -> None:
        self.seed = seed
        self.utc_offset = timedelta(minutes=utc_offset_minutes)
        self.recordings: Timeline[Recording] = Timeline()
        self.calls: Timeline[Call] = Timeline()
        self.objects: dict[str, Tone | StoredObject] = {}
        self._random = chance(seed)
        self._node = self._random.getrandbits(48) | 1 << 40  # the bit of a node that is no card
        self._serial = 0
        self._lock = threading.Lock()

    def add(
        self,
        *,
        count: int,
        first: datetime,
        last: datetime,
        kinds: Sequence[Encoding] = tuple(Encoding),
        seconds: Sequence[int] = _SECONDS,
    ) -> list[Recording]:
        """Add ``count`` recordings with their calls, spread over ``first`` to ``last`` (aware)."""
        with self._lock:
            moments = self._spread(count, first, last)
            made = [self._make(moment, kinds, seconds) for moment in moments]
        self.recordings.extend(recording for recording, _ in made)
        self.calls.extend(call for _, call in made)
        return [recording for recording, _ in made]

    def live(self, *, count: int, days: int, now: datetime) -> list[Recording]:
        """Add the newest ``count`` recordings, with their calls, of about ``days`` up to ``now``.

        A day is made from the seed and its own date, so a world that is made later that day, or on
        the next one, has the same recordings on the days that both have.
        """
        each = -(-count // days)
        today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        with self._lock:
            made = [
                pair for back in range(days + 1) for pair in self._day(today - back * _DAY, each)
            ]
        made.sort(key=lambda pair: pair[0].at)
        past = [pair for pair in made if pair[0].at <= now][-count:] if count else []
        kept = {recording.key for recording, _ in past}
        self.objects = {key: tone for key, tone in self.objects.items() if key in kept}
        self.recordings.extend(recording for recording, _ in past)
        self.calls.extend(call for _, call in past)
        return [recording for recording, _ in past]

    def arrive(self, at: datetime) -> Recording:
        """Add one recording with its call, created at ``at`` (aware)."""
        with self._lock:
            recording, call = self._make(at, (Encoding.CBR,), _SECONDS)
        self.recordings.put(recording)
        self.calls.put(call)
        return recording

    def edit(self, recording_id: str, **fields: object) -> None:
        """Serve a recording's row with other fields: ``edit(id, duration="00:00:09")``."""
        recording = self.recordings[recording_id]
        self.recordings.put(replace(recording, fields={**recording.fields, **fields}))

    def remove(self, recording_id: str) -> None:
        """Take a recording and its object away; its call stays, as the portal's log does."""
        key = self.recordings.remove(recording_id).key
        if key is not None:
            self.objects.pop(key, None)

    def store(self, key: str, body: bytes, content_type: str = "audio/mpeg") -> None:
        """Keep ``body`` as the object ``key``, in place of what is there."""
        self.objects[key] = StoredObject.of(body, content_type)

    def stored(self, key: str) -> StoredObject | None:
        """Return the object ``key`` as the media server holds it; ``None`` when there is none."""
        kept = self.objects.get(key)
        return render(kept) if isinstance(kept, Tone) else kept

    def wall(self, moment: datetime) -> datetime:
        """Return what the portal's clock shows at ``moment``: naive, whole seconds."""
        return (moment + self.utc_offset).astimezone(UTC).replace(microsecond=0, tzinfo=None)

    def moment(self, wall: datetime) -> datetime:
        """Return the moment at which the portal's clock shows ``wall``."""
        return wall.replace(tzinfo=UTC) - self.utc_offset

    def _day(self, day: datetime, count: int) -> Iterator[tuple[Recording, Call]]:
        self._random = chance(f"{self.seed} {day:%Y-%m-%d}")
        self._serial = day.toordinal() % _MOST_DAYS * count
        for moment in self._spread(count, day, day + _DAY):
            yield self._make(moment, tuple(Encoding), _SECONDS)

    def _spread(self, count: int, first: datetime, last: datetime) -> Iterator[datetime]:
        for n in range(count):
            yield first + (last - first) * ((n + self._random.random()) / count)

    def _make(
        self, at: datetime, kinds: Sequence[Encoding], seconds: Sequence[int]
    ) -> tuple[Recording, Call]:
        kind, length = self._random.choice(kinds), self._random.choice(seconds)
        caller = f"447700900{self._random.randrange(1_000):03}"
        called = f"120255501{self._random.randrange(100):02}"
        self._serial += 1
        tone = Tone(kind, length, self._serial)
        wall = self.wall(at)
        key = f"rc/{wall:%y%m%d}/c-{called}{self._serial}-{wall:%d%m%y%H}.{tone.extension}"
        self.objects[key] = tone
        recording = Recording(
            id=self._uuid(at),
            at=at,
            call_from=caller,
            call_to=called,
            agent=self._random.choice(_AGENTS),
            seconds=tone.seconds,
            key=key,
        )
        ended = at - _HANGING_UP
        started = ended - timedelta(seconds=tone.seconds)
        return recording, Call(self._uuid(started), ended, caller, called, tone.seconds)

    def _uuid(self, at: datetime) -> str:
        """Return a version 1 UUID of ``at`` (RFC 9562, 5.1: 100 ns since 1582-10-15)."""
        ticks = (at - _UUID_EPOCH) // _MICROSECOND * 10 + self._random.randrange(10)
        sequence = self._random.getrandbits(14)
        low, middle, high = ticks & 0xFFFFFFFF, ticks >> 32 & 0xFFFF, ticks >> 48 & 0x0FFF
        parts = (low, middle, high, sequence >> 8, sequence & 0xFF, self._node)
        return str(UUID(fields=parts, version=1))
