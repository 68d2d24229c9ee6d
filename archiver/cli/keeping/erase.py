"""``archiver erase``: recordings go in every version, and the chain says who, when and why."""

from collections.abc import Iterator
from typing import Any

import click

from archiver.app.keeping.erase import (
    ErasePlan,
    EraseRequest,
    EraseResult,
    UndoRequest,
    erase,
    undo_erasure,
)
from archiver.cli import loading
from archiver.cli.examples import examples
from archiver.cli.filter_options import filter_options, filter_request
from archiver.cli.handover.missing_words import tell_missing
from archiver.cli.keeping.dialogue import agrees, answer
from archiver.cli.keeping.forbidden_words import forbidden_document, why_not
from archiver.cli.options import archive_options, by_option
from archiver.cli.screen.console import first_few
from archiver.domain.quantities import counted, human_bytes
from archiver.errors import ExitCode, UsageError
from archiver.filters.request import FilterRequest
from archiver.manifest.codec import plain


@click.command(
    "erase",
    epilog=examples(
        ('erase 3f10cb7c --reason "the customer asked for it" -n', "what would go?"),
        ('erase --number 0123 --reason "the customer asked for it"', "all of a number; asks first"),
        ("erase --finish -a ./archive", "finish what was cut off"),
    ),
)
@filter_options
@click.option("--reason", metavar="TEXT", help="Why, in a line without numbers.")
@by_option("Who decides")
@click.option("--second", metavar="NAME", help="A second person who agrees (see four_eyes).")
@click.option("--finish", is_flag=True, help="Only finish what earlier erasures left undone.")
@click.option("--undo", is_flag=True, help="Let the next pull fetch erased ids again.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would go; write nothing.")
@archive_options
def command(*, as_json: bool, finish: bool, undo: bool, yes: bool, **options: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Erase recordings, by id or by the filters of find, in every version.

    Audio, sidecars, what is in quarantine or was set aside, and the rows of their calls go; other
    people's rows stay. First the chain says which recordings go, who decided it and why; then the
    bytes go; then a listing is counted, and the chain says that they are gone. Pull never fetches
    them again, and verify does not miss them.

    Nothing goes while a hold, a lock or a rule to keep binds any of it: the chain says that too.
    Copies and exports are elsewhere: erase there as well. What is gone can't be brought back;
    --undo lets the next pull fetch it again, where the portal still has it.
    """
    if undo:
        return _undo(options, as_json=as_json)
    request = _request(options, finish=finish)

    def agree(plan: ErasePlan) -> bool:
        what = f"erase {counted(len(plan.ids), 'recording')}"
        return yes or agrees(_planned(plan), what, "Erase them for good?")

    result = erase(request, loading.load(options), agree)
    code, dry_run = _code(result, dry_run=request.dry_run), request.dry_run
    lines, told = _told(result, dry_run=dry_run), document(result, dry_run=dry_run)
    answer(lines, told, code, as_json=as_json)
    if not as_json:
        tell_missing(result.plan.missing)
    return code


def _request(options: dict[str, Any], *, finish: bool) -> EraseRequest:
    filters = filter_request(options)
    if filters.is_empty != finish:
        raise UsageError(
            "Erase what?" if filters.is_empty else "--finish names nothing.",
            advice="Give ids or filters, or --finish alone. See: archiver find.",
        )
    if not finish and not options["reason"]:
        raise UsageError("--reason is missing.", advice="Say why, in a line without numbers.")
    return EraseRequest(
        filters,
        options["reason"] or "",
        options["by"],
        options["second"],
        dry_run=options["dry_run"],
    )


def _undo(options: dict[str, Any], *, as_json: bool) -> ExitCode:
    if filter_request(options) != FilterRequest(ids=options["ids"]) or not options["ids"]:
        raise UsageError("--undo takes ids.", advice="Nothing was undone. Name whole ids.")
    reason, by = options["reason"] or "", options["by"]
    request = UndoRequest(options["ids"], reason, by, options["second"])
    undone = undo_erasure(request, loading.load(options))
    ids = counted(len(undone.ids), "recording")
    told = f"Undone: {ids} may be fetched again by the next pull. Head: {undone.head}"
    document = {"undone": plain(undone.ids), "head": plain(undone.head)}
    return answer([told], document, ExitCode.CLEAN, as_json=as_json)


def _planned(plan: ErasePlan) -> Iterator[str]:
    if plan.unfinished:
        yield f"To finish first: {counted(plan.unfinished, 'erasure')}."
    if plan.returned:
        again = counted(len(plan.returned), "recording")
        yield f"Erased before, and there again: files of {again}, to be removed."
    if plan.ids or not (plan.unfinished or plan.returned):
        yield from _to_erase(plan)


def _to_erase(plan: ErasePlan) -> Iterator[str]:
    yield from first_few(plan.ids, str)
    yield (
        f"To erase: {counted(len(plan.ids), 'recording')} in {counted(plan.versions, 'file')}, "
        f"{human_bytes(plan.bytes)}, and {counted(plan.call_rows, 'row')} of calls."
    )
    if plan.exports:
        held = "held them, or may have"
        yield f"{counted(len(plan.exports), 'export')} {held}: {', '.join(plan.exports)}"
    if plan.by_other_row:
        have = counted(len(plan.by_other_row), "recording has", "recordings have")
        yield (
            f"{have} the number in a former row, or in that of a version that was refused: the "
            "row of what is held tells another."
        )
        yield from first_few(plan.by_other_row, str)
    yield from _what_stays(plan)
    yield from why_not(plan.forbidden)


def _what_stays(plan: ErasePlan) -> Iterator[str]:
    if plan.hold_filters:
        files = counted(plan.hold_filters, "private file")
        yield f"The number may be in {files} of holds (holds/) as well: these stay."
    if plan.calls_left:
        yield (
            f"Rows of {counted(sum(plan.calls_left.values()), 'call')} with the number stay, of "
            f"{', '.join(first_few([*_by_day(plan)], str))}: a row goes with the last recording "
            "of its call alone."
        )
    if plan.unmatched:
        yield (
            f"Of {counted(len(plan.unmatched), 'recording')} nothing here tells which row of a "
            "call is theirs alone: a call near may be, or calls of one id. It may stay. Look for "
            "it: archiver reconcile."
        )
        yield from first_few(plan.unmatched, str)
    if plan.spared:
        are = counted(len(plan.spared), "recording is", "recordings are")
        yield (
            f"{are} held, and the word of --outcome is that of a newer version: what is held "
            "stays. Name it by its id, or add --outcome archived."
        )
        yield from first_few(plan.spared, str)


def _by_day(plan: ErasePlan) -> dict[str, int]:
    """Return how many calls have rows that stay, by the days of their ends, the first first."""
    by_day = {str(day or "undated"): count for day, count in plan.calls_left.items()}
    return {day: by_day[day] for day in sorted(by_day)}


def _told(result: EraseResult, *, dry_run: bool) -> Iterator[str]:
    plan = result.plan
    if plan.is_nothing:
        yield "Nothing was erased: the archive has nothing that matches, or it is erased already."
        yield from _what_stays(plan)
    elif dry_run:
        yield from _planned(plan)
        yield "This was a dry run: nothing was written."
    elif not result.agreed:
        yield "Nothing was erased."
    elif result.refused:
        yield from why_not(result.refused)
        yield f"Refused: nothing of it was erased, and the chain says so. Head: {result.head}"
        if result.refused.holds:
            yield "Releasing the hold erases it, unless with archiver hold release --no-finish."
    elif result.erased or not result.deferred:
        yield (
            f"Erased: {counted(result.erased, 'recording')}, {result.versions} versions removed, "
            f"0 left by a listing afterwards. Head: {result.head}"
        )
        yield from _what_stays(plan)
    if result.has_more:
        yield "More came meanwhile that is meant, or may be: it is left as it is. Erase again."
    if result.deferred:
        numbers = ", ".join(map(str, result.deferred_by))
        yield (
            f"Deferred: {counted(len(result.deferred), 'recording')}, its erasure begun: hold "
            f"{numbers} came since. What is left of them stays until it is released."
        )


def _code(result: EraseResult, *, dry_run: bool) -> ExitCode:
    """Return the exit code; a dry run ends with 3 only where the erasure would."""
    if dry_run and not (result.plan.forbidden or result.plan.is_partial):
        return ExitCode.CLEAN
    return result.code


def document(result: EraseResult, *, dry_run: bool) -> dict[str, Any]:
    """Return what ``--json`` prints (``manifests/erase.schema.json``)."""
    plan = result.plan
    return {
        "dry_run": dry_run,
        "recordings": list(plan.ids),
        "versions": plan.versions,
        "bytes": plan.bytes,
        "call_rows": plan.call_rows,
        "exports": list(plan.exports),
        "hold_filters": plan.hold_filters,
        "unmatched": list(plan.unmatched),
        "spared": list(plan.spared),
        "by_other_row": list(plan.by_other_row),
        "calls_left": _by_day(plan),
        "unfinished": plan.unfinished,
        "returned": list(plan.returned),
        "erased": result.erased,
        "removed": result.versions,
        "refused": result.refused is not None,
        **forbidden_document(result.refused or plan.forbidden),
        "deferred": list(result.deferred),
        "more": result.has_more,
        "head": plain(result.head),
    }
