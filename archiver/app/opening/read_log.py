"""Who found, got or exported which recordings, and when: the read log of an archive.

It is private, beside the archive (``.archiver/reads``); of a bucket, or an archive that may only be
read, it is in the user's own folder. It is kept where ``read_log`` says for how long, and no number
is in it: of what was asked for, only whether there was a filter, and a number in it. The next
manifest enters the hashes of its days, and an audit holds them to that.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import islice
from typing import TypeVar

from archiver.app.opening.archives import is_copy
from archiver.app.opening.context import Context
from archiver.app.opening.journals import lasting_folder, read_days
from archiver.app.opening.stores import site
from archiver.app.opening.user import whoever
from archiver.check.audit_report import AuditReport, FileProblem
from archiver.domain.retention import Period
from archiver.errors import DestinationError
from archiver.json_documents import dumps
from archiver.manifest.records.reads import ReadDay
from archiver.store.disk.read_days import FOLDER, ReadDays
from archiver.store.os_errors import reason

AT_ONCE = 1_000
"""So many ids are in a line at most."""

_T = TypeVar("_T")


class Act(StrEnum):
    """What was done with recordings."""

    FOUND = "found"
    GOT = "got"
    EXPORTED = "exported"


@dataclass(slots=True)
class ReadLog:
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


def hold_to_chain(context: Context, report: AuditReport, today: date, *, is_remote: bool) -> None:
    """Note in the report of an audit which days of the read log are not as they were entered.

    A day that is kept no more is passed over. Days of logs that others keep, or other machines, are
    counted; a folder that this user may write to, and which is no copy, has one log alone. Where
    that has never been kept, as in a copy that other tools made, nothing is compared.
    """
    days: defaultdict[tuple[str, str], list[ReadDay]] = defaultdict(list)
    for each in report.named_reads:
        if each.until >= today:
            days[each.log, each.name].append(each)
    log = read_days(context)
    own, is_only = log.log() if log else None, not is_remote and _is_beside(context, log)
    for (kept_in, _), named in sorted(days.items()):
        if log and (kept_in == own or is_only):
            report.read_log += _problems(log, named)
        else:
            report.reads_elsewhere += 1


def _is_beside(context: Context, log: ReadDays | None) -> bool:
    """Whether the log lies beside the archive itself, and not beside a copy of it."""
    is_here = site(context).workdir() == lasting_folder(context)
    return bool(log and log.is_kept()) and is_here and not is_copy(context)


def _problems(log: ReadDays, named: list[ReadDay]) -> Iterator[FileProblem]:
    path = f".archiver/{FOLDER}/{named[0].name}"
    try:
        if log.is_as_entered(named):
            return
    except OSError as error:
        yield FileProblem(path, f"the day {named[0].day} can't be read: {reason(error)}")
        return
    yield FileProblem(path, f"lines of {named[0].day} were changed or removed")
