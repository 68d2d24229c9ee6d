"""``archiver dispose``: what the retention rules say is over goes, in two steps."""

from collections.abc import Iterator
from typing import Any

import click

from archiver.app.keeping.dispose import (
    DisposeRequest,
    DisposeResult,
    PlanDisposalRequest,
    PlannedDisposals,
    dispose,
    plan_disposal,
)
from archiver.cli import loading
from archiver.cli.examples import examples
from archiver.cli.keeping.dialogue import answer
from archiver.cli.keeping.forbidden_words import forbidden_document, why_not
from archiver.cli.options import archive_options, by_option
from archiver.domain.disposal import DisposalStanding
from archiver.domain.quantities import human_bytes, many
from archiver.errors import ExitCode, UsageError
from archiver.manifest.codec import plain
from archiver.removal.forbidding import Forbidden

SHOWN = 20
_OTHERS = {
    DisposalStanding.NOT_YET: "Not due yet",
    DisposalStanding.KEPT: "Kept: only rules to keep fit",
    DisposalStanding.NO_RULE: "Kept: no rule fits",
    DisposalStanding.NO_TIME: "Kept: the time of the call is not known",
    DisposalStanding.UNTOLD: "Kept: nothing tells whether a rule fits",
}


@click.command(
    "dispose",
    epilog=examples(
        ("dispose -a ./archive", "what is due? Writes a plan; removes nothing"),
        (f"dispose --confirm {'9f86d081' * 8}", "remove exactly what that plan says"),
    ),
)
@click.option("--confirm", metavar="HASH", help="Carry out the plan of that SHA-256.")
@by_option("Who decides")
@click.option("--second", metavar="NAME", help="A second person who agrees (see four_eyes).")
@archive_options
def command(*, confirm: str | None, as_json: bool, **options: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Dispose of recordings whose retention is over, by the [[retention]] rules of the settings.

    Without --confirm, it says how many are due, of which days, what is held or locked, and writes a
    plan; nothing is removed. With the plan's hash, it removes exactly those recordings as erase
    does: in every version, with tombstones in the chain, never to be fetched again. It refuses if
    rules, holds, one of the recordings or the rows of its calls changed since.

    No rule disposes by default. Two clocks must agree, this machine's and the portal's (or, without
    a token, that of the bucket's server): a clock that was set forward removes nothing.
    """
    context = loading.load(options)
    if confirm is None:
        if options["second"] is not None:
            raise UsageError("--second goes with --confirm.", advice="A plan removes nothing.")
        planned = plan_disposal(PlanDisposalRequest(options["by"]), context)
        lines, document = _planned(planned), planned_document(planned)
        return answer(lines, document, planned.code, as_json=as_json)
    result = dispose(DisposeRequest(confirm, options["by"], options["second"]), context)
    return answer(_told(result), done_document(result), result.code, as_json=as_json)


def _planned(planned: PlannedDisposals) -> Iterator[str]:
    selection = planned.selection
    yield f"{many(len(planned.looked.due), 'recording is', 'recordings are')} due."
    yield from _days(planned)
    yield from _stays(planned)
    if planned.plan is None:
        yield "Nothing may go, so no plan was written."
        return
    yield (
        f"To dispose of: {many(len(selection.chosen), 'recording')} in "
        f"{many(selection.versions, 'file')}, {human_bytes(selection.bytes)}, and "
        f"{many(selection.call_rows, 'row')} of calls."
    )
    yield f"Nothing was removed. The plan is in {planned.path}."
    yield f"To carry it out: archiver dispose --confirm {planned.plan}"


def _days(planned: PlannedDisposals) -> Iterator[str]:
    days = [*planned.days.items()]
    for day, count in days[:SHOWN]:
        yield f"  {day}  {many(count, 'recording')}"
    if len(days) > SHOWN:
        yield f"  and {len(days) - SHOWN} more days, to {days[-1][0]}: see --json"


def _stays(planned: PlannedDisposals) -> Iterator[str]:
    """Say what is due and stays, and what is not due."""
    selection, looked = planned.selection, planned.looked
    if selection.held:
        by = f" by hold {', '.join(map(str, selection.holds))}" if selection.holds else ""
        yield f"Due, and held{by}: {selection.held:,}."
    if selection.locked:
        yield f"Due, and locked until {plain(selection.until)} at the latest: {selection.locked:,}."
    if selection.unreadable:
        yield f"Due, and kept: its files do not bear it out: {len(selection.unreadable):,}."
    if selection.later:
        yield f"Due, and left for a later plan (max_dispose): {selection.later:,}."
    for standing, words in _OTHERS.items():
        if count := looked.others.get(standing):
            yield f"{words}: {count:,}."
    if looked.next_due:
        yield f"The next is due on {looked.next_due:%Y-%m-%d}."
    if doubtful := (*selection.unreadable, *looked.sample):
        yield f"Look at: {', '.join(doubtful[:SHOWN])}"


def _told(result: DisposeResult) -> Iterator[str]:
    if result.refused:
        yield from why_not(result.refused)
    if result.is_deferred:
        yield f"Deferred: what is left of it stays, and the chain says so. Head: {result.head}"
    elif result.refused:
        yield f"Refused: nothing of it was removed, and the chain says so. Head: {result.head}"
    elif result.was_done:
        gone = many(result.disposed, "recording")
        yield f"This plan was carried out before: {gone}. Head: {result.head}"
    else:
        yield (
            f"Disposed of: {many(result.disposed, 'recording')}, {result.versions} versions "
            f"removed, 0 left by a listing afterwards. Head: {result.head}"
        )


def planned_document(planned: PlannedDisposals) -> dict[str, Any]:
    """Return what ``--json`` prints of a plan (``manifests/dispose.schema.json``)."""
    selection, looked = planned.selection, planned.looked
    return {
        "plan": planned.plan,
        "path": None if planned.path is None else str(planned.path),
        "clocks": plain(planned.clocks),
        "due": len(looked.due),
        "recordings": [each.recording.id for each in selection.chosen],
        "days": {str(day): count for day, count in planned.days.items()},
        "versions": selection.versions,
        "bytes": selection.bytes,
        "call_rows": selection.call_rows,
        "held": selection.held,
        "holds": list(selection.holds),
        "locked": selection.locked,
        "until": plain(selection.until),
        "unreadable": list(selection.unreadable),
        "later": selection.later,
        "not_due": {each.value: looked.others.get(each, 0) for each in _OTHERS},
        "next_due": plain(looked.next_due),
        "doubtful": list(looked.sample),
        "head": plain(planned.head),
    }


def done_document(result: DisposeResult) -> dict[str, Any]:
    """Return what ``--json`` prints of a plan that was carried out (the same schema)."""
    return {
        "plan": result.plan,
        "disposed": result.disposed,
        "removed": result.versions,
        "was_done": result.was_done,
        "refused": result.refused is not None,
        "deferred": result.is_deferred,
        **forbidden_document(result.refused or Forbidden()),
        "head": plain(result.head),
    }
