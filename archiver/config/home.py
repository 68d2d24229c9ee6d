"""The folders of whoever runs this: the current one, and those that the XDG specification names.

In a container there may be none: a uid without a passwd entry, and no ``HOME``.
"""

import os
import pwd
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from archiver.errors import UsageError


def config_folder(environ: Mapping[str, str]) -> Path | None:
    """Return where the user's settings are kept, ``None`` where the user has no home."""
    return _folder(environ, "XDG_CONFIG_HOME", ".config")


def state_folder(environ: Mapping[str, str]) -> Path | None:
    """Return where the user's state is kept, ``None`` where the user has no home."""
    return _folder(environ, "XDG_STATE_HOME", ".local/state")


def _folder(environ: Mapping[str, str], variable: str, usual: str) -> Path | None:
    """Return this project's folder; as the specification says, relative paths count for nothing."""
    base = Path(environ.get(variable, ""))
    if not base.is_absolute():
        home = _home(environ)
        if home is None:
            return None
        base = home / usual
    return base / "archiver"


def _home(environ: Mapping[str, str]) -> Path | None:
    home = Path(environ.get("HOME", ""))
    if home.is_absolute():
        return home
    try:
        home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return None
    return home if home.is_absolute() else None


def is_there(path: str | Path) -> bool:
    """Whether something is there that this user can see: not in a folder that is closed to them."""
    with suppress(OSError):
        return Path(path).exists()
    return False


def absolute(path: str | Path) -> Path:
    """Return a path as meant by whoever is at the shell. Raises :class:`UsageError`."""
    try:
        return Path(path).absolute()
    except FileNotFoundError as error:
        raise UsageError(
            "The current folder was deleted.", advice="Go to another one: cd; then run it again."
        ) from error
