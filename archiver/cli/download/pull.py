"""``archiver pull``: archive what is due, or one window."""

import time
from contextlib import ExitStack
from functools import partial
from typing import Any

import click

from archiver.app.download.pull import PullRequest, pull
from archiver.app.opening.context import Context
from archiver.app.pulling.estimate import estimate
from archiver.app.pulling.summary import document, lines
from archiver.cli import accounts, loading, shards
from archiver.cli.accounts import AccountEnd
from archiver.cli.examples import examples
from archiver.cli.interruption import stop_token
from archiver.cli.options import (
    archive_option,
    by_option,
    json_option,
    quiet_option,
    rate_option,
    read_option,
    settings_options,
    tolerance_option,
    verbose_option,
    window_options,
    window_request,
    workers_option,
)
from archiver.cli.screen.console import emit, named, print_document
from archiver.cli.screen.log_format import Speaking, speak
from archiver.cli.screen.progress import Progress
from archiver.concurrency.stop import StopToken, check_not_stopped
from archiver.config.archive_address import EXAMPLE
from archiver.domain.quantities import counted, human_bytes, human_duration, seconds, size


@click.command(
    name="pull",
    cls=Speaking,
    epilog=examples(
        ("pull --day yesterday -a ./archive", "one day, into a folder"),
        ("pull --since 2026-11-01 -a ./archive", "once: from which day on"),
        ("pull -a ./archive --quiet", "every night: whatever is due"),
        (f"pull --since 30d -a {EXAMPLE} --dry-run", "what would it come to?"),
        (f"pull -a {EXAMPLE} --dask tls://scheduler:8786", "on many machines"),
    ),
)
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
    help="Confirm once that COMPLIANCE locks can't be removed, even by root.",
)
@click.option(
    "--no-calls",
    "calls",
    flag_value="no",
    default=None,
    help="Leave the call log alone [setting: calls].",
)
@click.option(
    "--max-time", metavar="TIME", help="Stop starting new downloads after this time: 45m, 6h."
)
@click.option(
    "--max-bytes", metavar="SIZE", help="Stop starting new downloads after so much: 500M, 20G."
)
@click.option("--bwlimit", metavar="SIZE", help="The most bytes a second [setting: bwlimit].")
@click.option("--wait", metavar="TIME", help="Wait so long for another run to end: 30m.")
@click.option("--shard", metavar="I/N", help="Only accounts of this shard: 0/3, 1/3 or 2/3.")
@click.option("--dask", metavar="ADDRESS", help="Fetch on a Dask cluster: tcp://scheduler:8786.")
@click.option(
    "--metrics", metavar="FILE", help="Prometheus' .prom file, an absolute path [setting: metrics]."
)
@click.option("--log-format", metavar="FORMAT", help="text or json [setting: log_format].")
@click.option(
    "--among-others", is_flag=True, help="Begin an archive in a folder that holds other files."
)
@by_option("Who says since when the archive answers")
@click.option("-n", "--dry-run", is_flag=True, help="List and count; download nothing.")
@json_option
@quiet_option
@settings_options
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
    contexts = shards.share(loading.load_each(options), options["shard"], options["account"])
    asked = {"request": _request(options), "quiet": options["quiet"]}
    with ExitStack() as told_after:
        if options["dry_run"]:
            work = partial(_estimate, **asked, as_json=options["as_json"])
            ended = accounts.work_through(contexts, work)
        else:
            after = told_after if options["as_json"] else None
            with stop_token() as stop:
                work = partial(_pull, **asked, stop=stop, told_after=after)
                ended = accounts.work_through(contexts, work)
        if options["as_json"]:
            print_document(ended.document, ended.code)
    return ended.code


def _request(options: dict[str, Any]) -> PullRequest:
    """Return what these options ask for; raises :class:`UsageError`, naming the option."""
    return PullRequest(
        window=window_request(options),
        max_time_s=read_option(options, "max_time", seconds),
        max_bytes=read_option(options, "max_bytes", size),
        wait_s=read_option(options, "wait", seconds) or 0,
        confirms_compliance=options["confirm_compliance"],
        among_others=options["among_others"],
        by=options["by"],
        dask=options["dask"],
    )


def _pull(
    context: Context,
    *,
    request: PullRequest,
    quiet: bool,
    stop: StopToken,
    told_after: ExitStack | None,
) -> AccountEnd:
    """Archive for one account, and say what that came to.

    Whoever asked while the account before came to its end, which nothing could stop any more, is
    heard here: this one is not begun.
    """
    check_not_stopped(stop)
    speak(context.settings.notify.log_format)
    started = time.monotonic()
    with Progress(quiet=quiet) as announce:
        run = pull(request, context, announce, stop, told_after)
    told = document(run)
    if not (quiet and run.result.totals.clean):
        first, *rest = lines(run, time.monotonic() - started)
        emit(first, "summary", **{name: told[name] for name in told if name != "windows"})
        for line in rest:
            emit(line, "summary_more")
    return AccountEnd(run.code, told)


def _estimate(context: Context, *, request: PullRequest, quiet: bool, as_json: bool) -> AccountEnd:
    """List it all and say what archiving it would come to."""
    speak(context.settings.notify.log_format)
    with Progress(quiet=quiet) as announce:
        estimated = estimate(request.window, context, announce)
    if not as_json:
        line = (
            f"{counted(estimated.recordings, 'recording')}, {estimated.hours:.1f} hours, about "
            f"{human_bytes(estimated.bytes)} at 32 kbit/s; the listing is "
            f"{'proven' if estimated.proven else 'NOT proven'}. Archiving it takes about "
            f"{_long(estimated.listing_s + estimated.audio_s)}: the listing "
            f"{_long(estimated.listing_s)}, the audio {_long(estimated.audio_s)} at "
            f"{human_bytes(estimated.bytes_per_s)}/s. Nothing was downloaded."
        )
        click.echo(named(line))
    if not estimated.fits:
        emit(
            f"That is more than the disk has room for: {human_bytes(estimated.free or 0)} are "
            "free, and a run stops before the disk is full.",
            "noticed",
        )
    return AccountEnd(estimated.code, estimated.document)


def _long(took_s: float) -> str:
    return human_duration(round(took_s * 1000))
