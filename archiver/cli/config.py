"""``archiver config``: create, check or show the settings.

``init`` asks on a terminal for what it was not told; elsewhere it takes its options and asks
nothing. What it writes is a commented file of mode 0600, and never the token itself.
"""

import json
import os
import shlex
import sys
from pathlib import Path

import click

from archiver.cli import accounts, configuration, options, questions, settings_file, token
from archiver.cli.output import say, table
from archiver.errors import ExitCode, UsageError
from archiver.settings import SETTINGS, parse


@click.group()
def command() -> None:
    """Create, check or show the settings."""


@command.command()
@options.config_option
@options.archive_option
@click.option("--endpoint", metavar="URL", help="The portal's address.")
@click.option("--token-file", metavar="FILE", help="Keep the token in this file (0600).")
@click.option("--token-command", metavar="COMMAND", help="Let this command print the token.")
@click.option("--force", is_flag=True, help="Replace a settings file that is there.")
def init(config: Path | None, *, force: bool, **given: str | None) -> None:
    """Write a commented settings file, readable by you alone."""
    path = (config or _usual_file()).absolute()
    if path.exists() and not force:
        raise UsageError(f"{path} is there already.", advice="Use --force to replace it.")
    if given["token_file"] is not None:
        given["token_file"] = str(Path(given["token_file"]).absolute())
    answers = {name: value for name, value in given.items() if value is not None}
    typed = None
    if sys.stdin.isatty():
        answers, typed = questions.ask(answers, path.parent / "token")
    _, problems = parse(answers, lambda name: f"--{name.replace('_', '-')}")
    if problems:
        raise UsageError("\n".join(map(str, problems)))
    if typed is not None:
        settings_file.write(Path(answers["token_file"]), typed + "\n", replace=force)
    settings_file.write(path, settings_file.render(answers), replace=force)
    say(f"Wrote {path}.")
    kept = Path(answers["token_file"]) if "token_file" in answers else None
    if kept is not None and not kept.exists():
        say(f"Put the token into {kept}, and close it to others: chmod 600 {kept}")
    if "token_file" not in answers and "token_command" not in answers:
        say(f"The token is expected in {token.VARIABLE}.")
    say(f"Next: archiver doctor{f' --config {shlex.quote(str(config))}' if config else ''}")


def _usual_file() -> Path:
    named = os.environ.get("ARCHIVER_CONFIG")
    return Path(named) if named else configuration.user_file(os.environ)


@command.command()
@options.account_option
@options.config_option
def check(**given: object) -> ExitCode:
    """Report every problem of the settings, with its line."""
    contexts, problems = configuration.examine(given, os.environ)
    for problem in problems:
        say(str(problem))
    if problems:
        return ExitCode.USAGE
    return accounts.work_through(contexts, _check_token).code


def _check_token(context: configuration.Context) -> accounts.Ended:
    if context.settings.token is not None:
        context.token()
    say(f"The settings are in order; the token is {token.where(context.settings.token)}.")
    return accounts.Ended(ExitCode.CLEAN)


@command.command()
@options.account_option
@options.config_option
@options.json_option
def show(*, as_json: bool, **given: object) -> None:
    """Show the settings in force and where each comes from; never the token."""
    context = configuration.load(given)
    rows = [
        (
            setting.name,
            settings_file.shown(setting, context.settings),
            context.places.get(setting.field, "default"),
        )
        for setting in SETTINGS
        if setting.field != "token"
    ]
    kept = context.settings.token
    rows.append(("token", token.where(kept), context.places.get("token", "default")))
    if as_json:
        click.echo(
            json.dumps({name: {"value": value, "from": origin} for name, value, origin in rows})
        )
    else:
        click.echo(table(rows, ("SETTING", "VALUE", "FROM")))
