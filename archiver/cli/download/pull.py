"""``archiver pull``: archive what is due, or one window."""

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from archiver.app.windows import assignment, span
from archiver.cli.options import (
    account_option,
    archive_option,
    config_option,
    json_option,
    quiet_option,
    rate_option,
    tolerance_option,
    verbose_option,
    window_options,
    workers_option,
)
from archiver.cli.screen.log_format import Speaking, speak
from archiver.errors import ExitCode

if TYPE_CHECKING:
    from archiver.app.connections import Connections
    from archiver.app.context import Context
    from archiver.cli.accounts import AccountEnd
    from archiver.portal.proving.walk import RowKey


@click.command(name="pull", cls=Speaking)
@archive_option
@window_options
@workers_option
@rate_option
@tolerance_option
@click.option("--lock", metavar="MODE", help="Object Lock: governance, compliance [setting: lock].")
@click.option("--retain", metavar="TIME", help="How long, from the call: 5y [setting: retain].")
@click.option(
    "--legal-hold",
    is_flag=True,
    flag_value="yes",
    default=None,
    help="Put a legal hold on what is stored [setting: legal_hold].",
)
@click.option(
    "--confirm-compliance",
    is_flag=True,
    help="Say once for an archive that its locks may never be taken away.",
)
@click.option(
    "--no-calls",
    "calls",
    flag_value="no",
    default=None,
    help="Leave the call log alone [setting: calls].",
)
@click.option("--max-time", metavar="TIME", help="Begin nothing more after so long: 45m, 6h.")
@click.option("--max-bytes", metavar="SIZE", help="Begin nothing more after so much: 500M, 20G.")
@click.option("--bwlimit", metavar="SIZE", help="The most bytes a second [setting: bwlimit].")
@click.option("--wait", metavar="TIME", help="Wait so long for another run to end: 30m.")
@click.option("--shard", metavar="I/N", help="Only accounts of this shard: 0/3, 1/3 or 2/3.")
@click.option("--metrics", metavar="FILE", help="Prometheus' .prom file [setting: metrics].")
@click.option("--log-format", metavar="FORMAT", help="text or json [setting: log_format].")
@click.option(
    "--among-others",
    is_flag=True,
    help="Begin an archive in a folder that holds other files.",
)
@click.option("-n", "--dry-run", is_flag=True, help="List and count; download nothing.")
@json_option
@quiet_option
@account_option
@config_option
@verbose_option
def command(**options: Any) -> int:  # noqa: ANN401  # as click gives them
    """Archive what is due, or one window, each recording checked; never deletes.

    Without a window: every day that isn't settled, from the day on that --since named once. With
    --since: all days from that one on, whole; the archive answers for them from now on (90d is a
    fixed day from then on). Newest days come first, then the oldest; the oldest come first where
    --max-time or --max-bytes leave more each time.

    What is held already is not fetched again, so running it twice is harmless, and a run that was
    cut off is finished by running it again. Exit code 0 means: the listing is proven, everything
    in it is held or waits for its time, and no finding is open. What a budget leaves is no fault
    while it becomes less.

    Of several accounts in the settings, each is worked for in turn, or those that --account names
    (once or more); one that fails doesn't stop the others, and the gravest exit code counts.
    """
    from archiver.cli import accounts, loading, shards
    from archiver.json_documents import dumps

    contexts = shards.share(loading.load_each(options), options["shard"])
    ended = accounts.work_through(contexts, partial(_pull, options=options))
    if options["as_json"]:
        click.echo(dumps(ended.document), nl=False)
    return ended.code


