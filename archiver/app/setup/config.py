"""Creating, checking and showing the settings: the use cases.

What is written is a commented file of mode 0600, and never the token itself.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from archiver.app.disposing.rules import check_rules
from archiver.app.opening import context as configuration
from archiver.app.opening.archive.stores import site_at
from archiver.app.opening.context import USUAL, Context, SettingsRequest
from archiver.config import home, sources, template, token
from archiver.config.registry import SETTINGS, TOKEN_SETTINGS, SettingProblem, parse
from archiver.config.settings import FromEnvironment, FromFile, Settings, Typed
from archiver.errors import UsageError
from archiver.store.kinds import ANYWHERE


class SettingsDraft(Struct, frozen=True):
    """What was chosen for an account, or for the only one, and its token if that was typed.

    ``answers`` are texts by the names of the settings.
    """

    account: str | None
    answers: Mapping[str, str]
    typed: str | None = None

    def context(self, environ: Mapping[str, str]) -> Context:
        """Return the settings as a run will find them. Raises :class:`UsageError`."""
        settings, problems = parse(self.answers, lambda name: f"--{name.replace('_', '-')}")
        if problems:
            raise UsageError("\n".join(map(str, problems)))
        return replace(context_of(settings, self.typed, environ), account=self.account)


def context_of(settings: Settings, typed: str | None, environ: Mapping[str, str]) -> Context:
    """Return settings as a run will find them; ``typed`` is a token that is in no file yet."""
    source = settings.portal.token
    if typed is not None:
        environ, source = {**environ, token.VARIABLE: typed}, Typed()
    elif source is None and environ.get(token.VARIABLE):
        source = FromEnvironment()
    portal = replace(settings.portal, token=source)
    return Context(replace(settings, portal=portal), {}, environ)


def has_token(context: Context) -> bool:
    """Whether there is a token to try anything with: its file may be filled later."""
    match context.settings.portal.token:
        case FromFile(path):
            return home.is_there(path)
        case source:
            return source is not None


def answers_of(account: str, given: Mapping[str, str], *, alone: bool) -> dict[str, str]:
    """Return what options that were given for all say of one: a place of its own.

    Raises :class:`UsageError` for a token, unless the account is ``alone``.
    """
    sources.see_account_name(account)
    for option in () if alone else TOKEN_SETTINGS & given.keys():
        raise UsageError(
            f"--{option.replace('_', '-')} is of one account, and there are several.",
            advice="Leave it out: each account gets a token file of its own.",
        )
    archive = given.get("archive")
    return {**given, **({"archive": f"{archive.rstrip('/')}/{account}"} if archive else {})}


def require_apart(drafts: Sequence[SettingsDraft]) -> None:
    """Raise :class:`UsageError` for what no two accounts may share; every run would refuse it."""
    first: dict[tuple[str, str], str | None] = {}
    for draft in drafts:
        shared = {name: draft.answers.get(name) for name in ("archive", *TOKEN_SETTINGS)}
        for name, value in (*shared.items(), ("token", draft.typed)):
            if value is None:
                continue
            other = first.setdefault((name, value), draft.account)
            if other != draft.account:
                raise UsageError(
                    f"Account {draft.account} needs its own {name}: this is that of {other}, too.",
                    advice="Run it again. Nothing was written.",
                )


def write_settings(path: Path, drafts: Sequence[SettingsDraft], *, replace: bool) -> None:
    """Write the settings file, and each token that was typed into a file of its own.

    Raises :class:`UsageError` for a file that is there, unless it may ``replace`` it.
    """
    for draft in drafts:
        if draft.typed is not None:
            token_file = Path(draft.answers["token_file"])
            template.write(token_file, draft.typed + "\n", replace=replace)
    tables = {draft.account: draft.answers for draft in drafts if draft.account is not None}
    text = template.render({} if tables else drafts[0].answers, tables)
    template.write(path, text, replace=replace)


def usual_file(environ: Mapping[str, str]) -> Path:
    """Return where the settings are written unless a file is named; raises :class:`UsageError`."""
    named = environ.get("ARCHIVER_CONFIG")
    usual = Path(named) if named else configuration.user_file(environ)
    if usual is None:
        raise UsageError(
            f"User {os.getuid()} has no home folder to keep the settings in.",
            advice="Name the file: archiver config init --config FILE. Or set HOME.",
        )
    return usual


class SettingsCheck(Struct, frozen=True):
    """The settings of each account as far as they can be used, and every problem of theirs."""

    contexts: tuple[Context, ...]
    problems: tuple[SettingProblem, ...]


def check_settings(
    request: SettingsRequest = USUAL, environ: Mapping[str, str] | None = None
) -> SettingsCheck:
    """Return every problem of the settings, each with its place, also what shows only in use.

    ``environ`` is this process's own unless given. A token is fetched, and never returned.
    """
    environ = os.environ if environ is None else environ
    contexts, problems = configuration.examine(request, environ)
    in_use = (each for context in contexts for each in unusable(context))
    return SettingsCheck(contexts, (*problems, *in_use))


def unusable(context: Context, *, with_token: bool = True) -> Iterator[SettingProblem]:
    """Find what shows only in use: a token, an owner or a rule that can't be, a lock likewise."""
    if with_token and context.settings.portal.token is not None:
        yield from _problem(context, context.token, "token")
    yield from _problem(context, partial(check_rules, context.settings), "retention")
    try:
        uses = site_at(context.settings.archive or ANYWHERE, context).uses()
    except UsageError as error:
        yield SettingProblem(context.places["archive"], f"{error.message} {error.advice}")
        return
    for fields, use in uses.items():
        yield from _problem(context, use, *fields)


def _problem(context: Context, use: Callable[[], object], *fields: str) -> Iterator[SettingProblem]:
    """Yield what ``use`` refuses, placed where the first of the ``fields`` that is set stands."""
    try:
        use()
    except UsageError as error:
        places = (context.places[field] for field in fields if field in context.places)
        yield SettingProblem(
            next(places, "the settings"), " ".join(filter(None, (error.message, error.advice)))
        )


class ShownSetting(Struct, frozen=True):
    """A setting in force: its name, its value as text or TOML has it, and where it was set."""

    name: str
    value: str
    origin: str


def settings_in_force(context: Context) -> tuple[ShownSetting, ...]:
    """Return all settings in force and where each comes from; of the token, where it is kept."""
    shown = [
        ShownSetting(
            setting.name,
            template.shown(setting, context.settings),
            context.places.get(setting.key, "default"),
        )
        for setting in SETTINGS
        if setting.key != "token"
    ]
    kept = token.where(context.settings.portal.token)
    return (*shown, ShownSetting("token", kept, context.places.get("token", "default")))
