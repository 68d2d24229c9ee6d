"""Filters as questions to SQLite: which recordings pass, and which might. Pure.

SQLite does not know how many rows have a value, so the plan is laid here: of the filters that are
given, the one that usually leaves the fewest may use its index, and the others are looked at in
the rows that it leaves. What has no such filter is looked for among all recordings, by time.
"""

import json
from collections.abc import Iterator, Sequence

from msgspec import Struct

from archiver.catalog.numbers import ends, last_digits, meant
from archiver.catalog.questions.recording_states import WAITS
from archiver.catalog.recording_rows import sides
from archiver.catalog.sql import select
from archiver.domain.recordings import id_bytes
from archiver.domain.times.window import Window
from archiver.filters.caseless import caseless
from archiver.filters.filters import Filters, Length, NumberPattern, Standing

Value = str | int | bytes
Question = tuple[str, *tuple[object, ...]]
NUMBERS = ("numbers",)
"""The table of the numbers that the row of what is held tells."""
NUMBERS_EVER_TOLD = (*NUMBERS, "other_numbers")
"""Those of all that any row told which the archive has: also a former one, or a refused one."""
_NO_OUTCOME = {Standing.WAITING: WAITS, Standing.OPEN: "open", Standing.ACCEPTED: "accepted"}
_AMONG = "recordings.rowid IN (SELECT rowid FROM recordings WHERE {})"
_NO_NUMBERS = _AMONG.format("NOT tells_numbers AND outcome <> 'erased'")
_NO_AGENT = _AMONG.format("NOT tells_agent AND outcome <> 'erased'")
_NO_TIME = "at IS NULL"
_NO_LENGTH = "(length_ms IS NULL AND outcome <> 'erased')"


class Condition(Struct, frozen=True):
    """What a filter asks of a row, with the values for its marks.

    ``unknown`` holds for the rows of which nothing tells whether they pass. What is ``indexed``
    begins with the column whose index may be used, ``with_time`` if that goes on by time;
    ``is_time`` if it is the time itself. What is ``of_calls`` is unknown of any recording.
    """

    text: str
    values: tuple[Value, ...] = ()
    unknown: str | None = None
    indexed: bool = True
    with_time: bool = False
    is_time: bool = False
    of_calls: bool = False

    @property
    def looked_at(self) -> str:
        """The same, so that SQLite looks at rows instead of using the column's index."""
        return f"+{self.text}" if self.indexed else self.text

    def or_unknown(self, text: str) -> str:
        """Return what holds for the rows that pass, by that text, and for those that may."""
        return f"({text} OR {self.unknown})" if self.unknown else text


def passing(filters: Filters, ids: Sequence[str], numbers: Sequence[str] = NUMBERS) -> Question:
    """Ask for the rows that pass every filter; ``ids`` are those of the filters, made whole.

    The question goes on behind ``FROM recordings``. ``numbers`` are the tables of these.
    """
    conditions = [*_conditions(filters, ids, numbers)]
    first = next((each for each in conditions if each.indexed), None)
    texts = [each.text if _is_used(each, first) else each.looked_at for each in conditions]
    return _where(texts), *(value for each in conditions for value in each.values)


def _is_used(condition: Condition, first: Condition | None) -> bool:
    """Whether a condition may use its index, or go on along that of the first."""
    return condition is first or (first is not None and first.with_time and condition.is_time)


def may_pass(
    filters: Filters, ids: Sequence[str], numbers: Sequence[str] = NUMBERS
) -> Question | None:
    """Ask for the rows that fail no filter, and of which nothing tells whether they pass some.

    ``None`` where all that is asked for is known of every recording. There are few, unless calls
    are asked for: then another filter must leave few.
    """
    conditions = [*_conditions(filters, ids, numbers)]
    unknown = [each.unknown for each in conditions if each.unknown]
    if not unknown:
        return None
    of_calls = any(each.of_calls for each in conditions)
    may_lead = [each for each in conditions if each.indexed and not each.of_calls]
    first = may_lead[0] if of_calls and may_lead else None
    texts = [each.or_unknown(each.text if each is first else each.looked_at) for each in conditions]
    passes = " AND ".join(each.looked_at for each in conditions)
    values = [value for each in conditions for value in each.values]
    return (
        _where([*texts, f"({' OR '.join(unknown)})", f"({passes}) IS NOT TRUE"]),
        *(*values, *values),
    )


