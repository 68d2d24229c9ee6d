"""Finding the settings: options over environment over one file, each problem with its place.

The file is the first of ``--config``, ``ARCHIVER_CONFIG``, the user's and the system's; never one
of the current folder, which may be anybody's. In it, an account's own table lies over what is set
for all. All problems are told at once.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from archiver.app.opening.listener import NOBODY, Listener
from archiver.app.opening.tokens_in_use import TokensInUse
from archiver.config import home, token
from archiver.config import sources as layers
from archiver.config.archive_address import folder_of
from archiver.config.endpoints import check_at
from archiver.config.proxies import proxy_for
from archiver.config.registry import BY_NAME, SettingProblem, parse
from archiver.config.settings import DEFAULTS, FromEnvironment, Settings
from archiver.errors import UsageError
from archiver.secret import Secret, Unshown

SYSTEM_FILE = Path("/etc/archiver/archiver.toml")
APART: Mapping[str, Callable[[Settings], object]] = {
    "token": lambda settings: settings.portal.token,
    "archive": lambda settings: settings.archive,
    "metrics": lambda settings: settings.notify.metrics,
    "ping_url": lambda settings: settings.notify.ping_url,
}
"""The settings of which every account has its own."""
WATCHING = ("metrics", "ping_url")
"""Those by which others watch one archive."""


class SettingsRequest(Unshown, Struct, frozen=True):
    """Which settings are to be in force.

    ``values`` are texts by the names of the settings, as in ``docs/settings.md``, such as
    ``{"archive": "/srv/calls", "workers": "8"}``: they override the environment and the settings
    file. ``config`` is that file, where it lies in no usual place. ``accounts`` are those to work
    for (all, if none), where the file sets up several.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    config: Path | str | None = None
    accounts: tuple[str, ...] = ()


USUAL = SettingsRequest()
"""What the environment and the settings file say, of all accounts."""


class Context(Unshown, Struct, frozen=True):
    """The settings in force, and where those that are not defaults were set (by key).

    ``account`` is the name of the account that they are for, ``None`` where none are set up;
    ``tokens`` are those of all accounts of a command. The ``listener`` hears what there is to say
    meanwhile.
    """

    settings: Settings
    places: Mapping[str, str]
    environ: Mapping[str, str]
    account: str | None = None
    tokens: TokensInUse = field(default_factory=TokensInUse)
    listener: Listener = NOBODY

    def token(self) -> Secret:
        """Fetch the token; warn when it will travel unencrypted.

        Raises :class:`UsageError`, also where it is another account's.
        """
        secret = token.resolve(self.settings.portal.token, self.environ)
        if self.account is not None:
            place = self.places.get("token", "as typed")
            self.tokens.require_own(secret, self.account, place)
        if self.settings.portal.in_the_clear:
            self.listener.say(
                "Warning: the endpoint is http, so the token travels unencrypted. Prefer https.",
                "noticed",
            )
        return secret

    def is_option(self, key: str) -> bool:
        """Whether an option of this very command sets it."""
        return self.places.get(key, "").startswith("--")

    def archive(self) -> str:
        """Return the archive's address. Raises :class:`UsageError` when none is set."""
        if self.settings.archive is None:
            raise UsageError(
                "No archive is named.", advice="Give --archive, or set archive in the settings."
            )
        return self.settings.archive

    def proxy(self, url: str) -> Secret | None:
        """Return the address of the proxy for ``url``, if there is one."""
        return proxy_for(url, self.settings, self.environ)


def load(request: SettingsRequest = USUAL, environ: Mapping[str, str] | None = None) -> Context:
    """Return the settings in force for work that is for one account.

    ``environ`` is this process's own unless given. Raises :class:`UsageError` with every problem,
    or when several accounts are left to choose from.
    """
    contexts, problems = examine(request, os.environ if environ is None else environ)
    if len(contexts) > 1:
        names = ", ".join(str(context.account) for context in contexts)
        raise UsageError(f"There are several accounts: {names}.", advice="Choose with --account.")
    _refuse(problems)
    (context,) = contexts
    return context


def load_each(
    request: SettingsRequest = USUAL, environ: Mapping[str, str] | None = None
) -> tuple[Context, ...]:
    """Return the settings of every account that was chosen, or of all; else as :func:`load`."""
    contexts, problems = examine(request, os.environ if environ is None else environ)
    _refuse(problems)
    return contexts


