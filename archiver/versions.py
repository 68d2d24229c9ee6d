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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from archiver.documents import dumps
from archiver.recordings import Json, RecordingId, Row

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
_HOST = re.compile(r"[a-z]+://[^/]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """SHA-256 of what a row tells, and of its object's name: ``None`` when it gives no audio.

    Of personal data, so it belongs where they may be: hashes of numbers hide nothing.
    """

    row: str
    object: str | None


def fingerprint(fields: Mapping[str, Json]) -> Fingerprint:
    """Return the fingerprint of a row's ``fields``; what is missing counts as null."""
    telling = [fields.get(name) for name in TELLING]
    name = _object_name(fields)
    return Fingerprint(_hash(telling), None if name is None else _hash(name))


def call_fingerprint(fields: Mapping[str, Json]) -> str:
    """Return the SHA-256 of what a call's row tells, and of the object that it gives, if any."""
    telling = [fields.get(name) for name in TELLING_CALLS]
    return _hash([*telling, fingerprint(fields).object])


def differs(before: Fingerprint, now: Fingerprint) -> bool:
    """Whether the row changed. One that lost its audio and nothing else did not: ours is kept."""
    moved = now.object is not None and now.object != before.object
    return moved or now.row != before.row


@dataclass(frozen=True, slots=True)
class Mark:
    """What tells recordings of one id apart: the time of the row, and the object that it gives.

    Either is ``None`` where it is not known.
    """

    at: datetime | None
    object: str | None

    def likeness(self, other: "Mark") -> tuple[bool, bool]:
        """Return how much speaks for one recording: the same time first, then the same object."""
        return self.at == other.at, self.object == other.object


def mark_of(row: Row) -> Mark:
    """Return what tells a row from others of its id."""
    return Mark(row.at, fingerprint(row.fields).object)


def are_two(one: Mark, other: Mark, *, at_once: bool = False) -> bool:
    """Whether two rows of one id are of two recordings.

    One may have been re-dated, and then gives the same object, or it has a new version, and then
    has the same time. Rows that are listed ``at_once`` are no versions of each other.
    """
    is_moved = None not in {one.at, other.at} and one.at != other.at
    is_replaced = one.object != other.object
    is_known = None not in {one.object, other.object}
    if at_once:
        return is_replaced and (is_moved or is_known)
    return is_replaced and is_moved and is_known


def found_again(wanted: Row, rows: Iterable[Row]) -> Row | None:
    """Return which of some rows of its id is ``wanted`` once more, ``None`` if all are others."""
    mark = mark_of(wanted)
    marks = [(mark_of(row), row) for row in rows]
    same = [(mark.likeness(each), row) for each, row in marks if not are_two(mark, each)]
    return max(same, key=itemgetter(0))[1] if same else None


RowKey = tuple[RecordingId, datetime | None, str | None]


def row_key(row: Row) -> RowKey:
    """Return what tells a row from others of the same listing: its id alone may be on several."""
    return row.id, row.at, _object_name(row.fields)


def _object_name(fields: Mapping[str, Json]) -> str | None:
    audio = fields.get("audio")
    is_named = isinstance(audio, str) and audio.strip()
    return _HOST.sub("", str(audio)) if is_named else None


def _hash(value: Json) -> str:
    return hashlib.sha256(dumps(value)).hexdigest()
