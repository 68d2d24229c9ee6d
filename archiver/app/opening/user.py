"""Who is at the keyboard, as the chain names whoever decided or did something."""

import getpass
import os
import socket
from collections.abc import Mapping

from archiver.app.opening.reason import checked_words
from archiver.errors import UsageError

VARIABLE = "ARCHIVER_BY"


def whoever(by: str | None, environ: Mapping[str, str]) -> str:
    """Return the name that was given with ``--by`` or by the variable, else the login name.

    That has the host's name behind it, ``ann@desk``, where the chain may keep that: the name of a
    host in a cloud is an address, and could be somebody's number. Raises :class:`UsageError` for a
    name that can't stay in the chain.
    """
    if by is not None:
        return checked_words(by, "--by")
    if given := environ.get(VARIABLE):
        return checked_words(given, VARIABLE)
    user = checked_words(_user(), "The login name")
    try:
        return checked_words(f"{user}@{socket.gethostname()}", "The host's name")
    except UsageError:
        return user


def named_by(by: str | None, environ: Mapping[str, str]) -> str:
    """Return who did something that needs nobody's name: a nightly job goes on without one.

    A name that was given with ``--by`` raises :class:`UsageError` where it may not.
    """
    try:
        return whoever(by, environ)
    except UsageError:
        if by is not None:
            raise
        return "a user without a name"


def _user() -> str:
    """Return the login name of this machine's user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise UsageError(
            f"User {os.getuid()} has no name.", advice=f"Say who it is: --by NAME, or {VARIABLE}."
        ) from error
