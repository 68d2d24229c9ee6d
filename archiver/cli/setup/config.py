"""``archiver config``: create, check or show the settings.

``init`` asks on a terminal for what it was not told; elsewhere it takes its options and asks
nothing.
"""

import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from archiver.app.opening.context import Context
from archiver.app.setup.config import (
    SettingsDraft,
    answers_of,
    check_settings,
    has_token,
    require_apart,
    settings_in_force,
    usual_file,
    write_settings,
)
from archiver.app.setup.doctor import doctor
from archiver.cli import accounts, loading, options
from archiver.cli.examples import examples
from archiver.cli.screen.console import emit, speaking_of, table
from archiver.cli.setup import questions
from archiver.cli.setup.doctor import told
from archiver.config import home, token
from archiver.config.registry import TOKEN_SETTINGS, parse
from archiver.config.settings import FromEnvironment
from archiver.domain.checks import exit_code
from archiver.errors import ExitCode, UsageError, gravest

_NO_ARCHIVE = "They name no archive: set archive, or give --archive to each command."


@click.group(
    epilog=examples(
        ("config init", "write the settings file"),
        ("config check", "what is wrong with it?"),
        ("config show", "what is in force, and from where?"),
    )
)
def command() -> None:
    """Create, check or show the settings."""


@command.command(
    epilog=examples(
        ("config init", "asks for everything"),
        ("config init --archive /srv/calls --token-file ./token --untried", "asks nothing"),
    )
)
@options.config_option
@options.archive_setting
@click.option("--endpoint", metavar="URL", help="The portal's address.")
@click.option("--token-file", metavar="FILE", help="Keep the token in this file (0600).")
@click.option("--token-command", metavar="COMMAND", help="Let this command print the token.")
@click.option("--token-keyring", metavar="SERVICE/USER", help="The system's keyring holds it.")
@click.option("--untried", is_flag=True, help="Don't try them on the portal and the archive first.")
@click.option("--force", is_flag=True, help="Replace a settings file that is there.")
@options.account_option
def init(
    config: Path | None,
    *,
    untried: bool,
    force: bool,
    account: tuple[str, ...],
    **given: str | None,
) -> ExitCode:
    """Write a commented settings file, readable by you alone.

    The settings are tried first, as doctor does, unless there is no token yet to try them with.
    Where ARCHIVER_ENDPOINT is set, that is the portal, unless --endpoint names another.
    For several accounts, each gets a table of its own: name them when asked, or by --account.
    """
    path = home.absolute(config or usual_file(os.environ))
    if home.is_there(path) and not force:
        raise UsageError(f"{path} is there already.", advice="Use --force to replace it.")
    if given["token_file"] is not None:
        given["token_file"] = str(home.absolute(given["token_file"]))
    answers = {name: value for name, value in given.items() if value is not None}
    if "endpoint" not in answers and (portal := os.environ.get("ARCHIVER_ENDPOINT")):
        # The token may come from the environment, too: it must not be tried on another portal.
        answers["endpoint"] = _named_portal(portal)
    drafts = [*_drafts(account, answers, path.parent)]
    require_apart(drafts)
    is_tried = not untried and all(has_token(draft.context(os.environ)) for draft in drafts)
    failed = gravest(map(_try, drafts)) if is_tried else ExitCode.CLEAN
    if failed and not _all_the_same():
        return failed
    _write(path, drafts, replace=force)
    if not _is_placed(drafts):
        emit(_NO_ARCHIVE)
    emit(f"Next: archiver {_next_step(drafts, is_fine=is_tried and not failed)}{_config(config)}")
    return ExitCode.CLEAN


def _named_portal(endpoint: str) -> str:
    """Return the portal that the environment names, and say so: nobody is asked for it."""
    _, problems = parse({"endpoint": endpoint}, lambda _: "ARCHIVER_ENDPOINT")
    if problems:
        raise UsageError("\n".join(map(str, problems)))
    emit(f"Portal: {endpoint} (from ARCHIVER_ENDPOINT)")
    return endpoint


def _next_step(drafts: Sequence[SettingsDraft], *, is_fine: bool) -> str:
    """Return the command that is typed next; a pull names the archive, where none was chosen."""
    if not is_fine:
        return "doctor"
    return f"pull --since DATE{'' if _is_placed(drafts) else ' --archive ADDRESS'}"


