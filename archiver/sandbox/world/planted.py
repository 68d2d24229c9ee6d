"""A world with known troubles, and what an archiver worth its name must make of each recording.

>>> world, expected = plant(seed=1)
>>> len(world.recordings), len(expected)
(60, 60)
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

from msgspec import Struct

from archiver.sandbox.world.blemish import Blemish, blemish
from archiver.sandbox.world.tones import Encoding
from archiver.sandbox.world.world import World

_COUNT = 60
_DAYS = 2
_EVERY = 4
"""Blemishes are apart by so many recordings: one of the two rows of an object stays whole."""


class PlantedOutcome(Struct, frozen=True):
    """The outcome and verdict that a recording must reach, and what was planted in it, if anything.

    ``verdict`` is ``None`` where there is no audio to judge; ``concerns`` are what good audio is to
    be looked at for.
    """

    outcome: str
    verdict: str | None
    planted: Blemish | None = None
    concerns: tuple[str, ...] = ()


WHOLE = PlantedOutcome("archived", "verified")
_EXPECTED = {
    Blemish.WRONG_DURATION: ("quarantined", "duration_mismatch"),
    Blemish.NULL_DURATION: ("archived", "duration_unknown"),
    Blemish.UNREAD_DURATION: ("archived", "duration_unknown"),
    Blemish.NULL_AUDIO: ("no_audio", None),
    Blemish.SHARED_OBJECT: ("quarantined", "duration_mismatch"),
    Blemish.TRUNCATED: ("quarantined", "truncated"),
    Blemish.DAMAGED: ("quarantined", "damaged"),
    Blemish.NOT_AUDIO: ("quarantined", "not_audio"),
    Blemish.MISSING: ("gone", None),
    Blemish.HOSTILE: ("archived", "verified"),
}
_CONCERNS = {Blemish.UNREAD_DURATION: ("duration_unread",)}
_PLANTED = (
    *[Blemish.WRONG_DURATION] * 2,
    Blemish.NULL_DURATION,
    Blemish.UNREAD_DURATION,
    Blemish.NULL_AUDIO,
    Blemish.SHARED_OBJECT,
    Blemish.TRUNCATED,
    Blemish.DAMAGED,
    Blemish.NOT_AUDIO,
    Blemish.MISSING,
    *[Blemish.HOSTILE] * 5,
)


def must_become(what: Blemish) -> PlantedOutcome:
    """Return what a recording must reach in which ``what`` was planted."""
    return PlantedOutcome(*_EXPECTED[what], what, _CONCERNS.get(what, ()))


def plant(seed: int, today: datetime | None = None) -> tuple[World, Mapping[str, PlantedOutcome]]:
    """Return a world, and by served id what each recording must come to.

    It has 60 recordings of every kind of audio, over the two whole days (UTC) before ``today``.
    """
    midnight = datetime.combine((today or datetime.now(UTC)).astimezone(UTC), time(), UTC)
    world = World(seed)
    day = timedelta(days=_DAYS) / len(Encoding)
    for n, kind in enumerate(Encoding):
        first = midnight - timedelta(days=_DAYS) + n * day
        world.add(count=_COUNT // len(Encoding), first=first, last=first + day, kinds=(kind,))
    expected = {recording.id: WHOLE for recording in world.recordings}
    hosts = list(world.recordings)[1::_EVERY]
    for turn, (recording, what) in enumerate(zip(hosts, _PLANTED, strict=True)):
        del expected[recording.id]
        expected[blemish(world, recording, what, turn)] = must_become(what)
    return world, expected
