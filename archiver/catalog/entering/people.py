"""Who talked in a recording: its numbers and its agent, each to be found by a part of it.

A part in the middle is in no index. So each number, and each agent, stands once in a table of its
own, which is small beside that of recordings; what nobody has any more is taken out of it. Numbers
that only another row of a recording told, a former one or a refused one, stand by themselves.
"""

import sqlite3
from collections.abc import Sequence

from archiver.catalog.numbers import entered
from archiver.catalog.recording_rows import SearchFields


def enter_people(database: sqlite3.Connection, key: bytes, told: SearchFields) -> None:
    """Enter who talked in a recording, in place of who did by its former sidecar.

    Its row has the former agent yet, and is given the new one afterwards.
    """
    _enter_numbers(database, key, {each[::-1] for each in entered(told.written)})
    _enter_agent(database, key, told.agent_key)


def enter_other_numbers(database: sqlite3.Connection, key: bytes, told: SearchFields) -> None:
    """Enter the numbers that a row of a recording told whose audio is not what is held of it."""
    numbers = sorted(each[::-1] for each in entered(told.written))
    _note_others(database, key, numbers)


def _enter_numbers(database: sqlite3.Connection, key: bytes, numbers: set[str]) -> None:
    """Enter the numbers of a recording, from their end."""
    known = database.execute("SELECT reversed FROM numbers WHERE id = ?", (key,)).fetchall()
    before = {str(number) for (number,) in known}
    _note_others(database, key, sorted(before - numbers))
    for lost in before - numbers:
        database.execute("DELETE FROM numbers WHERE reversed = ? AND id = ?", (lost, key))
        database.execute(
            "DELETE FROM each_number WHERE reversed = ?1"
            " AND NOT EXISTS (SELECT 1 FROM numbers WHERE numbers.reversed = ?1)",
            (lost,),
        )
    new = sorted(numbers - before)
    database.executemany("INSERT INTO numbers VALUES (?, ?)", ((each, key) for each in new))
    database.executemany("INSERT OR IGNORE INTO each_number VALUES (?)", ((each,) for each in new))


def _note_others(database: sqlite3.Connection, key: bytes, numbers: Sequence[str]) -> None:
    pairs = ((each, key) for each in numbers)
    database.executemany("INSERT OR IGNORE INTO other_numbers VALUES (?, ?)", pairs)


def _enter_agent(database: sqlite3.Connection, key: bytes, agent: str | None) -> None:
    database.execute(
        "DELETE FROM each_agent WHERE agent_key = (SELECT agent_key FROM recordings WHERE id = ?1)"
        " AND NOT EXISTS (SELECT 1 FROM recordings AS other"
        " WHERE other.agent_key = each_agent.agent_key AND other.id <> ?1)",
        (key,),
    )
    if agent is not None:
        database.execute("INSERT OR IGNORE INTO each_agent VALUES (?)", (agent,))
