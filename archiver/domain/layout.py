"""The names of everything in an archive: one layout, one grammar, the same in folder and bucket.

A name is made of the portal's own time, the recording's id and the first 12 hex digits of the
SHA-256 of the very bytes it names, so one name is one content. What cannot be made here cannot be
stored or read: :func:`checked` is the only validator, on the way in and on the way out.

>>> stem("42", datetime(2019, 6, 11, 6, 4, 21))
'20190611-060421_42'
>>> safe_id("../../etc/cron.d/x")[:10]
'x-ea88c59c'
"""

import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

ARCHIVE_KEY = "ARCHIVE.json"
PRIVATE = ".archiver"
"""The folder of locks, part files and the catalog: beside the archive, no part of it."""
UNDATED = "undated"
ASIDE = "aside"
"""The ending of a file that was set aside: kept in quarantine, entered and adopted by nobody."""

EXTENSION = re.compile("[a-z0-9]{1,8}")
_ID = r"[0-9]{1,20}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PLAIN_ID = re.compile(_ID)
_DAY = rf"[0-9]{{4}}/[0-9]{{2}}/[0-9]{{2}}|{UNDATED}"
RECORDING_NAME = re.compile(
    rf"(?P<shelf>recordings|quarantine)/(?P<day>{_DAY})/"
    rf"(?:(?P<date>[0-9]{{8}})-[0-9]{{6}}_)?(?P<id>{_ID}|x-[0-9a-f]{{64}})"
    rf"\.(?P<sha12>[0-9a-f]{{12}})\.(?P<extension>{EXTENSION.pattern})"
)
_LOOKED_AT = 64
"""So many names stay taken apart: whatever handles a file looks at its name several times."""
_ASIDE = re.compile(rf"quarantine/(?P<was>.+)\.(?P<sha12>[0-9a-f]{{12}})\.{ASIDE}")
_MANIFEST = re.compile(r"manifests/(?P<number>[0-9]{8})\.json")
CALLS_NAME = re.compile(rf"calls/(?P<day>{_DAY})/(?P<sha12>[0-9a-f]{{12}})\.jsonl")
EXPORT_NAME = re.compile(r"exports/(?P<sha12>[0-9a-f]{12})\.json")
HOLD_NAME = re.compile(r"holds/(?P<sha12>[0-9a-f]{12})\.json")
CERTIFICATE_NAME = re.compile(
    r"certificates/(?P<day>[0-9]{4}/[0-9]{2}/[0-9]{2})/(?P<sha12>[0-9a-f]{12})\.json"
)


_DAY_AND_ZONES = timedelta(days=1, hours=12)
"""A portal day, and as long as it lasts farther in the zone that is furthest behind UTC."""


class BadKey(ValueError):
    """The name is none that an archive can hold."""


class Shelf(StrEnum):
    """Where a recording lies: with the good ones, or apart."""

    RECORDINGS = "recordings"
    QUARANTINE = "quarantine"


class Named(Struct, frozen=True):
    """What a recording's key says. ``day`` is ``2019/06/11`` or ``undated``."""

    shelf: Shelf
    safe_id: str
    day: str
    sha12: str
    extension: str


def safe_id(recording: str) -> str:
    """Return a lower-case UUID or 1 to 20 digits as they are, ``x-<sha256>`` for any other id."""
    if _PLAIN_ID.fullmatch(recording):
        return recording
    return "x-" + hashlib.sha256(recording.encode("utf-8", "surrogatepass")).hexdigest()


def day_folder(at: datetime | date | None) -> str:
    """Return ``2019/06/11`` for that portal day, ``undated`` for none."""
    return UNDATED if at is None else f"{at.year:04}/{at.month:02}/{at.day:02}"


def stem(recording: str, at: datetime | None) -> str:
    """Return ``20190611-060421_<id>``, or the safe id alone when there is no time."""
    if at is None:
        return safe_id(recording)
    day = day_folder(at).replace("/", "")
    return f"{day}-{at.hour:02}{at.minute:02}{at.second:02}_{safe_id(recording)}"


def audio_key(
    shelf: Shelf, recording: str, at: datetime | None, sha256: str, extension: str
) -> str:
    """Return the name of audio whose bytes hash to ``sha256``."""
    return checked(f"{shelf}/{day_folder(at)}/{stem(recording, at)}.{sha256[:12]}.{extension}")


def sidecar_key(shelf: Shelf, recording: str, at: datetime | None, sha256: str) -> str:
    """Return the name of a sidecar whose own bytes hash to ``sha256``."""
    return audio_key(shelf, recording, at, sha256, "json")


def aside_key(key: str, sha256: str) -> str:
    """Return the name to keep what lies under ``key`` apart, whose bytes hash to this.

    The name that it had is in it, so that it says what it was; of a recording, without its shelf.
    """
    rest = key.partition("/")[2] if parse(checked(key)) else key
    return checked(f"{Shelf.QUARANTINE}/{rest}.{sha256[:12]}.{ASIDE}")


