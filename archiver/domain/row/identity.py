"""What a row goes by: its id as served, or the hash of what it says where it has none. Pure.

A number names a row of one report only; the other report has the same numbers for other things. An
archive holds audio of both, so a call goes by ``call-7`` where its report says 7.

>>> identity({"id": 7}, Report.RECORDINGS), identity({"id": 7}, Report.CALLS)
('7', 'call-7')

Some portals give one id to two recordings. The second then goes by an alias, made of the id and of
what tells the two apart, so that it is the same in every run.
"""

import hashlib
import re
from collections.abc import Mapping

from archiver.domain.recordings import RecordingId, Report
from archiver.json_documents import Json, dumps
from archiver.scrubbing import clean

_NUMBER = re.compile("[0-9]+")
_MARK = "~"
_LATER = frozenset({"audio", "duration"})
"""Fields that a row may get later, or anew: they tell nothing of which recording it is."""
_ALIAS = re.compile(f"(?s)(.+){_MARK}[0-9a-f]{{12}}")


def identity(fields: Mapping[str, Json], report: Report) -> RecordingId:
    """Return the id of a row of a report; addresses in its fields have lost their queries."""
    served = _served(fields.get("id"))
    if served is None:
        return unnamed({name: value for name, value in fields.items() if name not in _LATER})
    is_ambiguous = report is Report.CALLS and _NUMBER.fullmatch(served)
    return RecordingId(f"call-{served}" if is_ambiguous else served)


def has_id(fields: Mapping[str, Json]) -> bool:
    """Whether a row has an id as served."""
    return _served(fields.get("id")) is not None


def unnamed(telling: Json) -> RecordingId:
    """Return the name of a row without an id: the hash of what tells it from others."""
    return RecordingId("no-id-" + hashlib.sha256(dumps(telling)).hexdigest()[:32])


def alias(served: RecordingId, *telling: str) -> RecordingId:
    """Return the name of a row whose id as served is another's; ``telling`` tells them apart.

    >>> alias(RecordingId("7"), "2019-06-11T06:04:21")
    '7~44bb9c50c791'
    """
    digest = hashlib.sha256("\n".join(telling).encode("utf-8", "surrogatepass")).hexdigest()
    return RecordingId(f"{served}{_MARK}{digest[:12]}")


def alias_of(name: str) -> RecordingId | None:
    """Return the id as served that an alias was made of, ``None`` for any other id."""
    match = _ALIAS.fullmatch(name)
    return RecordingId(match[1]) if match else None


def goes_by(name: str, served: str) -> bool:
    """Whether a name is that id as served, or an alias of it."""
    return served in {name, alias_of(name)}


def aliases(served: str) -> tuple[str, str]:
    """Return between which texts all aliases of an id sort."""
    return served + _MARK, served + chr(ord(_MARK) + 1)


def _served(value: Json) -> str | None:
    """Return an id as it is kept, ``None`` when there is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return (clean(value) or None) if isinstance(value, str) else None
