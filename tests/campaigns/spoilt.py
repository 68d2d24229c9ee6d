"""A day of recordings, some of them spoilt for good, and what an archive of it must come to."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

from msgspec import Struct

from archiver.sandbox import Recording, World
from archiver.sandbox.world.blemish import HOSTILE_ROWS, Blemish, blemish
from archiver.sandbox.world.planted import WHOLE, PlantedOutcome, must_become
from tests.pulls import DAY, State

KEPT = frozenset({Blemish.HOSTILE, Blemish.NULL_DURATION})
"""Blemishes of what is archived all the same: nobody would mend them."""


class Spoilt(Struct):
    """A world, and what its spoilt recordings must become by their ids as served."""

    world: World
    must: dict[str, PlantedOutcome]
    whole: World

    @classmethod
    def day(cls, recordings: int, share: float, seed: int) -> "Spoilt":
        """Return a day of recordings with each blemish in turn on a ``share`` of them."""
        world, hosts = _day(recordings, seed)
        must = {
            blemish(world, host, what, turn): must_become(what)
            for host, (what, turn) in zip(hosts[1 :: round(1 / share)], _blemishes(), strict=False)
        }
        return cls(world, must, _day(recordings, seed)[0])

    def mend(self) -> int:
        """Give what is spoilt the row and the audio that it should have; return how many."""
        mended = [id_ for id_, must in self.must.items() if must.planted not in KEPT]
        for id_ in mended:
            good = self.whole.recordings[id_]
            self.world.recordings.put(good)
            self.world.objects[good.key or ""] = self.whole.objects[good.key or ""]
            del self.must[id_]
        return len(mended)

    def listed(self) -> list[Recording]:
        """Return the day's recordings, those included that have arrived since."""
        return self.world.recordings.between(DAY, DAY + timedelta(days=1), 0, None)[1]

    def truth(self) -> dict[str, tuple[PlantedOutcome, str | None]]:
        """Return what each recording must become, and the SHA-256 of its audio if it has any."""
        return {
            served: (self.must.get(served, WHOLE), self._sha256(recording))
            for recording in self.listed()
            for served in [str(recording.fields.get("id", recording.id))]
        }

    def wrong(self, states: dict[str, State]) -> list[str]:
        """Return the ids that an archive has in another state than it must, or has in excess."""
        truth = self.truth()
        differ = [id_ for id_, must in truth.items() if not _is(must, states.get(id_))]
        return [*differ, *(states.keys() - truth.keys())]

    def _sha256(self, recording: Recording) -> str | None:
        stored = self.world.stored(recording.key) if recording.key else None
        return hashlib.sha256(stored.body).hexdigest() if stored else None


def _day(recordings: int, seed: int) -> tuple[World, list[Recording]]:
    world = World(seed)
    last = DAY + timedelta(hours=23)
    return world, world.add(count=recordings, first=DAY, last=last, seconds=(3, 4))


def _blemishes() -> Iterator[tuple[Blemish, int]]:
    """Yield every blemish in turn, and hostile rows as long as they are unlike each other."""
    for turn in count():
        for what in Blemish:
            if what is not Blemish.HOSTILE or turn < HOSTILE_ROWS:
                yield what, turn


def _is(must: tuple[PlantedOutcome, str | None], state: State | None) -> bool:
    """Whether a recording is as it must be; of what has no audio there may be older bytes."""
    if state is None:
        return False
    expected, sha256 = must
    outcome, verdict, stored = state
    same = (str(outcome), verdict and str(verdict)) == (expected.outcome, expected.verdict)
    return same and (expected.verdict is None or stored == sha256)
