"""Whether a portal says something else of a recording than it said before. Pure.

Only fields that tell something of the recording count: some portals serve others that change from
one request to the next (a row's place in the list, "2 hours ago"). The same with the audio: its
link is another each time, so the name of its object is compared, without the host.

>>> told = fingerprint({"duration": "00:00:07", "serial": 1, "audio": "https://a.example/k.mp3"})
>>> differs(told, fingerprint({"duration": "00:00:07", "serial": 2, "audio": None}))
False
>>> differs(told, fingerprint({"duration": "00:00:09", "audio": "https://a.example/k.mp3"}))
True
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from msgspec import Struct

from archiver.domain.recordings import Row
from archiver.json_documents import Json, dumps

TELLING = (
    *("call_from", "call_to", "duration", "agent", "created_at"),
    *("agent_id", "call_id", "name", "notes", "options", "service", "storage", "user_id"),
)
"""The provider's page's own fields of a recording, and those that other portals add to them."""
TELLING_CALLS = (
    *("call_from", "call_to", "service", "bridge", "status", "duration", "billing", "pulsing"),
    *("charges", "start_at", "end_at", "hangup_by", "dtmf", "location", "region", "provider"),
    *("notes", "name", "agent", "agent_id", "user_id"),
)
"""The same of a call."""
_KEPT = 8_192
"""Of so many rows the name stays known: listing, naming and planning each ask for it."""
_HOST = re.compile(r"[a-z]+://[^/]*", re.IGNORECASE)


class Fingerprint(Struct, frozen=True):
    """SHA-256 of what a row tells, and of its object's name: ``None`` when it gives no audio.

    Of personal data, so it belongs where they may be: hashes of numbers hide nothing.
    """

    row: str
    object: str | None


def fingerprint(fields: Mapping[str, Json]) -> Fingerprint:
    """Return the fingerprint of a row's ``fields``; what is missing counts as null."""
    telling = [fields.get(name) for name in TELLING]
    return Fingerprint(_hash(telling), object_name(fields))


def call_fingerprint(fields: Mapping[str, Json]) -> str:
    """Return the SHA-256 of what a call's row tells, and of the object that it gives, if any."""
    telling = [fields.get(name) for name in TELLING_CALLS]
    return _hash([*telling, object_name(fields)])


def talkers(fields: Mapping[str, Json]) -> str:
    """Return the SHA-256 of who talked with whom, as a call's row tells it."""
    return _hash([fields.get("call_from"), fields.get("call_to")])


def differs(before: Fingerprint, now: Fingerprint) -> bool:
    """Whether the row changed. One that lost its audio and nothing else did not: ours is kept."""
    moved = now.object is not None and now.object != before.object
    return moved or now.row != before.row


class Mark(Struct, frozen=True):
    """What tells recordings of one id apart: the time of the row, and the object that it gives.

    Either is ``None`` where it is not known; so is who talked, which only a run notes.
    """

    at: datetime | None
    object: str | None
    talkers: str | None = None

    def likeness(self, other: "Mark") -> tuple[bool, bool]:
        """Return how much speaks for one recording: the same time first, then the same object."""
        return self.at == other.at, self.object == other.object


def mark_of(row: Row) -> Mark:
    """Return what tells a row from others of its id."""
    return Mark(row.at, object_name(row.fields))


def are_two(known: Mark, now: Mark, *, at_once: bool = False) -> bool:
    """Whether two rows of one id are of two recordings: both the time and the object differ.

    A row that is dated anew gives the same object, and one with a new version has the same time.
    What gave no object may get it later, unless both are listed ``at_once``; what gives none any
    more has not moved as well. Where one of them has no time, other audio is another recording's.
    """
    if None in {known.at, now.at} and None not in {known.object, now.object}:
        return known.object != now.object and (known.at != now.at or at_once)
    is_moved = None not in {known.at, now.at} and known.at != now.at
    is_replaced = known.object != now.object
    return is_moved and is_replaced and (known.object is not None or at_once)


def are_of_others(listed: Mark, row: Row) -> bool:
    """Whether a row that is listed at once with another of its id is of others, of another time.

    No portal corrects who talked and when between two questions. So the audio does not matter: of
    some portals all links have one path, and only the query, which is a secret, tells them apart.
    """
    if listed.talkers is None or None in {listed.at, row.at} or listed.at == row.at:
        return False
    return listed.talkers != talkers(row.fields)


def found_again(wanted: Row, rows: Sequence[Row]) -> int | None:
    """Return which of some rows of its id is ``wanted`` once more, ``None`` if all are others."""
    mark, marks = mark_of(wanted), [mark_of(row) for row in rows]
    same = [number for number, each in enumerate(marks) if not are_two(mark, each)]
    return max(same, key=lambda number: mark.likeness(marks[number]), default=None)


def object_name(fields: Mapping[str, Json]) -> str | None:
    """Return the SHA-256 of the name of a row's audio, without the host."""
    audio = fields.get("audio")
    return _name_of(audio) if isinstance(audio, str) and audio.strip() else None


@lru_cache(_KEPT)
def _name_of(audio: str) -> str:
    return _hash(_HOST.sub("", audio))


def _hash(value: Json) -> str:
    return hashlib.sha256(dumps(value)).hexdigest()
