"""What sets something: the settings file with its accounts, the environment, the options.

Each is a layer of values that tell where they stand. What lies over what is the business of
``archiver.app.opening.context``.
"""

import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import partial
from itertools import takewhile
from pathlib import Path

from msgspec import Struct, field

from archiver.config import token
from archiver.config.registry import BY_NAME, SETTINGS, SettingProblem
from archiver.config.token_file import encoding_fault
from archiver.errors import UsageError

MAX_BYTES = 1_000_000
ACCOUNTS = "account"
OTHER_VARIABLES = frozenset({"ARCHIVER_CONFIG", token.VARIABLE})
_NAME = re.compile("[a-z0-9]([a-z0-9_-]{0,38}[a-z0-9])?")
_TABLE = re.compile(r"\s*\[")


class Layer(Struct, frozen=True):
    """What one source sets, and where each of it stands."""

    values: Mapping[str, object]
    place: Callable[[str], str]


class SettingsFile(Struct, frozen=True):
    """A settings file: what it sets for everything, what for each account, and its problems."""

    common: Layer = field(default_factory=lambda: Layer({}, str))
    accounts: Mapping[str, Layer] = field(default_factory=dict)
    problems: tuple[SettingProblem, ...] = ()


def of_file(path: Path) -> SettingsFile:
    """Read a settings file. Raises :class:`UsageError` when it cannot be read at all."""
    try:
        with path.open("rb") as file:
            loose = os.fstat(file.fileno()).st_mode & stat.S_IWOTH
            data = file.read(MAX_BYTES)
        if wrong := encoding_fault(data):
            return SettingsFile(problems=(SettingProblem(f"{path}:1", wrong),))
        text = data.decode()
        values = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        return SettingsFile(problems=(SettingProblem(str(path), "this is not UTF-8"),))
    except tomllib.TOMLDecodeError as error:
        return SettingsFile(problems=(_syntax(path, str(error)),))
    except (RecursionError, ValueError):  # tomllib's own limits are Python's
        wrong = "this is nested too deep, or has too long a number"
        return SettingsFile(problems=(SettingProblem(str(path), wrong),))
    problems = [SettingProblem(str(path), "anybody may write to it: chmod o-w it")] if loose else []
    common = Layer(values, partial(_place, path, text, None))
    accounts = {}
    for name, table in _tables(values.pop(ACCOUNTS, {})):
        if isinstance(table, dict) and _NAME.fullmatch(name):
            accounts[name] = Layer(table, partial(_place, path, text, name))
        else:
            problems.append(SettingProblem(f"{path}:{_line_of_account(text, name)}", _wrong(table)))
    return SettingsFile(common, accounts, tuple(problems))


def of_environment(environ: Mapping[str, str]) -> Layer:
    """Take the variables that are set; an empty one counts as not set, as in most tools."""
    values = {
        each.name: environ[each.variable]
        for each in SETTINGS
        if environ.get(each.variable) and not _is_quoted(environ[each.variable])
    }
    return Layer(values, lambda name: BY_NAME[name].variable)


def of_options(values: Mapping[str, str]) -> Layer:
    """Take values that were given as options, by the names of the settings."""
    return Layer(values, lambda name: f"--{name.replace('_', '-')}")


def quoted(environ: Mapping[str, str]) -> Iterator[SettingProblem]:
    """Find values that still have the quotation marks of an environment file around them."""
    for each in SETTINGS:
        if _is_quoted(environ.get(each.variable, "")):
            wrong = (
                "its value is in quotation marks, which docker's --env-file keeps: take them away"
            )
            yield SettingProblem(each.variable, wrong)


def _is_quoted(text: str) -> bool:
    return len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]


def misspelt(environ: Mapping[str, str]) -> Iterator[SettingProblem]:
    """Find variables that were probably meant for us.

    Others are let be: Kubernetes puts ``ARCHIVER_PORT`` and its like into the environment of
    every container beside a service of that name.
    """
    known = {*OTHER_VARIABLES, *(each.variable for each in SETTINGS)}
    for name in environ:
        if name.startswith("ARCHIVER_") and name not in known:
            for near in get_close_matches(name.upper(), known, n=1, cutoff=0.9):
                yield SettingProblem(name, f"this is no setting: did you mean {near}?")


def see_account_name(name: str) -> None:
    """Raise :class:`UsageError` for what can't name an account."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{_wrong({})}.".capitalize())


def _tables(accounts: object) -> Iterable[tuple[str, object]]:
    return accounts.items() if isinstance(accounts, dict) else [("", accounts)]


def _wrong(table: object) -> str:
    """Say what is wrong with an account, in words that repeat nothing of it."""
    if not isinstance(table, dict):
        return "an account is a table, such as [account.example]"
    return "an account's name is up to 40 lower-case letters and digits, with - and _ between them"


def _syntax(path: Path, message: str) -> SettingProblem:
    """Place tomllib's message, which ends in "(at line 3, column 5)" or "(at end of document)"."""
    line = re.search(r"at line ([0-9]+)", message)
    what = message.partition(" (at ")[0]
    return SettingProblem(f"{path}:{line[1]}" if line else str(path), f"this is not TOML: {what}")


def _place(path: Path, text: str, account: str | None, name: str) -> str:
    """Return where the file sets ``name``, for everything or for an account."""
    if account is None:
        return f"{path}:{_line(_numbered(text), name) or 1}"
    begins = _line_of_account(text, account)
    within = takewhile(lambda line: not _TABLE.match(line[1]), [*_numbered(text)][begins:])
    return f"{path}:{_line(within, name) or begins}"


def _line_of_account(text: str, name: str) -> int:
    """Return the line on which an account's table begins, or all accounts do."""
    quoted = rf"""["']?{re.escape(name)}["']?"""
    header = re.compile(rf"""\s*\[?\s*["']?{ACCOUNTS}["']?\s*\.\s*{quoted}\s*[=.\]]""")
    lines = (number for number, line in _numbered(text) if header.match(line))
    return next(lines, None) or _line(_numbered(text), ACCOUNTS) or 1


def _line(lines: Iterable[tuple[int, str]], name: str) -> int | None:
    """Return the line on which ``name`` is set or its table begins, if that is plain."""
    start = re.compile(rf"""\s*\[*\s*["']?{re.escape(name)}["']?\s*[=.\]]""")
    return next((number for number, line in lines if start.match(line)), None)


def _numbered(text: str) -> Iterable[tuple[int, str]]:
    return enumerate(text.splitlines(), start=1)
