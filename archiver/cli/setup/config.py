"""``archiver config``: create, check or show the settings.

``init`` asks on a terminal for what it was not told; elsewhere it takes its options and asks
nothing. What it writes is a commented file of mode 0600, and never the token itself.
"""

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import click

from archiver.app.opening import context as configuration
from archiver.app.opening.archives import site_at
from archiver.cli import accounts, loading, options
from archiver.cli.screen.console import emit, speaking_of, table
from archiver.cli.setup import questions, trial
from archiver.config import home, token
from archiver.config import sources as layers
from archiver.config import template as settings_file
from archiver.config.registry import SETTINGS, TOKEN_SETTINGS, SettingProblem, parse
from archiver.config.settings import FromEnvironment
from archiver.errors import ExitCode, UsageError, gravest
from archiver.store.kinds import ANYWHERE


@click.group()
def command() -> None:
    """Create, check or show the settings."""


@command.command()
@options.config_option
@options.archive_option
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
    path = home.absolute(config or _usual_file())
    if path.exists() and not force:
        raise UsageError(f"{path} is there already.", advice="Use --force to replace it.")
    if given["token_file"] is not None:
        given["token_file"] = str(home.absolute(given["token_file"]))
    answers = {name: value for name, value in given.items() if value is not None}
    if portal := os.environ.get("ARCHIVER_ENDPOINT"):
        # The token may come from the environment, too: it must not be tried on another portal.
        answers.setdefault("endpoint", portal)
    drafts = [*_drafts(account, answers, path.parent)]
    _see_apart(drafts)
    is_tried = not untried and all(trial.has_token(draft.context()) for draft in drafts)
    failed = gravest(map(_try, drafts)) if is_tried else ExitCode.CLEAN
    if failed and not _all_the_same():
        return failed
    _write(path, drafts, replace=force)
    next_step = "pull --since DATE" if is_tried and not failed else "doctor"
    emit(f"Next: archiver {next_step}{f' --config {shlex.quote(str(config))}' if config else ''}")
    return ExitCode.CLEAN


@dataclass(frozen=True, slots=True)
class _Draft:
    """What was chosen for an account, or for the only one, and its token if that was typed."""

    account: str | None
    answers: Mapping[str, str]
    typed: str | None

    def context(self) -> configuration.Context:
        """Return the settings as a run will find them. Raises :class:`UsageError`."""
        settings, problems = parse(self.answers, lambda name: f"--{name.replace('_', '-')}")
        if problems:
            raise UsageError("\n".join(map(str, problems)))
        context = trial.context_of(settings, self.typed, os.environ)
        return replace(context, account=self.account)


def _drafts(names: Sequence[str], given: Mapping[str, str], folder: Path) -> Iterator[_Draft]:
    """Yield what is chosen for each account: asked for on a terminal, else derived from options."""
    is_asked = sys.stdin.isatty()
    names = names or (questions.ask_accounts() if is_asked else ())
    for name in names or (None,):
        answers = dict(given) if name is None else _of_account(name, given)
        token_file = folder / (f"{name}.token" if name else "token")
        typed = None
        if is_asked:
            with speaking_of(name) if name else nullcontext():
                answers, typed = questions.ask(answers, token_file)
        elif name is not None:
            answers["token_file"] = str(token_file)
        yield _Draft(name, answers, typed)


def _see_apart(drafts: Sequence[_Draft]) -> None:
    """Raise :class:`UsageError` for what no two accounts may share; every run would refuse it."""
    first: dict[tuple[str, str], str | None] = {}
    for draft in drafts:
        for name in draft.answers.keys() & {"archive", *TOKEN_SETTINGS}:
            other = first.setdefault((name, draft.answers[name]), draft.account)
            if other != draft.account:
                raise UsageError(
                    f"Account {draft.account} needs its own {name}: this is that of {other}, too.",
                    advice="Run it again. Nothing was written.",
                )


def _of_account(name: str, given: Mapping[str, str]) -> dict[str, str]:
    """Return what options that were given for all say of one: a place of its own, and no token."""
    layers.see_account_name(name)
    for option in TOKEN_SETTINGS & given.keys():
        raise UsageError(
            f"--{option.replace('_', '-')} is of one account, and there are several.",
            advice="Leave it out: each account gets a token file of its own.",
        )
    archive = given.get("archive")
    return {**given, **({"archive": f"{archive.rstrip('/')}/{name}"} if archive else {})}


def _try(draft: _Draft) -> ExitCode:
    """Try the settings of an account, naming it in each line."""
    if draft.account is None:
        return trial.run(draft.context())
    with speaking_of(draft.account):
        return trial.run(draft.context())


