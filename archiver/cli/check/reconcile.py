"""``archiver reconcile``: lay the call log beside the archive and name the gaps."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from archiver.app.windows import need_window, span, window_of
from archiver.cli.options import (
    account_option,
    archive_option,
    config_option,
    json_option,
    quiet_option,
    rate_option,
    verbose_option,
    window_options,
)
from archiver.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from archiver.app.context import Context
    from archiver.calls.call import LoggedCall
    from archiver.calls.reconcile import Reconciled
    from archiver.domain.recordings import RecordingId
    from archiver.domain.window import Window

LONGEST_SLACK_S = 86_400
ASK_PROVIDER = "ask the provider for by the call's id"
UNPROVEN = "The call log could not be proven complete: there may be more calls, and more gaps."


@click.command("reconcile")
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
    from archiver.cli import loading
    from archiver.cli.screen.console import emit
    from archiver.json_documents import dumps

    need_window(options, "calls")
    context = loading.load(options)
    window, calls, proven = _calls(context, options, timedelta(seconds=slack))
    result = _reconciled(context, window, calls, timedelta(seconds=slack), every=every_call)
    if as_json:
        click.echo(dumps(document(window, result, proven=proven)), nl=False)
    elif result.gaps:
        click.echo(_table(result.gaps))
    is_clean = proven and not result.gaps
    if not (quiet and is_clean):
        _tell(window, result, fetches_calls=context.settings.calls)
    if not proven:
        emit(UNPROVEN)
    return ExitCode.CLEAN if is_clean else ExitCode.FINDINGS


def document(window: "Window", result: "Reconciled", *, proven: bool) -> dict[str, Any]:
    """Return what ``--json`` prints (``manifests/reconcile.schema.json``)."""
    near = {call.id: found.id for call, found in result.near}
    return {
        "window": span(window),
        "proven": proven,
        "matched": len(result.matched),
        "matched_in_quarantine": result.in_quarantine,
        "unrecorded": len(result.unrecorded),
        "recordings_without_call": len(result.alone),
        "not_understood": result.not_understood,
        "gaps": [
            {
                "id": call.id,
                **(span(call.when) if call.when else {"from": None, "to": None}),
                "says_recorded": call.says_recorded,
                "near": near.get(call.id),
            }
            for call in result.gaps
        ],
    }


def _calls(
    context: "Context", options: dict[str, Any], slack: timedelta
) -> "tuple[Window, list[LoggedCall], bool]":
    """List the calls of the window and of a margin around it.

    Returns the window as understood too, and whether the listing is proven.
    """
    from archiver.app.connections import connect
    from archiver.calls.call import call_of
    from archiver.calls.reconcile import MARGIN
    from archiver.cli.screen import vigil
    from archiver.cli.screen.console import emit
    from archiver.domain.recordings import Report
    from archiver.listing.slices import clip_to_cutoff, list_slices
    from archiver.portal.proving.odd_rows import odd_of, unproven_by
    from archiver.portal.session import open_report
    from archiver.pull.ledger.naming import call_mark_of, named
    from archiver.pull.ledger.seen_ids import SeenIds

    calls: dict[RecordingId, LoggedCall] = {}
    seen = SeenIds(call_mark_of)
    proven = True
    with connect(context) as connections:
        client = connections.client
        zone, opening = open_report(client, Report.CALLS, context.settings.utc_offset)
        window = clip_to_cutoff(window_of(options, zone), opening)
        around = clip_to_cutoff(window.grown(MARGIN + slack), opening)
        with vigil.over("listing calls", lambda: f"{len(calls)} calls, {client.requests} requests"):
            for served in list_slices(client, Report.CALLS, around, opening.behaviour()):
                listing = unproven_by(odd_of(served), served)
                listed = seen.namesakes({each.row.id for each in listing.listed})
                rows = seen.add(named(listing.listed, {}, listed, call_mark_of))
                calls |= {each.row.id: call_of(each.row) for each in rows}
                proven = proven and listing.proven
                if not listing.proven:
                    emit(f"NOT PROVEN {listing.window}: {listing.note}.")
    return window, [*calls.values()], proven


def _reconciled(
    context: "Context",
    window: "Window",
    calls: "list[LoggedCall]",
    slack: timedelta,
    *,
    every: bool,
) -> "Reconciled":
    from archiver.app.archives import open_for_reading
    from archiver.calls.reconcile import reach, reconcile

    with open_for_reading(context) as opened:
        if opened is None:
            raise UsageError(
                f"There is no archive at {context.archive()}.", advice="Check --archive."
            )
        _store, catalog = opened
        recordings = catalog.search.stored_in(reach(window, calls, slack))
        shared = catalog.search.shared_objects(call.object for call in calls)
        return reconcile(calls, recordings, slack, every=every, shared=shared).within(window)


def _table(gaps: "tuple[LoggedCall, ...]") -> str:
    from archiver.cli.screen.console import table
    from archiver.domain.quantities import human_duration

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


def _tell(window: "Window", result: "Reconciled", *, fetches_calls: bool) -> None:
    from archiver.cli.screen.console import emit

    apart = f" ({result.in_quarantine} in quarantine only)" if result.in_quarantine else ""
    emit(
        f"Calls of {window} (portal time): {len(result.matched)} with their recording{apart}, "
        f"gaps: {len(result.gaps)}, {len(result.unrecorded)} talked and without word of audio. "
        f"{len(result.alone)} recordings belong to none of them."
    )
    if result.not_understood:
        emit(
            f"{result.not_understood} calls tell their time, length or audio in a form that is not "
            "understood, and may be matched wrongly."
        )
    if result.unrecorded:
        emit("If every call is recorded, say --every-call: then those without word are gaps too.")
    doubtful = {call.id for call, _ in result.near}.intersection(call.id for call in result.gaps)
    if doubtful:
        emit(f"{len(doubtful)} of the gaps may have a recording that names no number: see --json.")
    if result.gaps:
        emit(_advice(result.gaps, fetches_calls=fetches_calls))


def _advice(gaps: "tuple[LoggedCall, ...]", *, fetches_calls: bool) -> str:
    """Return what to do about gaps: a pull fetches what calls say that they have, and no more."""
    if not any(call.says_recorded for call in gaps):
        return f"No pull can fetch these: {ASK_PROVIDER}."
    without = "" if fetches_calls else ", with calls = yes"
    return (
        f"Pull the same days{without}: it fetches the audio that a call says it has, a day after "
        "the call, and two days after it where a recording that may be its has no audio or names "
        f"no number. What stays a gap then, {ASK_PROVIDER}."
    )
