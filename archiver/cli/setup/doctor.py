"""``archiver doctor``: check token, portal, clock, zone, lengths and destination."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import click

from archiver.app.opening.archive.stores import site
from archiver.app.opening.context import Context
from archiver.app.setup.doctor import doctor, unusable
from archiver.cli import accounts, loading
from archiver.cli.accounts import AccountEnd
from archiver.cli.examples import examples
from archiver.cli.options import archive_options, verbose_option
from archiver.cli.screen.console import GREEN, RED, YELLOW, coloured, named
from archiver.config.archive_address import EXAMPLE
from archiver.domain.checks import Check, CheckStatus, exit_code
from archiver.domain.plain_text import printable
from archiver.errors import ExitCode, UsageError
from archiver.json_documents import dumps


@click.command(
    name="doctor",
    epilog=examples(
        ("doctor -a ./archive", "is everything in order?"),
        (f"doctor -a {EXAMPLE} --policy > policy.json", "the rights that a bucket needs"),
    ),
)
@archive_options
@verbose_option
@click.option("--policy", is_flag=True, help="Print the rights that a bucket's writer needs.")
def command(*, as_json: bool, policy: bool, **options: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Check the settings, the portal, a few recent recordings and the archive's place.

    Keeps nothing; in a bucket that is to lock, a scratch object stays locked for a minute. Ends
    with 0 when no check failed; warnings are for reading. Where the archive is not there, it ends
    with 2: its first pull is still to come, or its address is mistyped, or it is not mounted.

    Of several accounts in the settings, each is checked, or those that --account names; the gravest
    exit code counts.
    """
    if policy:
        return _print_policy(options)
    try:
        contexts = loading.load_each(options)
    except UsageError as error:
        ended = _ended(unusable(error), as_json=as_json)
    else:
        ended = accounts.work_through(contexts, partial(_check_up, as_json=as_json))
    return ended.printed(as_json=as_json)


def _check_up(context: Context, *, as_json: bool) -> AccountEnd:
    return _ended(doctor(context), as_json=as_json)


def _ended(checks: Iterable[Check], *, as_json: bool) -> AccountEnd:
    """Make the checks, printing each unless they are wanted as JSON."""
    made = [*(checks if as_json else told(checks))]
    return AccountEnd(exit_code(made), document(made))


def told(checks: Iterable[Check], *, err: bool = False) -> Iterator[Check]:
    """Print each check as it is made, on stdout or stderr, and pass it on."""
    for check in checks:
        click.echo("\n".join(map(named, _lines(check))), err=err)
        yield check


def _print_policy(options: Mapping[str, object]) -> ExitCode:
    rights = site(loading.load(options)).policy()
    click.echo(dumps(rights, indent=2), nl=False)
    return ExitCode.CLEAN


def document(checks: list[Check]) -> dict[str, Any]:
    """Return what ``--json`` prints (``manifests/doctor.schema.json``)."""
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
    }


def _lines(check: Check) -> Iterator[str]:
    """Write a check in one line, and below it what to do."""
    colour = {CheckStatus.OK: GREEN, CheckStatus.WARN: YELLOW, CheckStatus.FAIL: RED}.get(
        check.state
    )
    found = " ".join(map(printable, check.found.split("\n")))
    yield f"{coloured(f'{check.state:<7}', colour)}  {check.name:<8}  {found}"
    if check.advice:
        yield f"{'':<19}{printable(check.advice)}"
