"""Blemishes of single recordings: what can be wrong with a row, or with the object behind it.

Faults happen to requests and pass; a blemish belongs to the world and stays.
"""

from enum import StrEnum

from msgspec.structs import replace

from archiver.sandbox.world.tones import Encoding, Tone, render
from archiver.sandbox.world.world import Recording, World

_HTML = b"<!DOCTYPE html><html><body><h1>503 Service Unavailable</h1></body></html>\n"
_TORN_PAGE = bytes(4_096)
_OFF_BY_SECONDS = 46
_HOSTILE: tuple[dict[str, object], ...] = (
    {"id": "../../etc/cron.d/x", "agent": "\x1b]0;owned\x07\x1b[2J"},
    {"id": "/etc/passwd\x00.mp3", "agent": "=HYPERLINK('http://127.0.0.1/','click')"},
    {"id": "CON", "agent": "\ud800lone", "notes": "first line\nsecond line"},
    {"id": "\u202e3pm.x", "agent": "Ann", "serial": 10**40, "notes": "NaN"},
    {"id": "x" * 300, "agent": "@SUM(1+1)", "name": "caf\u0065\u0301"},
)
HOSTILE_ROWS = len(_HOSTILE)
"""So many hostile rows are unlike each other: the ids are among what is hostile in them."""


class Blemish(StrEnum):
    """What can be wrong with a recording."""

    WRONG_DURATION = "wrong-duration"
    """The row says 46 s more than the audio has."""
    NULL_DURATION = "null-duration"
    """The row says no duration."""
    UNREAD_DURATION = "unread-duration"
    """The row says its duration in words that mean nothing."""
    NULL_AUDIO = "null-audio"
    """The row has no link: the recording is not ready."""
    SHARED_OBJECT = "shared-object"
    """The row leads to its neighbour's object, and says another duration."""
    TRUNCATED = "truncated"
    """The object is cut at three fifths, behind a header that says it is whole."""
    DAMAGED = "damaged"
    """A page of 4 KiB of the object is zeroes."""
    NOT_AUDIO = "not-audio"
    """The object is an HTML page, served under 200."""
    MISSING = "missing"
    """The object does not exist: 404."""
    HOSTILE = "hostile"
    """The id, the names and the notes attack paths, terminals and spreadsheets."""


def blemish(world: World, recording: Recording, what: Blemish, turn: int = 0) -> str:
    """Spoil ``recording`` and return its id as served; ``turn`` chooses among hostile fields."""
    match what:
        case Blemish.WRONG_DURATION:
            world.edit(recording.id, duration=_longer(recording))
        case Blemish.NULL_DURATION:
            world.edit(recording.id, duration=None)
        case Blemish.UNREAD_DURATION:
            world.edit(recording.id, duration="a while")
        case Blemish.NULL_AUDIO:
            world.recordings.put(replace(recording, key=None))
        case Blemish.SHARED_OBJECT:
            _share(world, recording)
        case Blemish.HOSTILE:
            fields = _HOSTILE[turn % len(_HOSTILE)]
            world.edit(recording.id, **fields)
            return str(fields["id"])
        case _:
            _spoil_object(world, recording, what)
    return recording.id


def _longer(recording: Recording) -> str:
    minutes, seconds = divmod(recording.seconds + _OFF_BY_SECONDS, 60)
    return f"00:{minutes:02}:{seconds:02}"


def _share(world: World, recording: Recording) -> None:
    """Lead ``recording`` to the next older object, which is another's."""
    older = world.recordings.between(None, recording.at, 0, None)[1]
    other = next((each for each in older if each.key in world.objects), None)
    if other is None:
        raise ValueError(f"recording {recording.id} has no older neighbour to share an object with")
    shared = replace(recording, key=other.key, seconds=other.seconds + _OFF_BY_SECONDS)
    world.recordings.put(shared)


def _spoil_object(world: World, recording: Recording, what: Blemish) -> None:
    if recording.key is None:
        raise ValueError(f"recording {recording.id} has no object that could be {what}")
    tone = world.objects.get(recording.key)
    take = tone.take if isinstance(tone, Tone) else 0
    whole = render(Tone(Encoding.CBR, recording.seconds, take)).body
    match what:
        case Blemish.TRUNCATED:
            world.store(recording.key, whole[: len(whole) * 3 // 5 + 7])
        case Blemish.DAMAGED:
            middle = len(whole) // 2
            torn = whole[:middle] + _TORN_PAGE + whole[middle + len(_TORN_PAGE) :]
            world.store(recording.key, torn)
        case Blemish.NOT_AUDIO:
            world.store(recording.key, _HTML, "text/html")
        case _:
            del world.objects[recording.key]
