"""``archiver reconcile``: lay the call log beside the archive and name the gaps."""

from datetime import timedelta
from typing import Any

import click

from archiver.app.reconcile import ReconcileRequest, reconcile
from archiver.calls.call import LoggedCall
from archiver.calls.reconciliation import Reconciled
from archiver.cli import loading
from archiver.cli.examples import examples
from archiver.cli.options import (
    account_option,
    archive_option,
    config_option,
    json_option,
    quiet_option,
    rate_option,
    verbose_option,
    window_options,
    window_request,
)
from archiver.cli.screen.console import emit, table
from archiver.domain.quantities import counted, human_duration
from archiver.domain.window import Window
from archiver.errors import ExitCode
from archiver.json_documents import dumps

LONGEST_SLACK_S = 86_400
ASK_PROVIDER = "ask the provider for by the call's id"
UNPROVEN = "The call log could not be proven complete: there may be more calls, and more gaps."


@click.command(
    "reconcile",
    epilog=examples(
        ("reconcile --day yesterday -a ./archive", "which calls have no recording?"),
        ("reconcile --since 7d --every-call -a ./archive", "where every call is recorded"),
    ),
)
@archive_option
@window_options
@click.option(
    "--slack",
    type=click.IntRange(0, LONGEST_SLACK_S),
    default=300,
    show_default=True,
    metavar="SECONDS",
    help="How far in time a recording may lie from its call.",
)
@click.option(
    "--every-call",
    is_flag=True,
    help="Every call in which somebody talked must have a recording.",
)
@rate_option
@json_option
@quiet_option
@account_option
@config_option
@verbose_option
def command(
    *,
    slack: int,
    every_call: bool,
    as_json: bool,
    quiet: bool,
    **options: Any,  # noqa: ANN401  # as click gives them
) -> ExitCode:
    """Lay the call log beside the archive and name the gaps; downloads nothing.

    A gap is a call that says it has audio, and for which the archive has no recording. Which calls
    are recorded at all only you know: with --every-call, each one in which somebody talked is held
    to have one. A recording in quarantine counts, and is told apart. Calls are named by id and
    time, never by number. Ends with 3 when there is a gap, or may be more that were not listed.
    """
    request = ReconcileRequest(window_request(options), timedelta(seconds=slack), every_call)
    request.window.require("calls")
    context = loading.load(options)
    result = reconcile(request, context)
    if as_json:
        click.echo(dumps(result.document), nl=False)
    elif result.found.gaps:
        click.echo(_table(result.found.gaps))
    if not (quiet and result.code is ExitCode.CLEAN):
        _tell(result.window, result.found, fetches_calls=context.settings.calls)
    if not result.proven:
        emit(UNPROVEN)
    return result.code


def _table(gaps: tuple[LoggedCall, ...]) -> str:
    lines = [
        (
            f"{call.when.first if call.when else '?'}",
            human_duration(1_000 * call.seconds),
            "says it has audio" if call.says_recorded else "no word of audio",
            call.id,
        )
        for call in gaps
    ]
    return table(lines, ("call", "length", "the portal", "id"))


def _tell(window: Window, result: Reconciled, *, fetches_calls: bool) -> None:
    apart = f" ({result.in_quarantine} in quarantine only)" if result.in_quarantine else ""
    emit(
        f"Calls of {window} (portal time): {len(result.matched)} with their recording{apart}, "
        f"gaps: {len(result.gaps)}, {len(result.unrecorded)} talked and without word of audio. "
        f"{counted(len(result.alone), 'recording belongs', 'recordings belong')} to none of them."
    )
    if result.not_understood:
        emit(
            f"Of {counted(result.not_understood, 'call')}, the time, the length or the audio is "
            "told in a form that is not understood: the matches may be wrong."
        )
    if result.unrecorded:
        emit("If every call is recorded, say --every-call: then those without word are gaps too.")
    doubtful = {call.id for call, _ in result.near}.intersection(call.id for call in result.gaps)
    if doubtful:
        emit(f"{len(doubtful)} of the gaps may have a recording that names no number: see --json.")
    if result.gaps:
        emit(_advice(result.gaps, fetches_calls=fetches_calls))


def _advice(gaps: tuple[LoggedCall, ...], *, fetches_calls: bool) -> str:
    """Return what to do about gaps: a pull fetches what calls say that they have, and no more."""
    if not any(call.says_recorded for call in gaps):
        return f"No pull can fetch these: {ASK_PROVIDER}."
    without = "" if fetches_calls else ", with calls = yes"
    return (
        f"Pull the same days{without}: it fetches the audio that a call says it has, a day after "
        "the call, and two days after it where a recording that may be its has no audio or names "
        f"no number. What stays a gap then, {ASK_PROVIDER}."
    )