def _where(conditions: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _conditions(
    filters: Filters, ids: Sequence[str], numbers: Sequence[str]
) -> Iterator[Condition]:
    """Yield what is asked, beginning with what usually leaves the fewest."""
    if filters.ids:
        yield _these(ids)
    if filters.numbers:
        yield number_condition(filters.numbers, numbers)
    if filters.agents:
        yield agent_condition(filters.agents)
    yield from _of_calls(filters)
    if filters.verdicts:
        yield _one_of("audio_verdict", filters.verdicts)
    if filters.standings:
        yield _standings(filters.standings)
    if filters.window is not None:
        yield _time(filters.window)
    if filters.length is not None:
        yield _length(filters.length)


def _these(ids: Sequence[str]) -> Condition:
    """Ask for these ids, however many: SQLite takes some thousand values at most.

    Its JSON has no text for what is odd in an id, so odd ones are values by themselves.
    """
    plain = [id_ for id_ in ids if id_.isprintable()]
    odd = [id_bytes(id_) for id_ in ids if not id_.isprintable()]
    every = (select("CAST(value AS BLOB)", "json_each(?)"), *["SELECT ?"] * len(odd))
    these = " UNION ALL ".join(every)
    return Condition(f"recordings.id IN ({these})", (json.dumps(plain), *odd))


def _one_of(column: str, values: Sequence[str]) -> Condition:
    marks = ",".join("?" * len(values))
    return Condition(f"{column} IN ({marks})", tuple(map(str, values)), with_time=True)


def number_condition(
    patterns: Sequence[NumberPattern], tables: Sequence[str] = NUMBERS
) -> Condition:
    """Ask for one of these numbers, in any of the tables."""
    some = [[_number(pattern, table) for pattern in patterns] for table in tables]
    asked = (
        select("id", f"{table} WHERE {' OR '.join(text for text, _ in each)}")
        for table, each in zip(tables, some, strict=True)
    )
    return Condition(
        f"recordings.id IN ({' UNION '.join(asked)})",
        tuple(value for each in some for _, values in each for value in values),
        _NO_NUMBERS,
    )


def _among(key: str, column: str, table: str, condition: str) -> str:
    """Ask for a key that is among what a column of a table has where a condition holds."""
    return f"{key} IN ({select(column, f'{table} WHERE {condition}')})"


def _number(pattern: NumberPattern, table: str) -> tuple[str, tuple[str, ...]]:
    """Return the condition of a row of numbers, which are stored from their end on.

    It holds for those that :func:`archiver.catalog.numbers.fits` does. There are few others than
    those of :data:`NUMBERS`, so these stand in no table of each number once.
    """
    if pattern.anywhere:
        has = "instr(reversed, ?)"
        among = f"reversed IN ({select('reversed', f'each_number WHERE {has}')})"
        return among if table in NUMBERS else has, (pattern.text[::-1],)
    some = [_ending(number) for number in meant(pattern.text)]
    text = " OR ".join(text for text, _ in some)
    return text, tuple(value for _, values in some for value in values)


def _ending(number: str) -> tuple[str, tuple[str, ...]]:
    last = last_digits(number)[::-1]
    shorter = [end[::-1] for end in ends(number)]
    marks = ",".join("?" * len(shorter))
    text = f"reversed IN ({marks}) OR (reversed >= ? AND reversed < ?)"
    return text, (*shorter, last, last + ":")


def agent_condition(parts: Sequence[str]) -> Condition:
    """Ask for an agent whose name has one of these parts."""
    condition = " OR ".join("instr(agent_key, ?)" for _ in parts)
    values = tuple(map(caseless, parts))
    text = _among("agent_key", "agent_key", "each_agent", condition)
    return Condition(text, values, _NO_AGENT, with_time=True)


def _of_calls(filters: Filters) -> Iterator[Condition]:
    columns = {
        "status_key": filters.statuses,
        "service_key": filters.services,
        "region_key": filters.regions,
    }
    for column, words in columns.items():
        if words:
            marks = ",".join("?" * len(words))
            yield _said(column, f"{column} IN ({marks})", words)
    if filters.notes:
        every = " AND ".join("instr(notes_key, ?)" for _ in filters.notes)
        yield _said("notes_key", f"notes_key NOT NULL AND {every}", filters.notes)


def _said(column: str, condition: str, words: Sequence[str]) -> Condition:
    name = column.removesuffix("_key")
    said = "SELECT 1 FROM call_words AS said WHERE said.id = recordings.id"
    told = f"{said} AND (said.{column} NOT NULL OR said.call NOT NULL)"
    unread = f"{said} AND instr(said.unread, '{name}')"
    return Condition(
        _among("recordings.id", "id", "call_words", condition),
        tuple(map(caseless, words)),
        f"(outcome <> 'erased' AND (NOT EXISTS ({told}) OR EXISTS ({unread})))",
        of_calls=True,
    )


def _standings(standings: Sequence[Standing]) -> Condition:
    """Ask for any of the standings; nearly all is archived, so that is looked for among all."""
    outcomes = [each for each in standings if each not in {*_NO_OUTCOME, Standing.ARCHIVED}]
    if len(outcomes) == len(standings):
        return _one_of("outcome", outcomes)
    some = [f"outcome IN ({','.join('?' * len(outcomes))})"] if outcomes else []
    some += [_NO_OUTCOME[each] for each in standings if each in _NO_OUTCOME]
    values, is_any = tuple(map(str, outcomes)), Standing.ARCHIVED in standings
    if is_any:
        return Condition(f"({' OR '.join(['held', *some])})", values, indexed=False)
    union = " UNION SELECT rowid FROM recordings WHERE ".join(some)
    return Condition(_AMONG.format(union), values)


def _time(window: Window) -> Condition:
    return Condition("at BETWEEN ? AND ?", sides(window), _NO_TIME, is_time=True)


def _length(length: Length) -> Condition:
    values = tuple(each for each in (length.shortest, length.longest) if each is not None)
    if len(values) > 1:
        text = "length_ms BETWEEN ? AND ?"
    else:
        text = f"length_ms {'>=' if length.longest is None else '<='} ?"
    return Condition(text, values, _NO_LENGTH)
