"""``archiver doctor``: check token, portal, clock, zone, lengths and destination."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archiver.cli.options import (
    account_option,
    archive_option,
    config_option,
    json_option,
    verbose_option,
)
from archiver.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from archiver.app.context import Context
    from archiver.cli.accounts import AccountEnd
    from archiver.doctor.checks import Check


@click.command(name="doctor")
@archive_option
@json_option
@account_option
@config_option
@verbose_option
@click.option("--policy", is_flag=True, help="Print the rights that a bucket's writer needs.")
def command(*, as_json: bool, policy: bool, **options: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Check the settings, the portal, a few recent recordings and the archive's place.

    Keeps nothing; in a bucket that is to lock, a scratch object stays locked for a minute. Ends
    with 0 when no check failed; warnings are for reading.

    Of several accounts in the settings, each is checked, or those that --account names; the gravest
    exit code counts.
    """
    from functools import partial

    from archiver.cli import accounts, loading
    from archiver.json_documents import dumps

    if policy:
        return _print_policy(options)
    try:
        contexts = loading.load_each(options)
    except UsageError as error:
        ended = _ended(_unusable(error), as_json=as_json)
    else:
        ended = accounts.work_through(contexts, partial(_check_up, as_json=as_json))
    if as_json:
        click.echo(dumps(ended.document, indent=2), nl=False)
    return ended.code


def _check_up(context: "Context", *, as_json: bool) -> "AccountEnd":
    return _ended(examine(context), as_json=as_json)


def _ended(checks: "Iterable[Check]", *, as_json: bool) -> "AccountEnd":
    """Make the checks, printing each unless they are wanted as JSON."""
    from archiver.cli.accounts import AccountEnd
    from archiver.doctor.checks import exit_code

    made = [*(checks if as_json else told(checks))]
    return AccountEnd(exit_code(made), document(made))


def told(checks: "Iterable[Check]", *, err: bool = False) -> "Iterator[Check]":
    """Print each check as it is made, on stdout or stderr, and pass it on."""
    from archiver.cli.screen.console import named

    for check in checks:
        click.echo("\n".join(map(named, _lines(check))), err=err)
        yield check


def _print_policy(options: Mapping[str, object]) -> ExitCode:
    from archiver.app import archives as stores
    from archiver.cli import loading
    from archiver.config.s3_options import place
    from archiver.json_documents import dumps
    from archiver.store.s3.policy import policy

    context = loading.load(options)
    if not stores.is_bucket(context):
        raise UsageError("Only a bucket has a policy.", advice="Give --archive s3://bucket/prefix.")
    rights = policy(
        place(context.archive()),
        context.settings.s3_encryption,
        locks=stores.retention(context).locks,
        is_aws=context.settings.s3_endpoint is None,
    )
    click.echo(dumps(rights, indent=2), nl=False)
    return ExitCode.CLEAN


def document(checks: "list[Check]") -> dict[str, Any]:
    """Return what ``--json`` prints (``manifests/doctor.schema.json``)."""
    from archiver.cli.screen.console import printable
    from archiver.doctor.checks import exit_code

    return {
        "checks": [
            {
                "name": check.name,
                "state": check.state.value,
                "found": printable(check.found),
                "advice": printable(check.advice),
            }
            for check in checks
        ],
        "exit_code": exit_code(checks).value,
    }


def _lines(check: "Check") -> Iterator[str]:
    """Write a check in one line, and below it what to do."""
    from archiver.cli.screen.colours import GREEN, RED, YELLOW, coloured
    from archiver.cli.screen.console import printable
    from archiver.doctor.checks import CheckStatus

    colour = {CheckStatus.OK: GREEN, CheckStatus.WARN: YELLOW, CheckStatus.FAIL: RED}.get(
        check.state
    )
    found = " ".join(map(printable, check.found.split("\n")))
    yield f"{coloured(f'{check.state:<7}', colour)}  {check.name:<8}  {found}"
    if check.advice:
        yield f"{'':<19}{printable(check.advice)}"


def _unusable(error: UsageError) -> "Iterator[Check]":
    from archiver.doctor.checks import Check, not_run
    from archiver.doctor.doctor import LOCAL, REMOTE

    yield Check.fail("settings", error)
    yield from not_run((*LOCAL[1:], *REMOTE), "The settings can't be used.")


def examine(context: "Context") -> "Iterator[Check]":
    """Yield every check of these settings: this machine first, then what lies beyond it."""
    from archiver.app.connections import connect
    from archiver.audio.measure import measure
    from archiver.audio.verdict import judge
    from archiver.doctor.doctor import Doctor, check_rate

    with ExitStack() as stack:
        try:
            connected = stack.enter_context(connect(context))
        except UsageError as error:
            yield from _unusable(error)
            return
        yield _settings(context)
        yield check_rate(context.settings.rate)
        yield from _archive(context)
        yield from _watchers(context)
        doctor = Doctor(connected.client, connected.media, context.settings, measure, judge)
        yield from doctor.examine()


def _settings(context: "Context") -> "Check":
    from archiver.config import token
    from archiver.doctor.checks import Check

    found = f"They are in order; the token is {token.where(context.settings.token)}."
    if context.settings.in_the_clear:
        advice = "The endpoint is http, so the token travels unencrypted: use https."
        return Check.warn("settings", found, advice)
    return Check.ok("settings", found)


def _archive(context: "Context") -> "Iterator[Check]":
    from archiver.app import archives as stores
    from archiver.doctor.checks import Check, CheckStatus
    from archiver.doctor.doctor import check_folder

    address = context.settings.archive
    if address is None:
        found = "None is named: give --archive to check its place."
        yield Check("archive", CheckStatus.NOT_RUN, found)
    elif stores.is_bucket(context):
        from archiver.doctor.bucket import check_bucket

        try:
            store, retention = stores.open_bucket(context), stores.retention(context)
        except UsageError as error:
            yield Check.fail("archive", error)
            return

        def see() -> None:
            stores.see_archive(context, store)
            stores.catalog_place(context)

        yield from check_bucket(
            store,
            address,
            stores.options(context),
            retention,
            see,
            may_be_public=context.settings.s3_public,
        )
    else:

        def see_folder() -> None:
            stores.see_mount(context)
            stores.see_archive(context)

        yield check_folder(Path(address), see_folder, partial(_elsewhere, context))


def _elsewhere(context: "Context") -> str:
    """Say where the catalog is kept, if not beside the archive, and why."""
    from archiver.app.archives import catalog_place

    folder, why = catalog_place(context)
    return f"{why} The catalog is kept in {folder}." if why else ""


def _watchers(context: "Context") -> "Iterator[Check]":
    """Check that those who are to hear of each run can be told."""
    from archiver.app.notify_run import pings_of
    from archiver.doctor.checks import Check
    from archiver.doctor.doctor import check_metrics, check_ping
    from archiver.notify import metrics

    try:
        pings = pings_of(context)
        yield check_ping(pings.host if pings else "", pings.trial() if pings else "")
    except UsageError as error:
        yield Check.fail("ping", error)
    yield check_metrics(context.settings.metrics, metrics.trial)
