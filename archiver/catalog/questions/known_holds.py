"""Holds as the catalog took them in: which are in force, and which were released, by whom."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from archiver.catalog.questions.asker import Questions
from archiver.domain.recordings import RecordingId, id_text
from archiver.json_documents import loads
from archiver.manifest.codec import read
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.records.holds import OpenHold

_HOLDS = "SELECT number, matter, by, reason, at, future, released_at, released_by, released_why"
_BOUND = "SELECT id FROM bound WHERE hold = ?"
_UNBOUND = "SELECT id FROM unbound WHERE hold = ?"
_MATCHED = "SELECT id FROM once_matched WHERE hold = ?"
_MAX_BYTES = 1 << 16


class KnownHold(Struct, frozen=True):
    """A hold, in force or released. ``added_at`` and ``released_at`` are UTC."""

    number: int
    matter: str
    by: str
    reason: str
    added_at: datetime
    future: ArchivedFile | None
    released_at: datetime | None
    released_by: str | None
    released_why: str | None

    @property
    def is_open(self) -> bool:
        """Whether it is in force."""
        return self.released_at is None


class KnownHolds(Questions):
    """Questions about holds."""

    def every(self) -> tuple[KnownHold, ...]:
        """Return all holds, the first first."""
        return tuple(self._asker.each(_known, f"{_HOLDS} FROM holds ORDER BY number"))

    def recordings_of(self, hold: int) -> frozenset[RecordingId]:
        """Return the recordings that a hold names, and has not released one by one."""
        return self._ids(_BOUND, hold)

    def in_force(self) -> dict[int, OpenHold]:
        """Return the holds in force, by their numbers."""
        return {each.number: self._opened(each) for each in self.every() if each.is_open}

    def once_matched(self, hold: int) -> frozenset[RecordingId]:
        """Return what a standing hold matched, or may have, by rows that others have replaced."""
        return self._ids(_MATCHED, hold)

    def standing(self) -> dict[int, ArchivedFile]:
        """Return the filters of the standing holds in force, by the numbers of these."""
        every = self.every()
        return {each.number: each.future for each in every if each.is_open and each.future}

    def once(self) -> tuple[OpenHold, ...]:
        """Return all holds as they were before anything was released from them."""
        return tuple(self._as_once(each) for each in self.every())

    def _opened(self, hold: KnownHold) -> OpenHold:
        bound, unbound = self.recordings_of(hold.number), self._ids(_UNBOUND, hold.number)
        return OpenHold(hold.number, hold.matter, hold.by, hold.reason, bound, hold.future, unbound)

    def _as_once(self, hold: KnownHold) -> OpenHold:
        whole = self._opened(hold)
        return replace(whole, recordings=whole.recordings | whole.released, released=frozenset())

    def _ids(self, question: str, hold: int) -> frozenset[RecordingId]:
        return frozenset(id_text(row[0]) for row in self._asker.rows(question, hold))


def _known(row: tuple[object, ...]) -> KnownHold:
    number, matter, by, reason, at, future, released_at, released_by, why = row
    file = read(ArchivedFile, loads(str(future).encode(), max_bytes=_MAX_BYTES)) if future else None
    return KnownHold(
        int(str(number)),
        str(matter),
        str(by),
        str(reason),
        _moment(at),
        file,
        _moment(released_at) if released_at else None,
        str(released_by) if released_by else None,
        str(why) if why else None,
    )


def _moment(text: object) -> datetime:
    return datetime.fromisoformat(str(text))
