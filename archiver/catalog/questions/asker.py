"""Asks the catalog's database, inside a place that says in words what goes wrong."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from msgspec import Struct

from archiver.catalog.schema import as_written

T = TypeVar("T")


class Asker(Struct, frozen=True):
    """Asks whichever ``database`` the catalog has open by then.

    ``place`` raises :class:`DestinationError` for what fails, and for an answer without sense.
    """

    database: Callable[[], sqlite3.Connection]
    place: Callable[[], AbstractContextManager[None]]

    def rows(self, question: str, *values: object) -> Iterator[tuple[object, ...]]:
        """Yield the rows of the answer."""
        return self.each(tuple, question, *values)

    def each(
        self, read: Callable[[tuple[object, ...]], T], question: str, *values: object
    ) -> Iterator[T]:
        """Yield what each row of the answer is read as."""
        with self.place():
            for row in self.database().execute(question, values):
                with as_written():
                    one = read(row)
                yield one

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open the database to whoever reads more than rows; ``ValueError`` in there is damage."""
        with self.place(), as_written():
            yield self.database()


class Questions:
    """Questions about one subject, asked of the catalog by an ``asker``."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
