"""``archiver accept``: settle findings, with a reason."""

from datetime import date
from typing import Any

import click

from archiver.app.check.accept import Acceptance, AcceptRequest, accept
from archiver.check.acceptance import Selection
from archiver.cli import loading
from archiver.cli.examples import examples
from archiver.cli.filter_options import ids_argument
from archiver.cli.options import archive_options, by_option
from archiver.cli.screen.console import SHOWN, emit, first_few, print_document
from archiver.cli.screen.progress import describe
from archiver.domain.expectation import GapKind
from archiver.domain.outcomes import FINDING_KINDS
from archiver.errors import ExitCode, UsageError
from archiver.manifest.codec import plain
from archiver.manifest.records.listings import ListedDay


@click.command(
    "accept",
    epilog=examples(
        ('accept 3f10cb7c-e61a-11f1-a97c-91b72265b1f5 --reason "listened to it"', "one finding"),
        ('accept --verdict gone --reason "they confirmed it" -n', "what would be accepted?"),
    ),
)
@ids_argument
@click.option("--reason", required=True, metavar="TEXT", help="Why, in a line without numbers.")
@click.option(
    "--verdict",
    "what",
    metavar="V",
    help="All open findings of a kind: a verdict, gone, failed, no_audio, or a concern; and of one "
    "--day, missing (calls) or recording_without_call.",
)
@click.option("--day", metavar="DATE", help="All open findings of a portal day.")
@click.option(
    "--listing",
    "listings",
    multiple=True,
    metavar="DATE",
    help="A portal day whose listing is not proven, or lacks rows: as it stands now.",
)
@by_option("Who decides")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be accepted; write nothing.")
@archive_options
def command(ids: tuple[str, ...], *, as_json: bool, dry_run: bool, **given: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Settle findings by id, or its beginning, or all of a verdict and a day, with a reason.

    A call without its recording, and a recording without a call (see: archiver reconcile), are
    settled in the same way.

    The recordings stay as they are. Who decided, when and why stands in the chain for ever, and the
    findings no longer count. One opens again when the portal serves other audio or says something
    else of it, a day's listing when it has other rows or another total. All that is named must be
    open, or nothing is accepted.
    """
    selection = _selection(ids, given)
    request = AcceptRequest(selection, given["reason"], given["by"], dry_run=dry_run)
    result = accept(request, loading.load(given))
    if as_json:
        print_document(document(result, dry_run=dry_run), ExitCode.CLEAN)
    else:
        _tell(result, dry_run=dry_run)
    return ExitCode.CLEAN


def _selection(ids: tuple[str, ...], given: dict[str, Any]) -> Selection:
    what, day, listings = given["what"], given["day"], given["listings"]
    if not (ids or what or day or listings):
        raise UsageError(
            "Accept what?", advice="Give ids, --verdict, --day or --listing. See: archiver pull."
        )
    if ids and (what or day):
        raise UsageError("Ids name the findings already: leave out --verdict and --day.")
    gap = GapKind(what) if what in [*GapKind] else None
    if gap and not day:
        raise UsageError(f"{gap} is accepted day by day.", advice="Give --day as well.")
    if what is not None and gap is None and what not in FINDING_KINDS:
        raise UsageError(f"--verdict is one of {', '.join((*FINDING_KINDS, *GapKind))}.")
    days = tuple(_date(each, "--listing") for each in listings)
    kind = None if gap else what
    return Selection(ids, kind, _date(day, "--day") if day else None, days, gap)


def _date(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} is a date such as 2019-06-11.") from error


def document(result: Acceptance, *, dry_run: bool) -> dict[str, Any]:
    """Return what ``--json`` prints (``manifests/accept.schema.json``)."""
    return {
        "dry_run": dry_run,
        "accepted": [
            {
                "id": known.id,
                "outcome": known.outcome,
                "verdict": known.verdict,
                "concerns": known.concerns,
            }
            for known in result.chosen
        ],
        "decision": plain(result.decision),
        "open": result.open_findings,
        "head": plain(result.head),
    }


def _in_words(listed: ListedDay) -> str:
    of_what = f"the listing of {listed.day}, {listed.count} {listed.report.value}"
    if not listed.proven:
        said = f", where the portal says {listed.total}" if listed.total is not None else ""
        return f"{of_what}{said}: it was not proven"
    return f"{of_what}: {listed.missing} that were listed before are missing"


def _tell(result: Acceptance, *, dry_run: bool) -> None:
    chosen, decision = result.chosen, result.decision
    for line in first_few(chosen, describe):
        emit(line)
    for each in decision.listed:
        emit(_in_words(each))
    for gap in decision.gaps[:SHOWN]:
        emit(f"{gap.gap}: {gap.id}, {gap.day or 'without a day'}")
    if dry_run:
        emit("This was a dry run: nothing was written.")
        return
    counts = f"Findings: {len(chosen) + len(decision.gaps)} accepted, {result.open_findings} open."
    emit(f"Accepted by {decision.by}. {counts} Head: {result.head}")
