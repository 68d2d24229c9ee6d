"""Where an archive stands, in words."""

from collections.abc import Iterable, Iterator

from archiver.app.handover.status import StatusResult
from archiver.app.handover.status_document import findings_of, settled_until
from archiver.domain.plain_text import printable
from archiver.domain.quantities import counted, human_bytes
from archiver.overview.archive_figures import DayOfReport, LastRun, OnHold, Some
from archiver.overview.provider_time import ProviderTime
from archiver.removal.unfinished import told_unfinished

_HOUR_MS = 3_600_000


def lines(result: StatusResult, address: str) -> Iterator[str]:
    """Yield what there is to be said, a subject a line."""
    figures, held = result.figures, result.figures.held
    yield (
        f"Archive:   {printable(address)}: {counted(held.recordings, 'recording')} held, "
        f"{human_bytes(held.bytes)}, {held.ms / _HOUR_MS:,.1f} hours"
        f"{f' (without {held.unmeasured} of unknown length)' if held.unmeasured else ''}"
    )
    yield f"Head:      {figures.head or 'none: nothing was archived yet'}"
    yield from _runs(result)
    if result.clock_is_behind:
        yield "Clock:     this machine's is behind the end of the last run: set it"
    yield f"Settled:   {_settled(result)}"
    yield f"Due:       {_due(result)}"
    if figures.waiting.count:
        left = ": no run asks for it: archiver pull --since DATE" if result.is_left_waiting else ""
        yield f"Waiting:   {_some(figures.waiting, 'recording', 'for audio')}{left}"
    yield f"Findings:  {_findings(result)}"
    if figures.unproven:
        yield f"Unproven:  the listing of {_days(figures.unproven)}"
    if figures.unfinished:
        yield f"Undone:    the listing of {_days(figures.unfinished)}: archiver pull --day DATE"
    if figures.unfinished_erasures:
        yield f"Erasures:  {told_unfinished(figures.unfinished_erasures)}"
    if figures.on_hold.holds:
        yield f"On hold:   {_on_hold(figures.on_hold)}"
    yield f"Newest:    {_newest(result)}"
    if result.provider is not None:
        yield f"Provider:  {_provider(result.provider)}"


def finding_lines(result: StatusResult) -> Iterator[str]:
    """Yield every open finding, where they were asked for, each with the next command."""
    for each in findings_of(result):
        yield ""
        yield f"{each.day or 'no date'}  {each.kind}  {printable(each.id or '')}".rstrip()
        yield f"  {printable(each.reason)}"
        yield f"  {printable(each.command)}"


def _runs(result: StatusResult) -> Iterator[str]:
    last, last_due = result.figures.last_run, result.figures.last_due_run
    yield f"Last run:  {_run(result, last)}"
    if result.locked_since is not None and last is not None and not result.goes_on(last):
        since = f"{result.locked_since:%Y-%m-%d %H:%M:%S} UTC"
        yield f"Running:   a run, or another command that writes here, since {since}"
    if result.overdue_days:
        yield f"All due:   {_overdue(result)}"
    elif result.is_due_undone and last_due != last:
        yield f"All due:   {_due_run(result, last_due)}"


def _run(result: StatusResult, run: LastRun | None) -> str:
    if run is None:
        return "none yet; one is running" if result.is_running else "none"
    when = f"{run.written:%Y-%m-%d %H:%M:%S} UTC, "
    if result.goes_on(run):
        return when + "still running"
    if not run.closed:
        return when + "cut off before its end: run archiver pull again"
    if run.doubts:
        return when + f"doubtful: {printable(run.doubts[0])}"
    if not run.accounted:
        return when + _left_undone(run)
    counts = ", ".join(f"{count} {outcome}" for outcome, count in run.outcomes.items() if count)
    is_answering = result.days.since is not None
    return (
        when + f"complete ({counts or 'nothing listed'}); {_needs(run, is_answering=is_answering)}"
    )


