"""SQL that is put together of names: of tables and columns, and of conditions with marks.

Values never come here: they stand behind the marks, where SQLite takes them as what they are.
"""

from collections.abc import Sequence


def select(what: str, rest: str) -> str:
    """Return a question for ``what``; ``rest`` begins with the table.

    >>> select("id", "recordings WHERE day = ?")
    'SELECT id FROM recordings WHERE day = ?'
    """
    return f"SELECT {what} FROM {rest}"  # noqa: S608 - names alone, as the module says


def upsert(table: str, columns: Sequence[str]) -> str:
    """Return how a row is entered in place of the one with the same first column.

    >>> upsert("clocks", ["id", "at"])
    'INSERT INTO clocks (id, at) VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at'
    """
    marks = ", ".join("?" * len(columns))
    anew = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    into = f"INSERT INTO {table} ({', '.join(columns)})"
    return f"{into} VALUES ({marks}) ON CONFLICT DO UPDATE SET {anew}"


def update(table: str, columns: Sequence[str], condition: str) -> str:
    """Return how these columns are filled where a condition holds.

    >>> update("clocks", ["at", "zone"], "id = ?")
    'UPDATE clocks SET at = ?, zone = ? WHERE id = ?'
    """
    filled = f"{' = ?, '.join(columns)} = ?"
    return f"UPDATE {table} SET {filled} WHERE {condition}"  # noqa: S608 - as above