def _is_placed(drafts: Sequence[SettingsDraft]) -> bool:
    """Whether an archive was chosen for each account, or is the environment's."""
    return "ARCHIVER_ARCHIVE" in os.environ or all("archive" in each.answers for each in drafts)


def _config(config: Path | None) -> str:
    return f" --config {shlex.quote(str(config))}" if config else ""


def _drafts(
    names: Sequence[str], given: Mapping[str, str], folder: Path
) -> Iterator[SettingsDraft]:
    """Yield what is chosen for each account: asked for on a terminal, else derived from options."""
    is_asked = sys.stdin.isatty()
    names = names or (questions.ask_accounts() if is_asked else ())
    for name in names or (None,):
        alone = len(names) == 1
        answers = dict(given) if name is None else answers_of(name, given, alone=alone)
        token_file = folder / (f"{name}.token" if name else "token")
        typed = None
        if is_asked:
            with speaking_of(name) if name else nullcontext():
                answers, typed = questions.ask(answers, token_file)
        elif name is not None and answers.keys().isdisjoint(TOKEN_SETTINGS):
            answers["token_file"] = str(token_file)
        yield SettingsDraft(name, answers, typed)


def _try(draft: SettingsDraft) -> ExitCode:
    """Try the settings of an account, naming it in each line; return the gravest check's code."""
    with speaking_of(draft.account):
        checks = doctor(draft.context(os.environ), has_begun=False)
        return exit_code([*told(checks, err=True)])


def _write(path: Path, drafts: Sequence[SettingsDraft], *, replace: bool) -> None:
    write_settings(path, drafts, replace=replace)
    emit(f"Wrote {path}.")
    for draft in drafts:
        _tell_token(draft.answers)


def _all_the_same() -> bool:
    """Ask whether to write what failed; where nobody can be asked, don't."""
    if sys.stdin.isatty() and click.confirm("Write the settings all the same?", err=True):
        return True
    emit("Nothing was written. Mend what failed, or write the settings with --untried.")
    return False


def _tell_token(answers: Mapping[str, str]) -> None:
    """Say what is still to be done about the token."""
    if answers.keys().isdisjoint(TOKEN_SETTINGS):
        emit(f"The token is expected in {token.VARIABLE}. Nightly jobs want it in a --token-file.")
    kept = answers.get("token_file")
    if kept is not None and not home.is_there(kept):
        emit(f"Put the token into {kept}, and close it to others: chmod 600 {shlex.quote(kept)}")


@command.command(
    epilog=examples(
        ("config check", "the file that is in use"),
        ("config check --config ./archiver.toml", "a file that is not in use yet"),
    )
)
@options.settings_options
def check(**given: Any) -> ExitCode:  # noqa: ANN401  # as click gives them
    """Report every problem of the settings, with its line."""
    checked = check_settings(loading.settings_request(given))
    for problem in checked.problems:
        emit(str(problem))
    if checked.problems:
        return ExitCode.USAGE
    return accounts.work_through(checked.contexts, _say_in_order).code


def _say_in_order(context: Context) -> accounts.AccountEnd:
    if context.settings.portal.token is None:
        emit("The settings are in order, but for the token: nothing says where it is kept.")
        emit(f"Set token_file, token_command or token_keyring, or {token.VARIABLE}.")
        return accounts.AccountEnd(ExitCode.USAGE)
    emit(f"The settings are in order; the token is {token.where(context.settings.portal.token)}.")
    if isinstance(context.settings.portal.token, FromEnvironment):
        emit(f"A nightly job has no {token.VARIABLE}: set token_file for it.")
    if context.settings.archive is None:
        emit(_NO_ARCHIVE)
    return accounts.AccountEnd(ExitCode.CLEAN)


@command.command(
    epilog=examples(
        ("config show", "what is in force, and from where?"),
        ("config show --account north --json", "of one account, for a program"),
    )
)
@options.settings_options
@options.json_option
def show(*, as_json: bool, **given: Any) -> None:  # noqa: ANN401  # as click gives them
    """Show the settings in force and where each comes from; never the token."""
    shown = settings_in_force(loading.load(given))
    if as_json:
        click.echo(json.dumps({e.name: {"value": e.value, "from": e.origin} for e in shown}))
    else:
        rows = [(each.name, each.value, each.origin) for each in shown]
        click.echo(table(rows, ("SETTING", "VALUE", "FROM")))
