"""The options that several commands share, each written once.

Put on a click command, they fill its parameters under the names of the settings they override, so
``loading.load(context.params)`` finds them. What a value may be is checked there, together
with all other settings.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from archiver.app.opening.user import VARIABLE
from archiver.app.opening.windows import WindowRequest
from archiver.cli.screen.console import speak_of
from archiver.cli.screen.redaction import log_more
from archiver.config import home
from archiver.config.archive_address import FORMS, folder_of
from archiver.errors import UsageError
from archiver.manifest.records.files import Head

Command = TypeVar("Command", bound=Callable[..., Any])
T = TypeVar("T")

SINCE = (
    "Start: 2019-06-11, '2019-06-11 06:04', an ISO time, today, yesterday, 7d (that day, from its"
    " beginning), 12h."
)


def once(_context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> str | None:
    """Take one value: of two, the first must not be left out without a word."""
    if len(values) > 1:
        raise UsageError(f"{option.opts[0]} can be given once.", advice="Run it once for each.")
    return values[0] if values else None


def as_copied(
    _context: click.Context, _argument: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Take what was copied from somewhere without the blanks around it."""
    return tuple(value.strip() for value in values)


def absolute(
    context: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> str | None:
    """Mean the folder of whoever is at the shell; another kind of address is left as it is."""
    value = once(context, option, values)
    if not value or folder_of(value) is None:
        return value
    return str(home.absolute(value))


def _archive(
    context: click.Context, option: click.Parameter, values: tuple[str, ...]
) -> str | None:
    """Mean the archive of whoever is at the shell, in the commands that are advised as well."""
    value = absolute(context, option, values)
    if value:
        speak_of(context, value)
    return value


def _log(_context: click.Context, _option: click.Parameter, verbosity: int) -> None:
    log_more(verbosity)


def _head(_context: click.Context, _option: click.Parameter, kept: str | None) -> Head | None:
    """Read a head as a run prints it."""
    if kept is None:
        return None
    number, _, sha256 = kept.partition(":")
    try:
        return Head(int(number), sha256.lower())
    except ValueError as error:
        raise UsageError(
            "--head is a number and 64 hex digits, such as 12:9f86…, as a run printed it."
        ) from error


def together(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Return what adds all of these options to a command, in this order."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def _archive_option(
    mean: Callable[[click.Context, click.Parameter, tuple[str, ...]], str | None],
) -> Callable[[Command], Command]:
    return click.option(
        "-a",
        "--archive",
        metavar="ARCHIVE",
        multiple=True,
        callback=mean,
        help=f"A {FORMS} [setting: archive].",
    )


archive_option = _archive_option(_archive)
archive_setting = _archive_option(absolute)
"""The same where it is written to the settings, so that no command need name it."""
account_option = click.option(
    "--account",
    metavar="NAME",
    multiple=True,
    help="The account to work for, where the settings have several.",
)
config_option = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Settings file to use instead of the usual places.",
)
head_option = click.option(
    "--head",
    metavar="N:SHA256",
    callback=_head,
    help="A head that was kept elsewhere: finds what rewrote or set back the chain.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout."
)
workers_option = click.option(
    "--workers", metavar="N", help="Downloads at the same time [setting: workers]."
)
rate_option = click.option(
    "--rate", metavar="N", help="Requests a minute to the portal [setting: rate]."
)
tolerance_option = click.option(
    "--tolerance",
    metavar="TEXT",
    help='How far lengths may differ, such as "3s, 1%" [setting: tolerance].',
)
settings_options = together(account_option, config_option)
"""Whose settings, and from which file."""
archive_options = together(archive_option, json_option, settings_options)
"""What a command takes that answers for one archive."""
quiet_option = click.option(
    "-q", "--quiet", is_flag=True, help="Say nothing when everything is clean."
)
verbose_option = click.option(
    "-v",
    "--verbose",
    count=True,
    expose_value=False,
    callback=_log,
    help="Say more; twice for everything.",
)


def named_file(_context: click.Context, _option: click.Parameter, out: T) -> T:
    """Return where something is to be made; what only a file can be is not made on stdout."""
    if str(out) == "-":
        raise UsageError("--out - is stdout, and this makes a file.", advice="Name it: -o PATH.")
    return out


def by_option(who: str) -> Callable[[Command], Command]:
    """Return ``--by``; ``who`` says what that person does."""
    said = f"{who} [default: {VARIABLE}, else the login name and the host]."
    return click.option("--by", metavar="NAME", help=said)


def read_option(options: Mapping[str, Any], name: str, read: Callable[[str], T]) -> T | None:
    """Return what an option that is no setting means; raises :class:`UsageError`, naming it."""
    text = options[name]
    try:
        return None if text is None else read(text)
    except UsageError as error:
        raise UsageError(f"--{name.replace('_', '-')} {error.message}.") from error


def window_request(options: Mapping[str, Any]) -> WindowRequest:
    """Return the window that these options name."""
    return WindowRequest(options["since"], options["until"], options["day"])


window_options = together(
    *(
        click.option(name, metavar=metavar, multiple=True, callback=once, help=words)
        for name, metavar, words in (
            ("--since", "TIME", SINCE),
            ("--until", "TIME", "End, included [default: now]."),
            ("--day", "DATE", "One whole day: a date, today, yesterday or 7d."),
        )
    )
)
"""``--since``, ``--until`` and ``--day``; ``domain.time_input`` reads them."""
