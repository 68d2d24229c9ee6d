"""Whether the read log of an archive is as its chain says: a part of an audit."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from archiver.app.opening.archive.journals import lasting_folder, read_days
from archiver.app.opening.archive.kept_copy import is_copy
from archiver.app.opening.archive.stores import site
from archiver.app.opening.context import Context
from archiver.check.audit_report import AuditReport, FileProblem
from archiver.manifest.records.reads import ReadDay
from archiver.store.disk.read_days import FOLDER, ReadDays
from archiver.store.os_errors import reason


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
