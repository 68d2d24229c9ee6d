"""Calls of the call log, as far as they tell which recording is theirs."""

from contextlib import suppress
from datetime import datetime, timedelta

from msgspec import Struct

from archiver.catalog import Found
from archiver.catalog.numbers import digits_of
from archiver.catalog.questions.calls.linked_calls import ArchivedCall
from archiver.domain.recordings import Essential, RecordingId, Row
from archiver.domain.row.fields import FieldNotUnderstood, moment
from archiver.domain.row.fingerprint import fingerprint
from archiver.domain.times.window import EARLIEST, LATEST, Window
from archiver.media.link import parse as parse_link

_CLOCK_CHANGES = (timedelta(minutes=30), timedelta(hours=1))
_MINUTE = timedelta(minutes=1)


class LoggedCall(Struct, frozen=True):
    """A row of the Call Logs Report; ``when`` it was is portal time, ``None`` if that is not told.

    ``numbers`` are the digits of both ends, in no order; ``object`` is that of its own audio, if it
    has some. ``unread`` is what its row tells in a form that is not understood. ``begun`` is when
    its row says that it began. ``service`` and ``status`` are as served, in lower case.
    """

    id: RecordingId
    when: Window | None
    numbers: frozenset[str]
    object: str | None
    unread: frozenset[Essential] = frozenset()
    begun: datetime | None = None
    service: str | None = None
    status: str | None = None

    @property
    def spans(self) -> tuple[Window, ...]:
        """When it was, by its end; and by its beginning, where the clock was changed in between."""
        if self.when is None:
            return ()
        length = self.when.last - self.when.first
        off = abs(self.begun - self.when.first) if self.begun else timedelta()
        is_changed = any(abs(off - change) <= _MINUTE for change in _CLOCK_CHANGES)
        if self.begun is None or not is_changed:
            return (self.when,)
        return self.when, Window(self.begun, self.begun + min(length, LATEST - self.begun))

    @property
    def seconds(self) -> int:
        """How long was talked, as far as that is told."""
        return int((self.when.last - self.when.first).total_seconds()) if self.when else 0

    @property
    def has_talk(self) -> bool:
        """Whether somebody talked, or may have: what nobody can read says nothing against it."""
        return bool(self.seconds or self.unread & {Essential.TIME, Essential.LENGTH})

    @property
    def says_recorded(self) -> bool:
        """Whether the portal itself says that there is audio of it, in whichever form."""
        return self.object is not None or Essential.AUDIO in self.unread


def call_of(row: Row) -> LoggedCall:
    """Return what a row of the Call Logs Report tells of its call.

    An address that can't be fetched from, as of a bucket, is word of audio that nobody can read.
    """
    numbers = (row.fields.get(name) for name in ("call_from", "call_to"))
    is_plain = row.link is not None and bool(parse_link(row.link).host)
    is_odd = row.link is not None and not is_plain
    return LoggedCall(
        id=row.id,
        when=_until(row.at, timedelta(milliseconds=row.reported_ms or 0)) if row.at else None,
        numbers=digits_of(str(number) for number in numbers if isinstance(number, str | int)),
        object=fingerprint(row.fields).object if is_plain else None,
        unread=frozenset([*row.unread, *([Essential.AUDIO] if is_odd else [])]),
        begun=_begun(row),
        service=_word(row, "service"),
        status=_word(row, "status"),
    )


def call_of_audio(found: Found) -> LoggedCall:
    """Return what is known of a call whose own audio is in the archive."""
    length = timedelta(milliseconds=found.reported_ms or 0)
    when = _until(found.at, length) if found.at else None
    return LoggedCall(found.id, when, digits_of(found.numbers), found.object)


def call_of_archived(call: ArchivedCall) -> LoggedCall:
    """Return what is known of a call by its row as it was archived last."""
    when = _until(call.end, timedelta(milliseconds=call.length_ms))
    return LoggedCall(call.id, when, digits_of(call.numbers), call.object)


def _begun(row: Row) -> datetime | None:
    with suppress(FieldNotUnderstood):
        return moment(row.fields.get("start_at"))
    return None


def _word(row: Row, name: str) -> str | None:
    word = row.fields.get(name)
    return word.strip().casefold() if isinstance(word, str) else None


def _until(end: datetime, length: timedelta) -> Window:
    """Return the time from ``length`` before ``end``, as far as there are dates."""
    return Window(end - min(length, end - EARLIEST), end)
