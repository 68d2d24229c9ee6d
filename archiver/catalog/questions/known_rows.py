"""What the archive knows of the portal's rows, to hold a listing against."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from operator import itemgetter

from msgspec import Struct

from archiver.catalog.questions.asker import Questions
from archiver.catalog.recording_rows import among, sides
from archiver.catalog.sql import select
from archiver.domain.recordings import RecordingId, Report, id_bytes, id_text
from archiver.domain.row.fingerprint import Mark
from archiver.domain.row.identity import alias_of, aliases, goes_by
from archiver.domain.times.window import LATEST, Window

Row = tuple[object, ...]

NEWEST_DAYS = 5
_ENDS_AFTER = "SELECT at, later_at FROM former_calls WHERE id = ? AND at <> '' AND later_at <> at"
_CALLS_OF = "SELECT id, at, told, manifest FROM calls WHERE"
_NEWEST = {
    Report.RECORDINGS: "SELECT id, at FROM recordings WHERE held AND source = 'recordings'"
    " AND at < ? ORDER BY at DESC, id LIMIT 2",
    Report.CALLS: "SELECT id, at FROM last_calls WHERE at < ? AND at <> ''"
    " ORDER BY at DESC, id LIMIT 2",
}
"""The newest two before a moment of portal time."""
_OLDEST = {
    Report.RECORDINGS: "SELECT id, at FROM recordings WHERE held AND source = 'recordings'"
    " AND at >= ? ORDER BY at, id LIMIT 2",
    Report.CALLS: "SELECT id, at FROM last_calls WHERE at >= ? ORDER BY at, id LIMIT 2",
}
"""The oldest two from a moment of portal time on."""
_OBJECT = "iif(audio NOT NULL AND told_row IS NULL OR outcome = 'erased', '', told_object)"
"""A recording's object; where its row is lost or erased, one that no row has: its time tells."""
_MANY = 500


def _namesakes_of(count: int) -> str:
    """Return the question for what goes by ``count`` ids, each between which its aliases sort.

    A page is asked about at once: a question for each of its rows took longer than all the rest.
    The plus keeps SQLite from making an index of all sources first, for what the ids find anyway.
    """
    found = select(f"served, id, at, {_OBJECT}", "asked CROSS JOIN recordings")
    return (
        f"WITH asked (served, low, high) AS (VALUES {', '.join(['(?, ?, ?)'] * count)})"
        f" {found} ON id = served WHERE source = ?"
        f" UNION ALL {found} ON id > low AND id < high WHERE +source = ?"
    )


_CALLS_IN = "SELECT id, at, talkers FROM last_calls WHERE at BETWEEN ? AND ? ORDER BY at, id"

_OWED = (
    "SELECT 1 FROM last_calls WHERE at BETWEEN ? AND ? AND object NOT NULL"
    " AND id NOT IN (SELECT id FROM recordings WHERE source = 'calls')"
    " AND object NOT IN (SELECT told_object FROM recordings WHERE told_object NOT NULL)"
)
"""Picks a call that names audio which no recording has."""


class KnownCall(Struct, frozen=True):
    """A call that is archived: its id as served, when it ended, and who talked, as a hash."""

    id: RecordingId
    at: datetime
    talkers: str


class KnownRows(Questions):
    """Questions about rows of both reports, by their ids as served and by their times."""

    def newest(self, report: Report) -> Iterator[tuple[RecordingId, datetime]]:
        """Yield a few of what the archive has of a report, newest first: the portal must list them.

        They are of several days. What goes by an alias is left out, as the portal has no such id.
        """
        before = LATEST
        for _ in range(NEWEST_DAYS):
            some = [*self._asker.each(_id_and_time, _NEWEST[report], before.isoformat())]
            yield from ((id_, at) for id_, at in some if alias_of(id_) is None)
            if not some:
                return
            before = datetime.combine(some[-1][1], time())

    def spread(
        self, report: Report, since: datetime, apart: timedelta
    ) -> Iterator[tuple[RecordingId, datetime]]:
        """Yield some of what the archive has of a report, oldest first, each so far ``apart``.

        What goes by an alias is left out, as the portal has no such id.
        """
        while some := [*self._asker.each(_id_and_time, _OLDEST[report], since.isoformat())]:
            yield from [each for each in some if alias_of(each[0]) is None][:1]
            if some[0][1] > LATEST - apart:
                return
            since = some[0][1] + apart

    def namesakes(
        self, source: Report, served: Iterable[str]
    ) -> dict[RecordingId, dict[RecordingId, Mark]]:
        """Return what goes by these ids as served, or by aliases of them, and what tells it apart.

        Only what came from that report; ids that nothing goes by are left out.
        """
        found: defaultdict[RecordingId, dict[RecordingId, Mark]] = defaultdict(dict)
        ids = [*dict.fromkeys(served)]
        for start in range(0, len(ids), _MANY):
            some = ids[start : start + _MANY]
            asked = (id_bytes(each) for id_ in some for each in (id_, *aliases(id_)))
            question = _namesakes_of(len(some))
            for id_, name, mark in self._asker.each(_named, question, *asked, source, source):
                if goes_by(name, id_):
                    found[id_][name] = mark
        return {**found}

    def calls(self, ids: Iterable[str]) -> dict[RecordingId, dict[datetime | None, str]]:
        """Return the fingerprints of these calls by their end, as they were archived last.

        Others are left out. Some portals give one id to several calls.
        """
        calls: defaultdict[RecordingId, dict[datetime | None, str]] = defaultdict(dict)
        with self._asker.reading() as database:
            rows = among(database, _CALLS_OF, dict.fromkeys(ids))
            for stored, at, told, _ in sorted(rows, key=itemgetter(3)):
                calls[id_text(stored)][_moment(at)] = str(told)
        return {**calls}

    def ends_after(self, served: RecordingId) -> dict[datetime, set[datetime]]:
        """Return each former end of a call with those that its row told later."""
        after: defaultdict[datetime, set[datetime]] = defaultdict(set)
        for former, later in self._asker.each(_two_ends, _ENDS_AFTER, id_bytes(served)):
            after[former].add(later)
        return after

    def calls_in(self, window: Window) -> Iterator[KnownCall]:
        """Yield each call of a window that is archived, by its end.

        A call whose end was told anew later, between the same two people, is not of the window of
        its former end: the portal has corrected it.
        """
        yield from self._asker.each(_known_call, _CALLS_IN, *sides(window))

    def has_owed(self, window: Window) -> bool:
        """Whether a call of a window names audio of its own that the archive knows nothing of."""
        return any(self._asker.rows(_OWED, *sides(window)))


def _id_and_time(row: Row) -> tuple[RecordingId, datetime]:
    stored, at = row
    return id_text(stored), datetime.fromisoformat(str(at))


def _named(row: Row) -> tuple[RecordingId, RecordingId, Mark]:
    served, stored, at, name = row
    mark = Mark(_moment(at), None if name is None else str(name))
    return id_text(served), id_text(stored), mark


def _known_call(row: Row) -> KnownCall:
    stored, at, talkers = row
    return KnownCall(id_text(stored), datetime.fromisoformat(str(at)), str(talkers))


def _two_ends(row: Row) -> tuple[datetime, datetime]:
    former, later = row
    return datetime.fromisoformat(str(former)), datetime.fromisoformat(str(later))


def _moment(stored: object) -> datetime | None:
    return datetime.fromisoformat(str(stored)) if stored else None