def _write(path: Path, drafts: Sequence[_Draft], *, replace: bool) -> None:
    """Write the settings file, and each token that was typed into a file of its own."""
    for draft in drafts:
        if draft.typed is not None:
            token_file = Path(draft.answers["token_file"])
            settings_file.write(token_file, draft.typed + "\n", replace=replace)
    tables = {draft.account: draft.answers for draft in drafts if draft.account is not None}
    text = settings_file.render({} if tables else drafts[0].answers, tables)
    settings_file.write(path, text, replace=replace)
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
    if kept is not None and not Path(kept).exists():
        emit(f"Put the token into {kept}, and close it to others: chmod 600 {shlex.quote(kept)}")


def _usual_file() -> Path:
    named = os.environ.get("ARCHIVER_CONFIG")
    usual = Path(named) if named else configuration.user_file(os.environ)
    if usual is None:
        raise UsageError(
            f"User {os.getuid()} has no home folder to keep the settings in.",
            advice="Name the file: archiver config init --config FILE. Or set HOME.",
        )
    return usual


@command.command()
@options.account_option
@options.config_option
def check(**given: object) -> ExitCode:
    """Report every problem of the settings, with its line."""
    contexts, problems = configuration.examine(given, os.environ)
    problems = (*problems, *(each for context in contexts for each in _unusable(context)))
    problems = (*problems, *_same_tokens(contexts))
    for problem in problems:
        emit(str(problem))
    if problems:
        return ExitCode.USAGE
    return accounts.work_through(contexts, _say_in_order).code


def _same_tokens(contexts: Sequence[configuration.Context]) -> Iterator[SettingProblem]:
    """Find accounts whose tokens are kept apart and are the same: one's would be archived twice."""
    first: dict[str, configuration.Context] = {}
    for context in contexts:
        source = context.settings.portal.token
        if source is None or isinstance(source, FromEnvironment):
            continue
        with suppress(UsageError):  # what can't be had is told already
            kept = token.resolve(source, context.environ).reveal()
            other = first.setdefault(kept, context)
            if other is not context:
                yield SettingProblem(
                    context.places["token"],
                    f"account {context.account} has the same token as {other.account} "
                    f"({other.places['token']}): each needs its own",
                )


def _say_in_order(context: configuration.Context) -> accounts.AccountEnd:
    if context.settings.portal.token is None:
        emit("The settings are in order, but for the token: nothing says where it is kept.")
        emit(f"Set token_file, token_command or token_keyring, or {token.VARIABLE}.")
        return accounts.AccountEnd(ExitCode.USAGE)
    emit(f"The settings are in order; the token is {token.where(context.settings.portal.token)}.")
    if isinstance(context.settings.portal.token, FromEnvironment):
        emit(f"A nightly job has no {token.VARIABLE}: set token_file for it.")
    if context.settings.archive is None:
        emit("They name no archive: set archive, or give --archive to each command.")
    return accounts.AccountEnd(ExitCode.CLEAN)


def _unusable(context: configuration.Context) -> Iterator[SettingProblem]:
    """Find what shows only in use: a token or an owner that can't be, a lock that can't be kept."""
    if context.settings.portal.token is not None:
        yield from _problem(context, context.token, "token")
    try:
        uses = site_at(context.settings.archive or ANYWHERE, context).uses()
    except UsageError as error:
        yield SettingProblem(context.places["archive"], f"{error.message} {error.advice}")
        return
    for fields, use in uses.items():
        yield from _problem(context, use, *fields)


def _problem(
    context: configuration.Context, use: Callable[[], object], *fields: str
) -> Iterator[SettingProblem]:
    """Yield what ``use`` refuses, placed where the first of the ``fields`` that is set stands."""
    try:
        use()
    except UsageError as error:
        places = (context.places[field] for field in fields if field in context.places)
        yield SettingProblem(
            next(places, "the settings"), " ".join(filter(None, (error.message, error.advice)))
        )


@command.command()
@options.account_option
@options.config_option
@options.json_option
def show(*, as_json: bool, **given: object) -> None:
    """Show the settings in force and where each comes from; never the token."""
    context = loading.load(given)
    rows = [
        (
            setting.name,
            settings_file.shown(setting, context.settings),
            context.places.get(setting.key, "default"),
        )
        for setting in SETTINGS
        if setting.key != "token"
    ]
    kept = context.settings.portal.token
    rows.append(("token", token.where(kept), context.places.get("token", "default")))
    if as_json:
        click.echo(
            json.dumps({name: {"value": value, "from": origin} for name, value, origin in rows})
        )
    else:
        click.echo(table(rows, ("SETTING", "VALUE", "FROM")))
