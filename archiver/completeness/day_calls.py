"""The calls of portal days as they are archived, and whether those are all that were listed."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from archiver.calls.call import LoggedCall, call_of
from archiver.catalog import Catalog
from archiver.domain.recordings import RecordingId, Report, Row
from archiver.domain.row.fingerprint import call_fingerprint
from archiver.domain.row.identity import identity
from archiver.json_documents import Json
from archiver.manifest.documents import Documents
from archiver.portal.wire.rows import RowReader
from archiver.scrubbing import KnownSecrets

REMEMBERED = 8
"""So many days are kept: a day is worked out with those beside it, and the undated."""


class DayCalls(Struct, frozen=True):
    """The calls that ended on a day, each as it was told last.

    ``flaw`` says why they may not be all that are archived, in words; ``None`` where they are.
    """

    calls: tuple[LoggedCall, ...]
    flaw: str | None = None

    @property
    def ids(self) -> tuple[RecordingId, ...]:
        """The ids of the calls, in their order."""
        return tuple(each.id for each in self.calls)


class CallSource(Protocol):
    """Tells the calls of days."""

    def of(self, day: date | None) -> DayCalls:
        """Return the calls that ended on a day, or at no time that is told."""
        ...


class ArchivedCalls:
    """Reads the calls of days from the archive's files, held against the catalog.

    The catalog knows by its fingerprint each row that counts; a row that is in no file which can be
    read, and a file that can't be, are flaws.
    """

    def __init__(self, documents: Documents, catalog: Catalog) -> None:
        self._documents, self._catalog = documents, catalog
        self._remembered = lru_cache(REMEMBERED)(self._read)

    def of(self, day: date | None) -> DayCalls:
        """Return the calls that ended on a day, or at no time that is told."""
        return self._remembered(day)

    def _read(self, day: date | None) -> DayCalls:
        served, damaged = list[dict[str, Json]](), list[str]()
        for file in self._catalog.calls.files_of(day):
            some = self._documents.calls(file)
            served += some or ()
            damaged += [file.path] if some is None else []
        told = self._catalog.calls.told_on(day)
        rows = {key: row for key, row in _keyed(served) if key in told}
        lost = len(told) - len(rows)
        flaw = f"{damaged[0]} is damaged or missing" if damaged else None
        if lost and not flaw:
            flaw = f"the rows of {lost} of its calls are in no file of calls"
        calls = tuple(call_of(row) for row in rows.values())
        return DayCalls(calls, flaw)


class ListedCalls:
    """The calls of an archive, with those that the portal lists now in their place."""

    def __init__(self, archived: CallSource, listed: Iterable[LoggedCall]) -> None:
        self._archived = archived
        self._ids = set[RecordingId]()
        self._listed: dict[date | None, dict[str, LoggedCall]] = {}
        for call in listed:
            day = call.when.last.date() if call.when else None
            self._listed.setdefault(day, {})[call.id] = call
            self._ids.add(call.id)

    def of(self, day: date | None) -> DayCalls:
        """Return the calls that ended on a day: those that are archived, or listed.

        What is listed by now on another day is of that alone.
        """
        archived = self._archived.of(day)
        others = (call for call in archived.calls if call.id not in self._ids)
        return replace(archived, calls=(*others, *self._listed.get(day, {}).values()))


def _keyed(served: list[dict[str, Json]]) -> Iterable[tuple[tuple[str, str], Row]]:
    """Yield the rows of files, each with the id and the fingerprint that the catalog has of it."""
    reader = RowReader(Report.CALLS, KnownSecrets(), bool)
    for fields, row in zip(served, reader.read(served, {}), strict=True):
        yield _key(fields), row


def _key(fields: Mapping[str, Json]) -> tuple[str, str]:
    return identity(fields, Report.CALLS), call_fingerprint(fields)
