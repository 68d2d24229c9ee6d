"""SQL that is put together of names: of tables and columns, and of conditions with marks.

Values never come here: they stand behind the marks, where SQLite takes them as what they are.
"""

from functools import cache


def select(what: str, rest: str) -> str:
    """Return a question for ``what``; ``rest`` begins with the table.

    >>> select("id", "recordings WHERE day = ?")
    'SELECT id FROM recordings WHERE day = ?'
    """
    return f"SELECT {what} FROM {rest}"  # noqa: S608 - names alone, as the module says


@cache
def upsert(table: str, columns: tuple[str, ...]) -> str:
    """Return how these columns of a row are entered, be it there or not; its key comes first.

    >>> upsert("clocks", ("id", "at"))
    'INSERT INTO clocks (id, at) VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at'
    """
    marks = ", ".join("?" * len(columns))
    anew = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    into = f"INSERT INTO {table} ({', '.join(columns)})"
    return f"{into} VALUES ({marks}) ON CONFLICT DO UPDATE SET {anew}"
