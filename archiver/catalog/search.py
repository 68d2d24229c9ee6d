"""What the catalog can be asked for recordings by, as questions to SQLite, and its answers. Pure.

A question comes with its values: an iterable of both, to be handed on as it is.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from archiver.catalog.numbers import SHORTEST_END, digits, ends
from archiver.catalog.rows import id_text
from archiver.recordings import RecordingId, Report
from archiver.windows import Window

Question = tuple[str, *tuple[object, ...]]
_SELECT = (
    "SELECT recordings.id, at, audio, held, coalesce(listed.numbers, recordings.numbers), agent,"
    " coalesce(listed.reported_ms, recordings.reported_ms),"
    " coalesce(listed.call_id, recordings.call_id), coalesce(listed.object, told_object), source"
    " FROM recordings LEFT JOIN listed ON listed.id = recordings.id"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A recording that a search found. ``at`` is portal time; ``audio`` is its key, if it has some.

    One that is not ``held`` has its audio in quarantine only. ``call_id`` is as served, by the
    portals that do; ``object`` as in a fingerprint. ``source`` is the report whose row it is.
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
    number: str | None, agent: str | None, first: datetime | None, last: datetime | None
) -> Question:
    """Ask for what is held and matches all that is given."""
    conditions, values = ["held"], list[object]()
    if number is not None:
        condition, given = _number_condition(number)
        conditions.append(condition)
        values += given
    if agent is not None:
        conditions.append("instr(agent_key, ?)")
        values.append(agent.casefold())
    for sign, moment in ((">=", first), ("<=", last)):
        if moment is not None:
            conditions.append(f"at {sign} ?")
            values.append(moment.isoformat())
    return _where(" AND ".join(conditions)), *values


def stored_in(window: Window) -> Question:
    """Ask for what there is audio of in a window, or without a time."""
    return _in_window("audio NOT NULL", window)


def listed_in(window: Window) -> Question:
    """Ask for what the recordings' report has listed in a window, or without a time."""
    return _in_window("source = 'recordings' AND outcome <> 'erased'", window)


def _in_window(condition: str, window: Window) -> Question:
    question = _where(f"{condition} AND (at BETWEEN ? AND ? OR at IS NULL)")
    return question, window.first.isoformat(), window.last.isoformat()


def _where(condition: str) -> str:
    return f"{_SELECT} WHERE {condition} ORDER BY at, recordings.id"


def _number_condition(number: str) -> tuple[str, list[object]]:
    """Return the condition for a number, with its values: one is the end of the other."""
    short = [end[::-1] for end in ends(number)]
    marks = ",".join("?" * len(short))
    condition = f"reversed IN ({marks})"
    values: list[object] = [*short]
    whole = digits(number)[::-1]
    if len(whole) >= SHORTEST_END:
        condition += " OR (reversed >= ? AND reversed < ?)"
        values += [whole, whole + ":"]
    return f"recordings.id IN (SELECT id FROM numbers WHERE {condition})", values  # noqa: S608 - marks only


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
