"""What the catalog can be asked for recordings by, as questions to SQLite, and its answers. Pure.

A question comes with its values: an iterable of both, to be handed on as it is.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec import Struct

from archiver.catalog.questions.filtering.filter_sql import agent_condition, number_condition
from archiver.catalog.recording_rows import sides
from archiver.catalog.sql import select
from archiver.domain.recordings import RecordingId, Report, id_bytes, id_text
from archiver.domain.times.window import Window
from archiver.filters.filters import NumberPattern

Question = tuple[str, *tuple[object, ...]]
NEAREST = 8
_COLUMNS = (
    "recordings.id, at, audio, held, coalesce(listed.numbers, recordings.numbers), agent,"
    " coalesce(listed.reported_ms, recordings.reported_ms),"
    " coalesce(listed.call_id, recordings.call_id), coalesce(listed.object, told_object), source"
)
_FROM = "FROM recordings LEFT JOIN listed ON listed.id = recordings.id"


class Found(Struct, frozen=True):
    """A recording that a search found. ``at`` is portal time; ``audio`` is its key, or empty.

    What is not ``held`` has its audio in quarantine only, or none. ``call_id`` is as served, by the
    portals that do; ``object`` as in a fingerprint; ``source`` is the report whose row it is.
    """

    id: RecordingId
    at: datetime | None
    audio: str
    held: bool
    numbers: tuple[str, ...]
    agent: str | None
    reported_ms: int | None
    call_id: str | None
    object: str | None
    source: Report = Report.RECORDINGS


def matching(
    numbers: Sequence[NumberPattern],
    agents: Sequence[str],
    first: datetime | None,
    last: datetime | None,
) -> Question:
    """Ask for what matches one of the numbers, one of the agents, and the time, if any is given.

    What has no time may lie in any.
    """
    asked = [number_condition(numbers)] if numbers else []
    asked += [agent_condition(agents)] if agents else []
    every: list[tuple[str, tuple[object, ...]]] = [("outcome <> 'erased'", ())]
    every += [(each.text, each.values) for each in asked]
    ends = ((">=", first), ("<=", last))
    every += [(f"(at {sign} ? OR at IS NULL)", (at.isoformat(),)) for sign, at in ends if at]
    return _where(" AND ".join(text for text, _ in every)), *(v for _, some in every for v in some)


def listed_in(window: Window) -> Question:
    """Ask for what the recordings' report has listed in a window, or without a time."""
    return _in_window("source = 'recordings' AND outcome <> 'erased'", window)


def known_in(window: Window) -> Question:
    """Ask for what either report has listed in a window and is kept as a recording, or undated."""
    return _in_window("outcome <> 'erased'", window)


def known_as(id_: RecordingId) -> Question:
    """Ask for what has that id and is kept as a recording."""
    return _where("recordings.id = ? AND outcome <> 'erased'"), id_bytes(id_)


def same_audio(sha256: str, other_than: str, near: datetime | None, *, held: bool) -> Question:
    """Ask for other recordings with that audio, held or any: the nearest few in time.

    How many there are stands at the end of each row.
    """
    condition = "audio_sha256 = ? AND recordings.id <> ?" + (" AND held" if held else "")
    order = f"at IS NULL, abs(julianday(at) - julianday(?)), recordings.id LIMIT {NEAREST}"
    question = f"SELECT {_COLUMNS}, count(*) OVER () {_FROM} WHERE {condition} ORDER BY {order}"
    return question, sha256, id_bytes(other_than), near.isoformat() if near else None


def shared_objects(names: Collection[str]) -> Question:
    """Ask which of these objects more than one listed recording has."""
    name = "coalesce(listed.object, told_object)"
    among = f"source = ? AND {name} IN ({select('value', 'json_each(?)')})"
    question = f"SELECT {name} {_FROM} WHERE {among} GROUP BY {name} HAVING count(*) > 1"
    return question, Report.RECORDINGS, json.dumps(sorted(names))


def _in_window(condition: str, window: Window) -> Question:
    question = _where(f"{condition} AND (at BETWEEN ? AND ? OR at IS NULL)")
    return question, *sides(window)


def _where(condition: str) -> str:
    return f"SELECT {_COLUMNS} {_FROM} WHERE {condition} ORDER BY at, recordings.id"


def found_of(row: tuple[object, ...]) -> Found:
    """Return what a row of an answer says."""
    stored, at, audio, held, numbers, agent, reported_ms, call_id, name, source = row
    return Found(
        id=id_text(stored),
        at=datetime.fromisoformat(str(at)) if at else None,
        audio=str(audio or ""),
        held=bool(held),
        numbers=tuple(json.loads(str(numbers))),
        agent=None if agent is None else str(agent),
        reported_ms=None if reported_ms is None else int(str(reported_ms)),
        call_id=None if call_id is None else str(call_id),
        object=None if name is None else str(name),
        source=Report(str(source)),
    )