def _pull(context: "Context", *, options: dict[str, Any]) -> "AccountEnd":
    """Archive for one account, or say what that would come to."""
    from archiver.app.connections import connect
    from archiver.app.notify_run import Telling
    from archiver.app.pull import Archiving
    from archiver.app.summary import document, lines
    from archiver.cli.accounts import AccountEnd
    from archiver.cli.interruption import noted
    from archiver.cli.screen.console import emit
    from archiver.cli.screen.progress import Progress

    speak(context.settings.log_format)
    if options["day"] or options["until"]:
        context = _unwatched(context, options)
    context = _fitted(context, quiet=options["quiet"])
    started = time.monotonic()
    if options["dry_run"]:
        with connect(context) as connections:
            return _estimate(context, connections, options)
    with Progress(quiet=options["quiet"]) as announce, Telling(context, announce) as telling:
        telling.began()
        with connect(context, watches_media=False) as connections:
            result, state = Archiving(context, connections, options, telling, noted).run()
        telling.ended(result, state)
    told = document(result, state)
    if not (options["quiet"] and result.totals.clean):
        first, *rest = lines(result, state, time.monotonic() - started)
        emit(first, "summary", **{name: told[name] for name in told if name != "windows"})
        for line in rest:
            emit(line, "summary_more")
    return AccountEnd(ExitCode.CLEAN if result.totals.well else ExitCode.FINDINGS, told)


def _unwatched(context: "Context", options: dict[str, Any]) -> "Context":
    """Return the settings for a window of the past, which says nothing of the other days.

    Whoever watches the nights would take its end for theirs.
    """
    settings = replace(context.settings, ping_url=None)
    if options["metrics"] is None:
        settings = replace(settings, metrics=None)
    return replace(context, settings=settings)


def _fitted(context: "Context", *, quiet: bool) -> "Context":
    """Return the settings with as many workers as may have their files open."""
    from archiver.app.open_files import workers_for
    from archiver.cli.screen.console import emit

    wanted = context.settings.workers
    workers = workers_for(wanted)
    if workers < wanted and not quiet:
        emit(
            f"{workers} downloads at the same time, not {wanted}: see ulimit -n (open files).",
            "noticed",
        )
    return replace(context, settings=replace(context.settings, workers=workers))


def _estimate(
    context: "Context", connections: "Connections", options: dict[str, Any]
) -> "AccountEnd":
    """List it all and say what archiving it would come to."""
    from archiver.app.archives import open_for_reading
    from archiver.cli.accounts import AccountEnd
    from archiver.cli.screen.console import named
    from archiver.cli.screen.progress import Progress
    from archiver.domain.quantities import human_bytes
    from archiver.domain.recordings import Report
    from archiver.listing.slices import clip_to_cutoff, list_windows, spanning, witnesses
    from archiver.portal.proving.odd_rows import odd_of
    from archiver.portal.proving.walk import keyed
    from archiver.portal.session import open_session
    from archiver.pull import events
    from archiver.pull.forecast import audio_bytes

    session = open_session(connections.client, Report.RECORDINGS, connections.settings.utc_offset)
    with open_for_reading(context) as opened:
        reports = [Report.RECORDINGS]
        catalog, keeps = opened[1] if opened else None, context.settings.provider_keeps
        assigned = assignment(options, session, catalog, reports, keeps)
        held = witnesses(catalog, Report.RECORDINGS) if catalog else ()
    windows = [clip_to_cutoff(each, session) for each in assigned.windows]
    window = spanning(windows)
    lengths: dict[RowKey, int] = {}
    proven = True
    behaviour = session.behaviour(held)
    with Progress(quiet=options["quiet"]) as announce:
        announce(events.Began(window, session.offset.minutes, session.offset.source))
        for listing in list_windows(connections.client, Report.RECORDINGS, windows, behaviour):
            rows = keyed(listing.listed)
            lengths |= {key: each.row.reported_ms or 0 for key, each in rows.items()}
            proven = proven and listing.proven and not odd_of(listing)
    hours = sum(lengths.values()) / 3_600_000
    size = audio_bytes(sum(lengths.values()))
    if not options["as_json"]:
        line = (
            f"{len(lengths)} recordings, {hours:.1f} hours, about {human_bytes(size)} at 32 kbit/s"
            f"; the listing is {'proven' if proven else 'NOT proven'}. Nothing was downloaded."
        )
        click.echo(named(line))
    estimate = {
        "window": span(window),
        "recordings": len(lengths),
        "hours": round(hours, 2),
        "estimated_bytes": size,
        "proven": proven,
    }
    return AccountEnd(ExitCode.CLEAN if proven else ExitCode.FINDINGS, estimate)
