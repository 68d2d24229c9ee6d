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
from collections.abc import Mapping
from dataclasses import dataclass

from archiver.documents import dumps
from archiver.recordings import Json

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
    audio = fields.get("audio")
    named = isinstance(audio, str) and audio.strip()
    return Fingerprint(_hash(telling), _hash(_HOST.sub("", str(audio))) if named else None)


def call_fingerprint(fields: Mapping[str, Json]) -> str:
    """Return the SHA-256 of what a call's row tells, and of the object that it gives, if any."""
    telling = [fields.get(name) for name in TELLING_CALLS]
    return _hash([*telling, fingerprint(fields).object])


def differs(before: Fingerprint, now: Fingerprint) -> bool:
    """Whether the row changed. One that lost its audio and nothing else did not: ours is kept."""
    moved = now.object is not None and now.object != before.object
    return moved or now.row != before.row


def _hash(value: Json) -> str:
    return hashlib.sha256(dumps(value)).hexdigest()
