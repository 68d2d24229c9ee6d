"""Where an archive stands as JSON (``manifests/status.schema.json``), and what to do next."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from shlex import quote

from msgspec import Struct
from msgspec.structs import replace

from archiver.app.handover.status import StatusResult
from archiver.domain.outcomes import Outcome
from archiver.domain.times.window import DAY
from archiver.json_documents import Json
from archiver.manifest.codec import plain
from archiver.manifest.state import RecordingState
from archiver.overview.archive_figures import DayOfReport, Some
from archiver.overview.provider_time import ProviderTime

_UNPROVEN = "the last listing of its {} is not proven, or lacks rows that are held"
_UNFINISHED = "a run over a window with its {} was cut off, left some to the next, or is doubtful"


class OpenFinding(Struct, frozen=True):
    """A finding, or a day's listing, that waits for a person, and the next command to type.

    A listing has no ``id``; a recording without a date has no ``day``.
    """

    id: str | None
    day: date | None
    kind: str
    reason: str
    command: str


def findings_of(result: StatusResult) -> Iterator[OpenFinding]:
    """Yield what waits for a person, where it was asked for: recordings by id, then listings."""
    figures = result.figures
    for known in figures.listed or ():
        day = known.at.date() if known.at else None
        reason = "; ".join(known.reasons) or str(known.kind)
        yield OpenFinding(known.id, day, str(known.kind), reason, next_of(known))
    if figures.listed is not None:
        yield from _of_days(figures.unproven, _UNPROVEN)
        yield from _of_days(figures.unfinished, _UNFINISHED)


def _of_days(days: Iterable[DayOfReport], why: str) -> Iterator[OpenFinding]:
    for each in days:
        command = f"archiver pull --day {each.day}"
        yield OpenFinding(None, each.day, "listing", why.format(each.report), command)


def document(result: StatusResult, to_type: Callable[[str], str] = str) -> dict[str, Json]:
    """Return what ``--json`` prints; ``to_type`` lets a command be of this very archive."""
    days, figures = result.days, result.figures
    told: dict[str, Json] = {
        "archive": days.archive,
        "head": plain(figures.head),
        "last_run": plain(figures.last_run),
        "last_due_run": plain(figures.last_due_run),
        "running": result.is_running,
        "clock_is_behind": result.clock_is_behind,
        "cut_off": result.is_cut_off,
        "since": plain(days.since),
        "settled_until": plain(settled_until(result)),
        "due": {"days": len(result.due), "oldest": plain(next(iter(result.due), None))},
        "overdue_days": result.overdue_days,
        "backlog": plain(figures.backlog),
        "waiting": {"recordings": figures.waiting.count, "oldest": _moment(figures.waiting)},
        "left_waiting": result.is_left_waiting,
        "findings": {
            "open": result.open_findings,
            "by_kind": [
                {"kind": each.kind, "count": each.count, "oldest": _moment(each)}
                for each in figures.findings
            ],
        },
        "unproven_days": _days(figures.unproven),
        "unfinished_days": _days(figures.unfinished),
        "newest": figures.newest.isoformat() if figures.newest else None,
        "silent_days": result.silence,
        "silence_is_new": days.alarm,
        "held": plain(figures.held),
        "on_hold": plain(figures.on_hold),
        "unfinished_erasures": figures.unfinished_erasures,
        "provider": _provider(result.provider),
    }
    if figures.listed is not None:
        every = findings_of(result)
        told["listed"] = [plain(replace(each, command=to_type(each.command))) for each in every]
    return told


def _days(of_reports: Iterable[DayOfReport]) -> list[Json]:
    return [plain(day) for day in dict.fromkeys(each.day for each in of_reports)]


def settled_until(result: StatusResult) -> date | None:
    """Return the last day up to which every day is settled, ``None`` where the first is not."""
    since, unsettled = result.days.since, result.days.unsettled_since
    return unsettled - DAY if since and unsettled and since < unsettled else None


def next_of(finding: RecordingState) -> str:
    """Return the command that a person types next: look at it, ask once more, or accept it."""
    if finding.outcome in {Outcome.FAILED, Outcome.NO_AUDIO} and finding.at and not finding.held:
        return f"archiver pull --day {finding.at.date()}"
    if finding.audio is not None:
        return f"archiver get {quote(finding.id)}"
    return f"archiver accept {quote(finding.id)} --reason TEXT"


def _provider(left: ProviderTime | None) -> Json:
    if left is None:
        return None
    return {
        "keeps": str(left.keeps),
        "oldest": plain(left.oldest),
        "days_left": left.days_left,
        "expired_days": left.expired,
        "urgent": left.is_urgent,
    }


def _moment(some: Some) -> str | None:
    return some.oldest.isoformat() if some.oldest else None
