"""Finding the settings: options over environment over one file, each problem with its place.

The file is the first of ``--config``, ``ARCHIVER_CONFIG``, the user's and the system's; never one
of the current folder, which may be anybody's. All problems are told at once.
"""

import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from archiver.cli import token
from archiver.cli.output import say
from archiver.cli.proxies import proxy_for
from archiver.errors import UsageError
from archiver.secret import Secret
from archiver.settings import BY_NAME, DEFAULTS, SETTINGS, FromEnvironment, Problem, Settings, parse

SYSTEM_FILE = Path("/etc/archiver/archiver.toml")
MAX_BYTES = 1_000_000
OTHER_VARIABLES = frozenset({"ARCHIVER_CONFIG", token.VARIABLE})


@dataclass(frozen=True, slots=True)
class Context:
    """The settings in force, and where those that are not defaults were set (by field)."""

    settings: Settings
    places: Mapping[str, str]
    environ: Mapping[str, str] = field(repr=False)

    def token(self) -> Secret:
        """Fetch the token; warn when it will travel unencrypted. Raises :class:`UsageError`."""
        secret = token.resolve(self.settings.token, self.environ)
        if self.settings.in_the_clear:
            say("Warning: the endpoint is http, so the token travels unencrypted. Prefer https.")
        return secret

    def archive(self) -> str:
        """Return the archive's address. Raises :class:`UsageError` when none is set."""
        if self.settings.archive is None:
            raise UsageError(
                "No archive is named.", advice="Give --archive, or set archive in the settings."
            )
        return self.settings.archive

    def proxy(self, url: str) -> str | None:
        """Return the proxy's address for ``url`` as a client needs it: never show it."""
        secret = proxy_for(url, self.settings, self.environ)
        return secret.reveal() if secret is not None else None


@dataclass(frozen=True, slots=True)
class _Layer:
    """What one source sets, and where each of it stands."""

    values: Mapping[str, object]
    place: Callable[[str], str]


_NOTHING = _Layer({}, str)


def load(options: Mapping[str, object], environ: Mapping[str, str] | None = None) -> Context:
    """Return the settings in force for a command with these ``options``.

    Options named like a setting override it and ``config`` names the file; ``None`` means not
    given, and others are the command's own. Raises :class:`UsageError` with every problem.
    """
    context, problems = examine(options, os.environ if environ is None else environ)
    if problems:
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        told = "\n".join(f"  {problem}" for problem in problems)
        raise UsageError(f"The settings have {count}:\n{told}")
    return context


def examine(
    options: Mapping[str, object], environ: Mapping[str, str]
) -> tuple[Context, tuple[Problem, ...]]:
    """Return the settings as far as they can be used, and every problem that they have."""
    path = find_file(options.get("config"), environ)
    file, unreadable = _file_layer(path) if path is not None else (_NOTHING, ())
    problems = [*unreadable, *_misspelt(environ)]
    settings, places = DEFAULTS, dict[str, str]()
    for layer in (file, _environment_layer(environ), _option_layer(options)):
        settings, wrong = parse(layer.values, layer.place, settings)
        problems += wrong
        places |= {
            BY_NAME[name].field: layer.place(name) for name in layer.values if name in BY_NAME
        }
    if environ.get(token.VARIABLE):
        settings = replace(settings, token=FromEnvironment())
        places["token"] = token.VARIABLE
    return Context(settings, places, environ), tuple(problems)


def find_file(named: object, environ: Mapping[str, str]) -> Path | None:
    """Return the settings file to read: one that was named, else the first that exists."""
    if named or environ.get("ARCHIVER_CONFIG"):
        return Path(str(named or environ["ARCHIVER_CONFIG"])).absolute()
    return next((path for path in (user_file(environ), SYSTEM_FILE) if path.exists()), None)


def user_file(environ: Mapping[str, str]) -> Path:
    """Return where the user's own settings are kept, by the XDG base directory specification."""
    base = Path(environ.get("XDG_CONFIG_HOME", ""))
    if not base.is_absolute():
        base = Path(environ.get("HOME") or Path.home()) / ".config"
    return base / "archiver" / "archiver.toml"


def _file_layer(path: Path) -> tuple[_Layer, tuple[Problem, ...]]:
    try:
        with path.open("rb") as file:
            loose = os.fstat(file.fileno()).st_mode & stat.S_IWOTH
            text = file.read(MAX_BYTES).decode()
        values = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        return _NOTHING, (Problem(str(path), "this is not UTF-8"),)
    except tomllib.TOMLDecodeError as error:
        return _NOTHING, (_syntax(path, str(error)),)
    except (RecursionError, ValueError):  # tomllib's own limits are Python's
        return _NOTHING, (Problem(str(path), "this is nested too deep, or has too long a number"),)
    wrong = (Problem(str(path), "anybody may write to it: chmod o-w it"),) if loose else ()
    return _Layer(values, lambda name: f"{path}:{_line(text, name)}"), wrong


def _syntax(path: Path, message: str) -> Problem:
    """Place tomllib's message, which ends in "(at line 3, column 5)" or "(at end of document)"."""
    line = re.search(r"at line ([0-9]+)", message)
    what = message.partition(" (at ")[0]
    return Problem(f"{path}:{line[1]}" if line else str(path), f"this is not TOML: {what}")


def _line(text: str, name: str) -> int:
    """Return the line on which ``name`` is set or its table begins, 1 when it is not plain."""
    start = re.compile(rf"""\s*\[*\s*["']?{re.escape(name)}["']?\s*[=.\]]""")
    numbered = enumerate(text.splitlines(), start=1)
    return next((number for number, line in numbered if start.match(line)), 1)


def _environment_layer(environ: Mapping[str, str]) -> _Layer:
    """Take the variables that are set; an empty one counts as not set, as in most tools."""
    values = {each.name: environ[each.variable] for each in SETTINGS if environ.get(each.variable)}
    return _Layer(values, lambda name: BY_NAME[name].variable)


def _misspelt(environ: Mapping[str, str]) -> Iterator[Problem]:
    """Find variables that were probably meant for us.

    Others are let be: Kubernetes puts ``ARCHIVER_PORT`` and its like into the environment of
    every container beside a service of that name.
    """
    known = {*OTHER_VARIABLES, *(each.variable for each in SETTINGS)}
    for name in environ:
        if name.startswith("ARCHIVER_") and name not in known:
            for near in get_close_matches(name, known, n=1, cutoff=0.9):
                yield Problem(name, f"this is no setting: did you mean {near}?")


def _option_layer(options: Mapping[str, object]) -> _Layer:
    values = {
        name: value for name, value in options.items() if name in BY_NAME and value is not None
    }
    return _Layer(values, lambda name: f"--{name.replace('_', '-')}")
