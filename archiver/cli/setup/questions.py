"""The questions of ``archiver config init``, asked on a terminal only."""

from collections.abc import Mapping
from pathlib import Path

import click

from archiver.cli.screen.console import named
from archiver.config.registry import BY_NAME, TOKEN_SETTINGS
from archiver.config.settings import DEFAULTS
from archiver.config.sources import see_account_name
from archiver.config.token import VARIABLE
from archiver.errors import UsageError

KEPT = {
    "file": "typed here now, kept in a file of its own that only you can read",
    "command": "printed by a command, such as a password manager's",
    "keyring": "in the system's keyring, which must be unlocked for every run",
    "environment": f"in {VARIABLE}",
}


def ask_accounts() -> tuple[str, ...]:
    """Ask for the names of several accounts; there are none where one is all."""
    answer: str = click.prompt(
        "Names of the accounts, if there are several (such as north, south; empty for one)",
        default="",
        show_default=False,
        value_proc=_names,
        err=True,
    )
    return tuple(answer.split())


def _names(text: str) -> str:
    """Return names with blanks between them."""
    names = dict.fromkeys(text.replace(",", " ").split())
    try:
        for name in names:
            see_account_name(name)
    except UsageError as error:
        raise click.UsageError(error.message) from error
    return " ".join(names)


def ask(answers: Mapping[str, str], token_file: Path) -> tuple[dict[str, str], str | None]:
    """Complete ``answers``; return them and the token, if one was typed (for ``token_file``)."""
    asked = dict(answers)
    if "endpoint" not in asked:
        asked["endpoint"] = _valid("endpoint", "Portal's address", DEFAULTS.portal.endpoint)
    typed = None
    if asked.keys().isdisjoint(TOKEN_SETTINGS):
        typed = _ask_token(asked, token_file)
    if "archive" not in asked:
        asked["archive"] = _valid(
            "archive", "Archive (a folder's full path, or s3://bucket/prefix)"
        )
    return asked, typed


def _ask_token(asked: dict[str, str], token_file: Path) -> str | None:
    """Ask how the token is kept, and note the answer in ``asked``; return it if it was typed."""
    for way, meaning in KEPT.items():
        click.echo(f"  {way:<12} {meaning}", err=True)
    question = f"How is the token kept ({', '.join(KEPT)})?"
    way = click.prompt(named(question), default="file", value_proc=_way, err=True)
    if way == "command":
        asked["token_command"] = _valid("token_command", "Command that prints it")
    if way == "keyring":
        asked["token_keyring"] = _valid(
            "token_keyring", "Service and user in it", "archiver/portal"
        )
    if way != "file":
        return None
    asked["token_file"] = str(token_file)
    typed: str = click.prompt(named("Token (not shown)"), hide_input=True, err=True)
    return typed.strip()


def _way(text: str) -> str:
    """Return a way of :data:`KEPT`. Anything else is never repeated: it may be the token itself."""
    if text not in KEPT:
        raise click.UsageError(f"This must be one of {', '.join(KEPT)}.")
    return text


def _valid(name: str, question: str, default: str | None = None) -> str:
    """Ask until the answer can be that setting."""

    def read(text: str) -> str:
        try:
            BY_NAME[name].read(text)
        except UsageError as error:
            raise click.UsageError(f"This {error.message}.") from error
        return text

    answer: str = click.prompt(named(question), default=default, value_proc=read, err=True)
    return answer
