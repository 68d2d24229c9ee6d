"""``archiver status``: where the archive stands; asks nobody."""

from functools import partial
from typing import Any

import click

from archiver.app.handover.status import StatusRequest, status
from archiver.app.handover.status_document import document
from archiver.app.opening.context import Context
from archiver.cli import accounts, loading
from archiver.cli.accounts import AccountEnd
from archiver.cli.examples import examples
from archiver.cli.handover.status_words import finding_lines, lines
from archiver.cli.options import archive_option, json_option, settings_options, verbose_option
from archiver.cli.screen.console import named, to_type
from archiver.errors import ExitCode, UsageError


@click.command(
    "status",
    epilog=examples(
        ("status -a ./archive", "how did the last run end, and what is open?"),
        ("status --findings -a ./archive", "each open finding, with the next command"),
        ("status --all-accounts --json | jq '.accounts[].findings.open'", "for a script"),
    ),
)
@click.option("--findings", is_flag=True, help="List every open finding, with the next command.")
@click.option("--all-accounts", is_flag=True, help="Of every account in the settings.")
@json_option
@archive_option
@settings_options
@verbose_option
def command(*, findings: bool, all_accounts: bool, as_json: bool, **options: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Show where the archive stands, from the archive alone; asks nobody and changes nothing.

    The last run and how it ended, up to which day all is settled, what is due, open findings by
    kind, what waits for its audio, the newest recording, what is held, and how many days are left
    until the provider deletes what is not settled (setting: provider_keeps). Days are the portal's.

    Ends with 3 while a finding is open, an erasure is begun and not finished, a day's listing is
    unproven or undone, the last run was doubtful or cut off, or could not fetch a recording,
    recordings stopped coming, the provider is about to delete, or this machine's clock is behind
    the last run's end.

    The last run is the last that entered something: one that could not begin, or was killed within
    its first minutes, is in no archive. A ping tells of those (setting: ping_url).
    """
    if all_accounts and options["account"]:
        raise UsageError("--all-accounts and --account exclude each other.", advice="Give one.")
    work = partial(_status, request=StatusRequest(findings=findings), as_json=as_json)
    if all_accounts:
        ended = accounts.work_through(loading.load_each(options), work)
    else:
        ended = work(loading.load(options))
    return ended.printed(as_json=as_json)


def _status(context: Context, *, request: StatusRequest, as_json: bool) -> AccountEnd:
    """Show where the archive of one account stands, unless as JSON."""
    result = status(request, context)
    if not as_json:
        for line in (*lines(result, context.archive()), *finding_lines(result)):
            click.echo(named(line))
    return AccountEnd(result.code, document(result, to_type))
