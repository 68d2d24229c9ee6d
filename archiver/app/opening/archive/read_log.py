"""Who found, got or exported which recordings, and when: the read log of an archive.

It is private, beside the archive (``.archiver/reads``); of a bucket, or an archive that may only be
read, it is in the user's own folder. It is kept where ``read_log`` says for how long, and no number
is in it: of what was asked for, only whether there was a filter, and a number in it. The next
manifest enters the hashes of its days, and an audit holds them to that (``read_log_check``).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import TypeVar

from msgspec import Struct

from archiver.app.opening.archive.journals import read_days
from archiver.app.opening.context import Context
from archiver.app.opening.user import whoever
from archiver.domain.retention import Period
from archiver.errors import DestinationError
from archiver.json_documents import dumps
from archiver.store.disk.read_days import ReadDays

AT_ONCE = 1_000
"""So many ids are in a line at most."""

_T = TypeVar("_T")


class Act(StrEnum):
    """What was done with recordings."""

    FOUND = "found"
    GOT = "got"
    EXPORTED = "exported"


class ReadLog(Struct):
    """The read log of one command; ``is_whole`` until a line could not be written."""

    context: Context
    act: Act
    filtered: bool
    by_number: bool
    by: str
    is_whole: bool = True

    def noted(self, rows: Iterable[tuple[str, _T]]) -> Iterator[_T]:
        """Yield what stands with each id, once that id is in the log."""
        period = self.context.settings.read_log
        if period is None:
            yield from (row for _, row in rows)
            return
        left = iter(rows)
        while some := [*islice(left, AT_ONCE)]:
            self._note([id_ for id_, _ in some], period)
            yield from (row for _, row in some)

    def note(self, ids: Iterable[str]) -> None:
        """Enter ids in the log."""
        for _ in self.noted((id_, None) for id_ in ids):
            pass

    def _note(self, ids: list[str], period: Period) -> None:
        """Write a line, or say that it can't be: nobody is refused a recording for that."""
        now = datetime.now(UTC)
        line = dumps(
            {
                "at": now.isoformat(timespec="seconds"),
                "by": self.by,
                "act": self.act.value,
                "filtered": self.filtered,
                "by_number": self.by_number,
                "ids": ids,
            }
        )
        try:
            self._days().add(line, now, period)
        except DestinationError as error:
            if self.is_whole:
                self.context.listener.say(f"Not in the read log: {error.message}", "finding")
            self.is_whole = False

    def _days(self) -> ReadDays:
        days = read_days(self.context)
        if days is None:
            raise DestinationError(
                "There is no folder to keep it in.", advice="Set XDG_STATE_HOME."
            )
        return days


def read_log(
    context: Context, act: Act, *, filtered: bool, by_number: bool, by: str | None = None
) -> ReadLog:
    """Return the read log of a command; it keeps nothing unless ``read_log`` is set.

    Raises :class:`UsageError` for a name that no log may hold.
    """
    is_kept = context.settings.read_log is not None
    who = whoever(by, context.environ) if is_kept else ""
    return ReadLog(context, act, filtered, by_number, who)
