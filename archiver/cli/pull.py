"""``archiver pull``: archive what is due, or one window."""

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

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
from archiver.cli.speaking import Speaking, speak
from archiver.cli.windows import assignment, span
from archiver.errors import ExitCode

if TYPE_CHECKING:
    from archiver.cli.accounts import Ended
    from archiver.cli.configuration import Context
    from archiver.cli.wiring import Connections
    from archiver.portal.paging import RowKey


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
    from archiver.cli import accounts, configuration, shards
    from archiver.documents import dumps

    contexts = shards.share(configuration.load_each(options), options["shard"])
    ended = accounts.work_through(contexts, partial(_pull, options=options))
    if options["as_json"]:
        click.echo(dumps(ended.document), nl=False)
    return ended.code


def _pull(context: "Context", *, options: dict[str, Any]) -> "Ended":
    """Archive for one account, or say what that would come to."""
    from archiver.cli.accounts import Ended
    from archiver.cli.archiving import Archiving
    from archiver.cli.output import say
    from archiver.cli.progress import Progress
    from archiver.cli.summary import document, lines
    from archiver.cli.telling import Telling
    from archiver.cli.wiring import connect

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
            result, state = Archiving(context, connections, options, telling).run()
        telling.ended(result, state)
    told = document(result, state)
    if not (options["quiet"] and result.tally.clean):
        first, *rest = lines(result, state, time.monotonic() - started)
        say(first, "summary", **{name: told[name] for name in told if name != "windows"})
        for line in rest:
            say(line, "summary_more")
    return Ended(ExitCode.CLEAN if result.tally.well else ExitCode.FINDINGS, told)


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
    from archiver.cli.openfiles import workers_for
    from archiver.cli.output import say

    wanted = context.settings.workers
    workers = workers_for(wanted)
    if workers < wanted and not quiet:
        say(
            f"{workers} downloads at the same time, not {wanted}: see ulimit -n (open files).",
            "noticed",
        )
    return replace(context, settings=replace(context.settings, workers=workers))


def _estimate(context: "Context", connections: "Connections", options: dict[str, Any]) -> "Ended":
    """List it all and say what archiving it would come to."""
    from archiver.cli.accounts import Ended
    from archiver.cli.output import human_bytes, named
    from archiver.cli.progress import Progress
    from archiver.cli.stores import open_for_reading
    from archiver.portal.paging import keyed
    from archiver.recordings import Report
    from archiver.run import events
    from archiver.run.forecast import audio_bytes
    from archiver.run.listing import list_windows, spanning, standing, witnesses
    from archiver.run.odd_rows import odd_of
    from archiver.run.opening import open_portal

    opening = open_portal(connections.client, Report.RECORDINGS, connections.settings.utc_offset)
    with open_for_reading(context) as opened:
        reports = [Report.RECORDINGS]
        catalog, keeps = opened[1] if opened else None, context.settings.provider_keeps
        assigned = assignment(options, opening, catalog, reports, keeps)
        held = witnesses(catalog, Report.RECORDINGS) if catalog else ()
    windows = [standing(each, opening) for each in assigned.windows]
    window = spanning(windows)
    lengths: dict[RowKey, int] = {}
    proven = True
    manners = opening.manners(held)
    with Progress(quiet=options["quiet"]) as announce:
        announce(events.Began(window, opening.offset.minutes, opening.offset.source))
        for listing in list_windows(connections.client, Report.RECORDINGS, windows, manners):
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
    return Ended(ExitCode.CLEAN if proven else ExitCode.FINDINGS, estimate)
