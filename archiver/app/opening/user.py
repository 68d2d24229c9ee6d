"""Who is at the keyboard, as the chain names whoever decided or did something."""

import getpass
import os

from archiver.check.reason import checked_words
from archiver.errors import UsageError


def whoever(by: str | None) -> str:
    """Return the name that was given with ``--by``, else that of this machine's user.

    Raises :class:`UsageError` for a name that can't stay in the chain.
    """
    return checked_words(_user() if by is None else by, "--by")


def _user() -> str:
    """Return the name of this machine's user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise UsageError(
            f"User {os.getuid()} has no name.", advice="Say who it is: --by NAME."
        ) from error
