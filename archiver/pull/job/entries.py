"""The entry of a recording in its manifest, and what the job of one came to."""

from msgspec.structs import replace

from archiver.domain.outcomes import Concern, Outcome
from archiver.domain.recordings import RecordingId
from archiver.manifest.model import Entry
from archiver.manifest.records.files import ArchivedFile
from archiver.manifest.state import superseded
from archiver.pull.job.done import Done
from archiver.pull.job.judging import Judged
from archiver.pull.job.task import Task
from archiver.pull.plan import SameObject


def entry_of(  # noqa: PLR0913 - an entry says so many things
    task: Task,
    outcome: Outcome,
    reason: str | None = None,
    *,
    judged: Judged | None = None,
    audio: ArchivedFile | None = None,
    sidecar: ArchivedFile | None = None,
    concerns: tuple[Concern, ...] = (),
) -> Entry:
    """Return the entry of an outcome; whoever made it adds how many transfers that took."""
    work, row = task.work, task.work.listed.row
    reasons = judged.judgement.reasons if judged else (reason,) if reason else ()
    if outcome is Outcome.QUARANTINED and work.same_object.count > 1:
        reasons = (*reasons, _naming(row.id, work.same_object))
    if judged and outcome is Outcome.ARCHIVED:
        concerns = judged.judgement.concerns
    return Entry(
        id=row.id,
        created_at=row.at,
        utc_offset_minutes=task.offset.minutes,
        offset_from=task.offset.source,
        outcome=outcome,
        verdict=judged.judgement.verdict if judged else None,
        reported_ms=row.reported_ms,
        duration_ms=judged.facts.duration_ms if judged else None,
        reasons=tuple(reasons),
        audio=audio,
        sidecar=sidecar,
        supersedes=superseded(work.known, outcome, audio, sidecar),
        source=work.listed.ask.report,
        concerns=concerns,
    )


def as_it_was(task: Task) -> Done:
    """Return what is known of a recording already, and which nothing has changed."""
    known = task.work.known
    if known is None:
        raise AssertionError("only what is known can be asked about")
    audio, sidecar = known.newest
    outcome = Outcome.HELD if known.held and task.work.stands else known.outcome
    entry = entry_of(task, outcome, audio=audio, sidecar=sidecar)
    told = replace(entry, verdict=known.verdict, reasons=known.reasons)
    return Done(told, is_news=False, row=task.work.listed.row.fields)


def failed(task: Task, reason: str) -> Done:
    """Return the failure of a recording; one that is offered anew says so."""
    concerns = (Concern.OFFERED_ANEW,) if task.work.is_offered_anew else ()
    entry = entry_of(task, Outcome.FAILED, reason, concerns=concerns)
    return Done(entry, row=task.work.listed.row.fields)


def _naming(id_: RecordingId, same_object: SameObject) -> str:
    """Return the reason that names other rows of the same audio; thousands may share one."""
    others, left = same_object.beside(id_)
    more = f" and {left} more" if left else ""
    return f"its link leads to the same audio as recording {', '.join(others)}{more}"