def _overdue(result: StatusResult) -> str:
    days = counted(result.overdue_days, "day")
    if result.days.since is None:
        return f"no run for {days}, where one came each day: run archiver pull --since DATE, once"
    return f"no run has listed it for {days}: run archiver pull"


def _due_run(result: StatusResult, run: LastRun | None) -> str:
    """Say how the last run over all that was due stands, behind which others had a window."""
    if run is None:
        return f"never listed from {result.figures.since} on: run archiver pull"
    return _run(result, run)


def _left_undone(run: LastRun) -> str:
    if run.behind and run.all_proven:
        return "ended by its budget; what that leaves may be lost"
    if run.catching_up:
        return "ended by its budget; what that leaves is becoming less"
    return "stopped early, or its listing is not proven: run archiver pull again"


def _needs(run: LastRun, *, is_answering: bool) -> str:
    """Say what kept a run of an archive from being clean, which answers from some day on or not."""
    if run.clean:
        return "nothing needed attention"
    why = ["findings were open"] if run.open_findings else []
    if run.unfinished_erasures:
        were = counted(run.unfinished_erasures, "erasure was", "erasures were")
        why.append(f"{were} not finished")
    if run.failures:
        why.append(f"{counted(run.failures, 'recording')} could not be fetched")
    if run.behind:
        window = "without a window" if is_answering else "--since DATE, once"
        why.append(f"earlier days were left: run archiver pull {window}")
    return " and ".join(why) or "not all of it was done"


def _settled(result: StatusResult) -> str:
    if result.days.since is None:
        return "no start date is stored. Run once: archiver pull --since DATE"
    until = settled_until(result)
    if until is None:
        return f"no day yet, of those from {result.days.since} on"
    return f"every day from {result.days.since} to {until}"


def _due(result: StatusResult) -> str:
    if not result.due:
        return "nothing"
    days = f"{counted(len(result.due), 'day')}, the oldest {result.due[0]}"
    left = result.figures.backlog
    if left is None or not (left.recordings or left.days):
        return days
    return f"{days}; a run's budget left {left.recordings or 'some'} recordings"


def _findings(result: StatusResult) -> str:
    figures = result.figures
    if not figures.findings:
        return "none open"
    kinds = ", ".join(_of_kind(each) for each in figures.findings)
    how = "" if figures.listed is not None else ". Each of them: archiver status --findings"
    return f"{result.open_findings} open: {kinds}{how}"


def _of_kind(some: Some) -> str:
    oldest = f" (oldest {some.oldest:%Y-%m-%d})" if some.oldest else ""
    return f"{some.count} {some.kind}{oldest}"


def _some(some: Some, what: str, why: str) -> str:
    oldest = f", the oldest of {some.oldest:%Y-%m-%d}" if some.oldest else ""
    return f"{counted(some.count, what)} {why}{oldest}"


def _days(of_reports: Iterable[DayOfReport]) -> str:
    days = sorted({each.day for each in of_reports})
    return f"{counted(len(days), 'day')}, the oldest {days[0]}"


def _newest(result: StatusResult) -> str:
    newest = result.figures.newest
    if newest is None:
        return "no recording"
    ago = f"{counted(result.silence or 0, 'day')} ago"
    alarm = ": recordings used to come more often" if result.days.alarm else ""
    return f"{newest}, {ago}{alarm}"


def _provider(left: ProviderTime) -> str:
    keeps = f"keeps {left.keeps}; "
    gone = counted(left.expired, "day that is not settled is", "days that are not settled are")
    older = f"{gone} older than that: what is not held of them may be gone"
    if left.oldest is None:
        return keeps + (older if left.expired else "all that it has is settled")
    what = f"{counted(left.days_left or 0, 'day')} left to archive {left.oldest}"
    parts: Iterable[str] = (what, *([older] if left.expired else []))
    return keeps + "; ".join(parts) + (" - RUN archiver pull NOW" if left.is_urgent else "")


def _on_hold(some: OnHold) -> str:
    return f"{counted(some.recordings, 'recording')} by {counted(some.holds, 'hold')}"