def is_set_aside(key: str) -> bool:
    """Whether that is a name of :func:`aside_key`, or one that it made in earlier versions."""
    named = parse(key)
    if named is not None:
        return named.shelf is Shelf.QUARANTINE and named.extension == ASIDE
    return _set_aside(key) is not None


def calls_key(day: date | None, sha256: str) -> str:
    """Return the name of a day's call rows whose bytes hash to ``sha256``."""
    return checked(f"calls/{day_folder(day)}/{sha256[:12]}.jsonl")


def certificate_key(day: date, sha256: str) -> str:
    """Return the name of a day's certificate whose bytes hash to ``sha256``."""
    return checked(f"certificates/{day_folder(day)}/{sha256[:12]}.json")


def calls_over(key: str) -> datetime | None:
    """Return when the day of a file of calls is over in every zone, in UTC.

    ``None`` for a file of undated calls, and for any other name.
    """
    named = CALLS_NAME.fullmatch(key)
    if named is None or named["day"] == UNDATED:
        return None
    return datetime.strptime(named["day"], "%Y/%m/%d").replace(tzinfo=UTC) + _DAY_AND_ZONES


def export_key(sha256: str) -> str:
    """Return the name of what was asked for in an export, whose bytes hash to ``sha256``."""
    return checked(f"exports/{sha256[:12]}.json")


def hold_key(sha256: str) -> str:
    """Return the name of what a standing hold binds, whose bytes hash to ``sha256``."""
    return checked(f"holds/{sha256[:12]}.json")


def sha12_of(key: str) -> str | None:
    """Return how the SHA-256 begins of what a name names, ``None`` for a name that doesn't say."""
    named = _recording(key) or _other(key) or _set_aside(key)
    return named["sha12"] if named else None


def manifest_key(number: int) -> str:
    """Return ``manifests/00000012.json`` for 12."""
    return checked(f"manifests/{number:08}.json")


def manifest_number(key: str) -> int | None:
    """Return 12 for ``manifests/00000012.json``, ``None`` for any other name."""
    match = _MANIFEST.fullmatch(key)
    return int(match["number"]) or None if match else None


def is_of_chain(key: str) -> bool:
    """Whether it is the name of the archive's own file, or of a manifest."""
    return key == ARCHIVE_KEY or manifest_number(key) is not None


def parse(key: str) -> Named | None:
    """Return what the name of a recording's audio or sidecar says, ``None`` for any other name."""
    match = _recording(key)
    if match is None:
        return None
    return Named(
        Shelf(match["shelf"]), match["id"], match["day"], match["sha12"], match["extension"]
    )


def day_named(key: str) -> date | None:
    """Return the portal day that the name of a recording's file tells, ``None`` for undated."""
    named = parse(key)
    if named is None or named.day == UNDATED:
        return None
    return date(*map(int, named.day.split("/")))


def recording_of(key: str) -> str | None:
    """Return the safe id of the recording that a name is of, also where it was set aside.

    ``None`` for any other name.
    """
    named = parse(key)
    if named is None and (aside := _ASIDE.fullmatch(key)):
        named = parse(f"{Shelf.RECORDINGS}/{aside['was']}") or parse(aside["was"])
    return named.safe_id if named else None


@lru_cache(_LOOKED_AT)
def _recording(key: str) -> re.Match[str] | None:
    """Return the parts of the name of a recording's file; its day and its date are one."""
    match = RECORDING_NAME.fullmatch(key)
    if match is None or (match["date"] or UNDATED) != match["day"].replace("/", ""):
        return None
    return match


def checked(key: str) -> str:
    """Return ``key`` if an archive can hold it; raises :class:`BadKey`."""
    if not (_is_plain(key) or _set_aside(key)):
        raise BadKey(f"not a name of this archive's layout: {key[:120]!a}")
    return key


def _is_plain(key: str) -> bool:
    """Whether that is the name of something that was not set aside."""
    return bool(is_of_chain(key) or parse(key) or _other(key))


def _other(key: str) -> re.Match[str] | None:
    """Return the parts of a name that is no recording's and no manifest's, and has its hash."""
    names = (CALLS_NAME, CERTIFICATE_NAME, EXPORT_NAME, HOLD_NAME)
    return next((found for name in names if (found := name.fullmatch(key))), None)


def _set_aside(key: str) -> re.Match[str] | None:
    """Return the parts of a name of :func:`aside_key`."""
    match = _ASIDE.fullmatch(key)
    if match is None:
        return None
    was = match["was"]
    return match if _is_plain(was) or _is_plain(f"{Shelf.RECORDINGS}/{was}") else None
