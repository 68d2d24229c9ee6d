"""How people name a recording: by its id, by the beginning of it, or by a file of ours. Pure.

>>> id_in("calls/20261122-021302_3f10cb7c-e61a-11f1-a97c-91b72265b1f5.quarantined.mp3")
'3f10cb7c-e61a-11f1-a97c-91b72265b1f5'
>>> covers("3f10cb7c", "3f10cb7c-e61a-11f1-a97c-91b72265b1f5")
True

A UUID is the same in small letters and in capitals, however it is typed: most portals serve it in
small letters, some in capitals, and it is kept as served. Of other ids, capitals may tell two
recordings apart.

>>> covers("3F10CB7C", "3f10cb7c-e61a-11f1-a97c-91b72265b1f5"), covers("Ab", "ab")
(True, False)
"""

import re
from collections.abc import Iterable, Sequence

from archiver.domain.recordings import RecordingId
from archiver.domain.row.identity import alias_of, goes_by
from archiver.errors import UsageError

SHORTEST = 4
_ANY_UUID = "00000000-0000-0000-0000-000000000000"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FILE = re.compile(
    rf"(?:.*/)?(?:[0-9]{{8}}-[0-9]{{6}}_)?(?P<id>{_UUID.pattern}|[0-9]{{1,20}})"
    r"(?:\.[0-9a-f]{12})?(?:\.quarantined)?\.(?![0-9]+$)[a-z0-9]{1,8}"
)
"""No kind of file is digits only, but some portals' ids have digits on both sides of a dot."""


def id_in(text: str) -> str:
    """Return the id in the name of a file of ``get`` or of an archive, else the text as it is kept.

    An id may look like the name of a file: what has the text itself as its id is meant before.
    """
    match = _FILE.fullmatch(text)
    return match["id"] if match else as_kept(text)


def as_kept(text: str) -> str:
    """Return a whole UUID in small letters, and any other text as it is."""
    small = text.lower()
    return small if _UUID.fullmatch(small) else text


def spellings(text: str) -> tuple[str, ...]:
    """Return what a text may be as an id that is kept: itself before all, a UUID in capitals last.

    >>> spellings("7"), len(spellings("3f10cb7c-e61a-11f1-a97c-91b72265b1f5"))
    (('7',), 2)
    """
    id_ = id_in(text)
    capitals = (id_.upper(),) if _UUID.fullmatch(id_) else ()
    return tuple(dict.fromkeys((text, id_, *capitals)))


def is_short(text: str) -> bool:
    """Whether a text can be the beginning of an id alone: digits only are an id by themselves."""
    is_beginning = _UUID.fullmatch(text.lower() + _ANY_UUID[len(text) :]) is not None
    return is_beginning and SHORTEST <= len(text) < len(_ANY_UUID) and not text.isdigit()


def begins(text: str, id_: str) -> bool:
    """Whether a text, digits only or not, is the beginning of that id, which is a UUID.

    So where no recording has the text itself as its id, no other id is meant by accident.
    """
    served = alias_of(id_) or id_
    is_part = is_long_enough(text) and len(text) < len(served)
    return is_part and served.startswith(text.lower()) and _UUID.fullmatch(served) is not None


def is_long_enough(text: str) -> bool:
    """Whether a text may be taken for the beginning of an id."""
    return len(text) >= SHORTEST


def covers(asked: str, id_: str) -> bool:
    """Whether an id is the one that was asked for: whole, by its beginning, or by a file of it.

    So is an alias of it: some portals give one id to several recordings.
    """
    is_it = goes_by(id_, asked) or goes_by(id_, id_in(asked))
    return is_it or (is_short(asked) and (id_.startswith(asked) or begins(asked, id_)))


def meant(text: str, found: Iterable[RecordingId]) -> list[RecordingId]:
    """Return which of the found ids a text means; digits begin an id only where they are none.

    >>> meant("3710", ["3710cb7c-e61a-11f1-a97c-91b72265b1f5", "3710"])
    ['3710']
    """
    ids = [*found]
    return [id_ for id_ in ids if covers(text, id_)] or [id_ for id_ in ids if begins(text, id_)]


def see_unambiguous(asked: Iterable[str], found: Sequence[RecordingId]) -> None:
    """Raise :class:`UsageError` for a beginning that several of the found ids have.

    Recordings that the portal gives one id are one in this.
    """
    for each in asked:
        see_one(each, meant(each, found))


def see_one(text: str, found: Iterable[RecordingId]) -> None:
    """Raise :class:`UsageError` where what a text means are several ids."""
    fitting = sorted({alias_of(id_) or id_ for id_ in found})
    if len(fitting) > 1:
        raise UsageError(
            f"{text} is the beginning of {len(fitting)} ids: {', '.join(fitting[:9])}.",
            advice="Give more of it.",
        )