def examine(
    request: SettingsRequest, environ: Mapping[str, str]
) -> tuple[tuple[Context, ...], tuple[SettingProblem, ...]]:
    """Return the settings as far as they can be used, and every problem that they have.

    There is one context for each account that was chosen, for all of them if none was, and one
    without a name where none are set up. Accounts that were not chosen are looked at, too.
    """
    path = find_file(request.config, environ)
    file = layers.of_file(path) if path is not None else layers.SettingsFile()
    common, wrong = _over(Context(DEFAULTS, {}, environ), file.common)
    problems = [*file.problems, *layers.misspelt(environ), *layers.quoted(environ), *wrong]
    wanted = set(request.accounts)
    accounts, in_force = [], []
    for name, layer in file.accounts.items() or [(None, layers.Layer({}, str))]:
        context, wrong = _over(replace(common, account=name), layer)
        problems += wrong
        if not wanted or name in wanted:
            context, wrong = _in_force(context, request.values)
            problems += wrong
            in_force.append(context)
        accounts.append(context)
    if wanted - file.accounts.keys():
        known = ", ".join(file.accounts) or "none in the settings"
        problems.append(
            SettingProblem("--account", f"there is no such account; there are: {known}")
        )
    problems += _shared(accounts)
    return tuple(in_force), tuple(dict.fromkeys(problems))


def _refuse(problems: Sequence[SettingProblem]) -> None:
    if problems:
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        told = "\n".join(f"  {problem}" for problem in problems)
        raise UsageError(f"The settings have {count}:\n{told}")


def _over(context: Context, layer: layers.Layer) -> tuple[Context, tuple[SettingProblem, ...]]:
    """Lay one more source over what is set."""
    settings, problems = parse(layer.values, layer.place, context.settings)
    places = {BY_NAME[name].key: layer.place(name) for name in layer.values if name in BY_NAME}
    return replace(context, settings=settings, places={**context.places, **places}), problems


def _in_force(
    context: Context, values: Mapping[str, str]
) -> tuple[Context, tuple[SettingProblem, ...]]:
    """Lay the environment and the options over what the file sets."""
    environ = context.environ
    context, by_variables = _over_for_one(context, layers.of_environment(environ))
    context, by_options = _over_for_one(context, layers.of_options(values))
    if environ.get(token.VARIABLE):
        portal = replace(context.settings.portal, token=FromEnvironment())
        context = replace(
            context,
            settings=replace(context.settings, portal=portal),
            places={**context.places, "token": token.VARIABLE},
        )
    return context, (*by_variables, *by_options)


def _over_for_one(
    context: Context, layer: layers.Layer
) -> tuple[Context, tuple[SettingProblem, ...]]:
    """Lay a source over what is set; where it names another archive, who watched the one is left.

    What goes well with the other would be taken for a success of the one that is watched, and hide
    a failure of it. Whom the source itself names is told.
    """
    over, problems = _over(context, layer)
    watched = _told_apart("archive", context.settings)
    if watched in {None, _told_apart("archive", over.settings)}:
        return over, problems
    left = {name: None for name in WATCHING if name not in layer.values}
    settings = replace(over.settings, notify=replace(over.settings.notify, **left))
    places = {key: place for key, place in over.places.items() if key not in left}
    return replace(over, settings=settings, places=places), problems


def _shared(accounts: Iterable[Context]) -> Iterator[SettingProblem]:
    """Find what would mix accounts up: one archive for two, or a token sent to another's portal."""
    first: dict[tuple[str, object], Context] = {}
    for context in accounts:
        for name in APART:
            value = _told_apart(name, context.settings)
            other = first.setdefault((name, value), context) if value is not None else context
            if other is not context:
                yield SettingProblem(
                    context.places[name],
                    f"account {context.account} needs its own {name}: this is that of "
                    f"{other.account}, too ({other.places[name]})",
                )


def _told_apart(name: str, settings: Settings) -> object:
    """Return what is the same where two accounts would share it, ``None`` if there is none."""
    value = APART[name](settings)
    match name, value:
        case "archive", str() if folder_of(value) is None:
            return settings.s3.endpoint, value
        case (("archive" | "metrics"), (str() | Path())):
            return os.path.realpath(value)
        case "ping_url", Secret():
            return check_at(value)
        case _:
            return value


def find_file(named: Path | str | None, environ: Mapping[str, str]) -> Path | None:
    """Return the settings file to read: one that was named, else the first that is there.

    Raises :class:`UsageError` where nobody can tell whether one is.
    """
    if named or environ.get("ARCHIVER_CONFIG"):
        return home.absolute(str(named or environ["ARCHIVER_CONFIG"]))
    usual = (user_file(environ), SYSTEM_FILE)
    return next((path for path in usual if path is not None and _is_there(path)), None)


def _is_there(path: Path) -> bool:
    """Whether a file is there, or a link to one: a link to nothing is no reason to do without."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise UsageError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    return True


def user_file(environ: Mapping[str, str]) -> Path | None:
    """Return where the user's own settings are kept, ``None`` where the user has no home."""
    folder = home.config_folder(environ)
    return folder / "archiver.toml" if folder is not None else None
