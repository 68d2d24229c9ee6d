"""How many findings a page is about, in the words that every part of it uses."""

from archiver.check.audit_report import AuditReport
from archiver.domain.quantities import many
from archiver.report.subject import Subject


def needing(subject: Subject, recordings: int) -> str:
    """Return what needs a person, beside so many ``recordings``; nothing where nothing does."""
    files, days = not_as_archived(subject.audit), sum(day.is_doubtful for day in subject.days)
    erasures = subject.unfinished_erasures
    if not (recordings or files or days or erasures) and subject.selection.is_whole:
        return ""
    parts = [many(recordings, "open finding")]
    if files:
        parts.append(told_files(files))
    if days:
        listings = many(days, "day's listing is", "days' listings are")
        parts.append(f"{listings} not proven")
    if erasures:
        parts.append(f"{many(erasures, 'erasure is', 'erasures are')} not finished")
    if not subject.selection.is_whole:
        parts.append("recordings may be missing")
    return "; ".join(parts)


def told_files(count: int) -> str:
    """Return that so many files are not as archived."""
    return f"{many(count, 'file is', 'files are')} not as archived"


def not_as_archived(report: AuditReport) -> int:
    """Return how many files are not what the chain says, and how many it names none of."""
    kinds = (report.missing, report.differ, report.hidden, report.unreadable, report.extra)
    return sum(map(len, (*kinds, report.read_log)))
